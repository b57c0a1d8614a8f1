"""TLS as a microcontroller has it: P-256 keys, the school's own authority and nothing else, certificates in DER.

Rule: a certificate that does not lead to our authority ends the connection, whatever its name; there is no way around.
mbedTLS judges dates by the machine's clock, which is why that is set to the floor at the start (see `standalone`).
"""

from binascii import a2b_base64

_BEGIN, _END = "-----BEGIN ", "-----END "


class PemBroken(ValueError):
    """The text holds no certificate or key."""


def der_of(pem: str) -> "list[bytes]":
    """Return the certificates or keys of a PEM text as DER; not every board's TLS reads PEM. Raises PemBroken."""
    found = []
    for part in pem.split(_BEGIN)[1:]:
        _, _, rest = part.partition("-----")
        body, end, _ = rest.partition(_END)
        if end:
            found.append(a2b_base64("".join(body.split())))
    if not found:
        raise PemBroken("no certificate or key: enrol the node again")
    return found


def context(ca_pem: str, certificate_pem: "str | None" = None, key_pem: "str | None" = None) -> object:
    """Return a context that checks the other side against `ca_pem` and shows our certificate, if it is given one.

    Only MicroPython has it. Of the certificate's chain the first is shown: brokers know the intermediate.
    """
    import tls  # type: ignore[import-not-found]  # noqa: PLC0415  CPython has none

    made = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    made.verify_mode = tls.CERT_REQUIRED
    for authority in der_of(ca_pem):
        made.load_verify_locations(authority)
    if certificate_pem and key_pem:
        made.load_cert_chain(der_of(certificate_pem)[0], der_of(key_pem)[0])
    return made
