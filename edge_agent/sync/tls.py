"""TLS to the brokers and the cloud: 1.2 or newer, the bundle's own CA, our certificate, and a clock that may lie.

Rule: while the clock is no better than the floor, a certificate's dates are checked against the floor by us (it must
not have ended before it), since the machine may think it is 1970; everything else is checked as always.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL


class WrongName(ssl.SSLCertVerificationError):
    """The other side showed a certificate of our CA that is not the expected device's."""


class CertificateEnded(ConnectionError):
    """The other side's certificate had ended already at our time floor."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The CA to trust (PEM text), the files of our own certificate and key, if we have one, and its serial number."""

    ca_pem: str
    certificate: Path | None = None
    key: Path | None = None
    serial: str = ""


class _ClosingSocket(ssl.SSLSocket):
    """Lets go of its socket when the handshake fails; paho would leave it open."""

    @override
    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def context(credentials: Credentials, *, is_clock_good: bool, name: str | None = None) -> ssl.SSLContext:
    """Return a client context that trusts this CA and no other.

    With `name` the other side must be the device of that name; without it, its certificate must be for its address.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.sslsocket_class = _ClosingSocket
    if name is not None:
        made.check_hostname = False
        made.sslsocket_class = _socket_of(name)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_verify_locations(cadata=credentials.ca_pem)
    if credentials.certificate is not None:
        made.load_cert_chain(credentials.certificate, credentials.key)
    if not is_clock_good:
        made.verify_flags = ssl.VerifyFlags(made.verify_flags | _NO_CHECK_TIME)
    return made


def web_context(ca_pem: str | None, *, is_clock_good: bool) -> ssl.SSLContext:
    """Return a context for the cloud's pages: this CA is trusted, and those that the machine trusts; ours is not shown.

    Pages often stand behind a public authority. What is fetched there is signed by itself.
    """
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_pem:
        made.load_verify_locations(cadata=ca_pem)
    if not is_clock_good:
        made.verify_flags = ssl.VerifyFlags(made.verify_flags | _NO_CHECK_TIME)
    return made


def common_name(certificate: Mapping[str, object]) -> str:
    """Return whose certificate this is (as ssl tells it); empty when it does not say."""
    subject = certificate.get("subject")
    parts = subject if isinstance(subject, tuple) else ()
    return next((str(value) for part in parts for key, value in part if key == "commonName"), "")


def _socket_of(name: str) -> type[ssl.SSLSocket]:
    """Return a socket that talks to nobody but the device of this name."""

    class NamedSocket(_ClosingSocket):
        @override
        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            shown = common_name(self.getpeercert() or {})
            if shown != name:
                self.close()
                raise WrongName(f"its certificate is {shown!r}'s, and {name!r} was expected")

    return NamedSocket


def check_dates(certificate: dict[str, object], floor_ms: int) -> None:
    """Raise CertificateEnded when the certificate (as ssl tells it) ended before the floor."""
    ends = certificate.get("notAfter")
    if isinstance(ends, str) and ssl.cert_time_to_seconds(ends) * 1000 < floor_ms:
        raise CertificateEnded(f"the other side's certificate ended on {ends}, before the time floor")
