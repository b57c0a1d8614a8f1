"""Signed HTTP requests: how a device shows, over HTTPS, which device it is; and answers that the cloud has signed.

Rule: the signature is the HMAC-SHA-256, in hex, under the http key, over five lines joined by line feeds: method,
target, nonce, time, and the SHA-256 of the body in hex. The target is the path with its query, as sent. The
nonce is 16 hex digits, never used twice; the time is the device's wall time in milliseconds, in decimal. An answer's
five lines are the word "answer", the status, the request's nonce, the cloud's time, and the SHA-256 of the body. The
same file runs on CPython and MicroPython.
"""

from binascii import hexlify
from hashlib import sha256

from schemas.seal import mac

DEVICE = "Esik-Device"
NONCE = "Esik-Nonce"
TIME = "Esik-Time"
SIGNATURE = "Esik-Signature"
_ANSWER = "answer"  # no method of HTTP, so that no request's signature is ever an answer's


def signature(key: bytes, method: str, target: str, nonce: str, time: str, body: bytes = b"") -> str:
    """Return the 64 hex digits that go into Esik-Signature; `key` is derived with the label "http"."""
    digest = hexlify(sha256(body).digest()).decode()
    return hexlify(mac(key, f"{method}\n{target}\n{nonce}\n{time}\n{digest}".encode())).decode()


def headers(
    key: bytes, device: str, method: str, target: str, nonce: str, time_ms: int, body: bytes = b""
) -> "dict[str, str]":
    """Return the four headers of a request."""
    time = str(time_ms)
    return {DEVICE: device, NONCE: nonce, TIME: time, SIGNATURE: signature(key, method, target, nonce, time, body)}


def answer_headers(key: bytes, status: int, nonce: str, time_ms: int, body: bytes = b"") -> "dict[str, str]":
    """Return the three headers of a signed answer; `nonce` is the request's."""
    time = str(time_ms)
    return {NONCE: nonce, TIME: time, SIGNATURE: signature(key, _ANSWER, str(status), nonce, time, body)}
