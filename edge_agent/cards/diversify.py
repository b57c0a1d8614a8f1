"""A key of its own for each card, made from one key and what tells cards apart (NXP AN10922, AES-128).

Who has a card's key has that card only: the way back to the key that it was made from does not exist.
"""

from edge_agent.cards.aes import BLOCK, KEY_BYTES, ZEROS, cmac, encrypt

_AES_128 = b"\x01"
_INPUT_MAX = 2 * BLOCK - 1
_DOUBLING = 0x87


def diversify(key: bytes, told_apart: bytes) -> bytes:
    """Return the key that is made from a key and up to 31 bytes; it is a CMAC, always over two blocks.

    AN10922, 2.2: a short input is padded to 32 bytes where a plain CMAC would take one block.
    """
    if len(key) != KEY_BYTES or not 1 <= len(told_apart) <= _INPUT_MAX:
        raise ValueError(f"an AES-128 key and 1 to {_INPUT_MAX} bytes make a card's key")
    message = _AES_128 + told_apart
    if len(message) == 2 * BLOCK:
        return cmac(key, message)
    message = message + b"\x80" + bytes(2 * BLOCK - len(message) - 1)
    return _last_block(key, message)


def _last_block(key: bytes, message: bytes) -> bytes:
    """Finish a CMAC over a message that is padded already: its last block is mixed with the second subkey (K2)."""
    second = _double(_double(encrypt(key, ZEROS, ZEROS)))
    head, tail = message[:-BLOCK], message[-BLOCK:]
    mixed = bytes(one ^ other for one, other in zip(tail, second, strict=True))
    return encrypt(key, ZEROS, head + mixed)[-BLOCK:]


def _double(block: bytes) -> bytes:
    """Multiply by x in the field of CMAC's subkeys (RFC 4493, 2.3)."""
    number = int.from_bytes(block) << 1
    if number >> 128:
        number = (number ^ _DOUBLING) & (1 << 128) - 1
    return number.to_bytes(BLOCK)
