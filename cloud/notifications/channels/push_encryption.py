"""A push message as only one browser can read it: RFC 8291 on top of the coding aes128gcm of RFC 8188. Pure.

Rule: the push service between us sees neither a word of a message nor how long it is to the letter.
"""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SALT_BYTES, AUTH_BYTES, POINT_BYTES = 16, 16, 65
RECORD_BYTES = 4_096  # one record holds the whole message (RFC 8291, section 4)
TAG_BYTES = 16
LAST = b"\x02"  # ends the last record's text; zeros after it are padding
PADDED_TO = 256
HEAD_BYTES = SALT_BYTES + 4 + 1 + POINT_BYTES
TEXT_MAX = RECORD_BYTES - HEAD_BYTES - TAG_BYTES - len(LAST)  # services need not take more than 4096 bytes in all
CURVE = ec.SECP256R1()


class KeysWrong(Exception):
    """The keys of a subscription are none."""


def encrypted(
    text: bytes, browser: bytes, auth: bytes, *, salt: bytes, ours: ec.EllipticCurvePrivateKey, padded_to: int = 1
) -> bytes:
    """Return the body to send: for the browser's public point and its secret `auth`, with keys used once.

    Raises KeysWrong for a point that is not on the curve.
    """
    assert len(text) <= TEXT_MAX, "whoever writes a message keeps it short"  # noqa: S101
    public = point_of(ours)
    secret = _shared(ours.exchange(ec.ECDH(), _read_point(browser)), auth, browser + public)
    key, nonce = record_keys(secret, salt)
    plain = text + LAST
    plain += bytes(min(-len(plain) % padded_to, TEXT_MAX - len(text)))
    head = salt + RECORD_BYTES.to_bytes(4) + bytes([len(public)]) + public
    return head + AESGCM(key).encrypt(nonce, plain, None)


def check_keys(browser: bytes, auth: bytes) -> None:
    """Raise KeysWrong for what no browser gives."""
    if len(auth) != AUTH_BYTES:
        raise KeysWrong("the secret has another length")
    _read_point(browser)


def record_keys(secret: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """Return the key and the nonce of the first record (RFC 8188, section 2.2 and 2.3)."""
    key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
    return key, HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public half as 65 bytes, uncompressed."""
    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )  # fmt: skip


def _shared(exchanged: bytes, auth: bytes, points: bytes) -> bytes:
    """Return what both sides know (RFC 8291, section 3.4)."""
    return HKDF(SHA256(), 32, auth, b"WebPush: info\0" + points).derive(exchanged)


def _read_point(browser: bytes) -> ec.EllipticCurvePublicKey:
    if len(browser) != POINT_BYTES:
        raise KeysWrong("the public key has another length")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, browser)
    except ValueError:
        raise KeysWrong("the public key is no point of the curve") from None
