"""AES-128 as cards use it: CMAC, its short form, and CBC without and with the padding of ISO/IEC 9797-1, method 2."""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC

BLOCK = 16
KEY_BYTES = 16
MAC_BYTES = 8
ZEROS = bytes(BLOCK)


def cmac(key: bytes, message: bytes) -> bytes:
    """Return the CMAC of a message, 16 bytes (RFC 4493)."""
    code = CMAC(AES128(key))
    code.update(message)
    return code.finalize()


def short_mac(key: bytes, message: bytes) -> bytes:
    """Return what cards send of a CMAC: every second byte of it, 8 bytes (AN12196, 4.2)."""
    return cmac(key, message)[1::2]


def encrypt(key: bytes, iv: bytes, plain: bytes) -> bytes:
    """Encrypt whole blocks by CBC."""
    cipher = Cipher(AES128(key), CBC(iv)).encryptor()
    return cipher.update(plain) + cipher.finalize()


def decrypt(key: bytes, iv: bytes, sealed: bytes) -> bytes:
    """Decrypt whole blocks by CBC."""
    cipher = Cipher(AES128(key), CBC(iv)).decryptor()
    return cipher.update(sealed) + cipher.finalize()


def padded(plain: bytes) -> bytes:
    """Return whole blocks: a byte 80 is added in any case, then as many zeros as are wanted."""
    return plain + b"\x80" + bytes(-(len(plain) + 1) % BLOCK)


def unpadded(blocks: bytes) -> bytes:
    """Take the padding off; raise ValueError where there is none."""
    plain, mark, rest = blocks.rpartition(b"\x80")
    if not mark or rest.strip(b"\x00") or len(rest) >= BLOCK:
        raise ValueError("the last block has no padding")
    return plain
