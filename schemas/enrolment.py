"""Enrolment codes: what a person scans so that a new device gets its bundle, and the keys that are made of one.

Rule: the token in a code never travels. The device signs its request with a key that is made of it, and the cloud seals
its answer with another, so that whoever stands between learns neither the token nor the secrets.

A code is one line of seven parts with semicolons between: the word ESIK1, the cloud's address, the pin (the first 32
hex digits of the SHA-256 of the root certificate, DER), the school's code, the gates (keys with commas between, each
percent-encoded), the device's name, and the token (32 hex digits). It is no address, so that no phone opens it.
"""

from binascii import hexlify, unhexlify
from hashlib import sha256

from schemas.seal import derive

PREFIX = "ESIK1"
CODE_MAX = 512  # characters; scanners that type, and readers of lines, take no more
CA_PATH = "/device/v1/ca"
PATH = "/device/v1/enrol"
PIN_DIGITS = 32
TOKEN_BYTES = 16
GATES_MAX = 8
INVITATION_DIGITS = 16
SEALED_NONCE_BYTES = 12  # of AES-256-GCM, before the ciphertext
_INVITATION, _REQUEST, _ANSWER = "enrol-invitation", "enrol-request", "enrol-answer"
_HEX = "0123456789abcdef"
_PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_DIGITS, _HEX_ANY, _NAME = "0123456789", _HEX + "ABCDEF", _PLAIN.replace("~", "")
_HOST_MAX, _LABEL_MAX, _PORT_MAX = 253, 63, 65_535  # characters of a name and between its dots: RFC 1035, 2.3.4


class CodeRefused(ValueError):
    """What was scanned is no enrolment code that can be gone by; `reason` is a word for programs."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Code:
    """An enrolment code. What stands for it in a log shows nothing of its token."""

    def __init__(self, url: str, pin: str, school: str, gates: "tuple[str, ...]", device: str, token: bytes) -> None:
        self.url = url
        self.pin = pin
        self.school = school
        self.gates = gates
        self.device = device
        self.token = token

    def text(self) -> str:
        """Return the line that stands in the QR code."""
        gates = ",".join([_quoted(gate) for gate in self.gates])
        token = hexlify(self.token).decode()
        return f"{PREFIX};{self.url};{self.pin};{self.school};{gates};{self.device};{token}"

    @property
    def invitation(self) -> str:
        """Return the 16 hex digits that the cloud knows the code by; they tell nothing of the token."""
        return hexlify(derive(self.token, _INVITATION)).decode()[:INVITATION_DIGITS]

    @property
    def request_key(self) -> bytes:
        """Return the key that the request and its answer are signed with."""
        return derive(self.token, _REQUEST)

    @property
    def answer_key(self) -> bytes:
        """Return the AES-256-GCM key that the bundle comes under."""
        return derive(self.token, _ANSWER)


def read_code(text: str) -> Code:
    """Return the code in a line that was scanned. Raises CodeRefused."""
    parts = text.strip().split(";")
    if len(text) > CODE_MAX or parts[0] != PREFIX:
        raise CodeRefused("no_code", "this is no enrolment code: it begins with ESIK1; scan the sheet's QR code")
    if len(parts) != 7 or not (_is_hex(parts[2], PIN_DIGITS) and _is_hex(parts[6], 2 * TOKEN_BYTES)):
        raise CodeRefused("damaged", "the code is not whole: scan it again, or print a new one")
    url, gates = parts[1], tuple([_unquoted(gate) for gate in parts[4].split(",")])
    if not is_safe(url):
        raise CodeRefused("unsafe", "the code leads to no address with TLS: ask the operator for one with https://")
    if len(gates) > GATES_MAX or not all(gates) or not (parts[3] and parts[5]):
        raise CodeRefused("damaged", "the code is not whole: scan it again, or print a new one")
    return Code(url, parts[2], parts[3], gates, parts[5], unhexlify(parts[6]))


def is_safe(url: str) -> bool:
    """Tell whether secrets may come from an address (scheme, host, port): over TLS, or from this very machine."""
    scheme, _, place = url.partition("://")
    cut = place.find(":", place.rfind("]") + 1)
    host, port = (place, "443") if cut < 0 else (place[:cut], place[cut + 1 :])
    if not (_is_number(port, _PORT_MAX) and int(port) and (_is_v6(host) if host.startswith("[") else _is_name(host))):
        return False
    return scheme == "https" or (scheme == "http" and host in _LOOPBACK)


def pin_of(root_der: bytes) -> str:
    """Return the pin of a root certificate, given in DER."""
    return hexlify(sha256(root_der).digest()).decode()[:PIN_DIGITS]


def _is_hex(text: str, digits: int) -> bool:
    return len(text) == digits and _is_of(text, _HEX)


def _is_number(text: str, most: int) -> bool:
    return 0 < len(text) <= 5 and _is_of(text, _DIGITS) and int(text) <= most


def _is_name(host: str) -> bool:
    """Tell whether a host is an IPv4 address or a name, of other alphabets too: what asks it knows more of these."""
    labels = host.split(".")
    if _is_of(labels[-1], _DIGITS):
        return len(labels) == 4 and all(_is_number(label, 255) for label in labels)
    return len(host) <= _HOST_MAX and all(0 < len(label) <= _LABEL_MAX and _is_label(label) for label in labels)


def _is_label(text: str) -> bool:
    return all(sign in _NAME or ord(sign) > 127 for sign in text)


def _is_v6(host: str) -> bool:
    """Tell whether a host is an IPv6 address in brackets, without a zone (RFC 4291, 2.2)."""
    runs = host[1:-1].split("::")
    groups = [group for run in runs if run for group in run.split(":")]
    is_whole = len(groups) == 8 if len(runs) == 1 else len(runs) == 2 and len(groups) < 8
    return host.endswith("]") and is_whole and all(0 < len(each) <= 4 and _is_of(each, _HEX_ANY) for each in groups)


def _is_of(text: str, signs: str) -> bool:
    return all(sign in signs for sign in text)


def _quoted(text: str) -> str:
    return "".join([chr(byte) if chr(byte) in _PLAIN else f"%{byte:02X}" for byte in text.encode()])


def _unquoted(text: str) -> str:
    first, *rest = text.split("%")
    try:
        return (first.encode() + b"".join([unhexlify(part[:2]) + part[2:].encode() for part in rest])).decode()
    except ValueError:
        return ""
