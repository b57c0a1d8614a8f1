"""Passes for whoever writes a gate: ones to believe, and texts that are none for one reason each."""

from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.pass_text import PREFIX, SIGNED
from schemas.passes import Pass, write

SCHOOL = "alm005"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(64, 96)))
ORDER = (1 << 252) + 27742317777372353535851937790883648493
ONCE = Pass(SCHOOL, "k3v9x0a7m2qd", "0123456789abcdef", 1_790_000_060, is_single=True)


def _signed(body: bytes, words: bytes = SIGNED) -> str:
    return write(body, KEY.sign(words + body))


def passes() -> dict[str, Any]:
    """Return the school's key, passes with what they say, and what is refused."""
    good = [ONCE.body(), replace(ONCE, is_single=False).body(), ONCE.body()[:-1] + b',"later"]']
    return {
        "school": SCHOOL,
        "public_key": KEY.public_key().public_bytes_raw().hex(),
        "good": [{"text": _signed(body), "body": body.decode()} for body in good],
        "refused": [{"what": what, "text": text} for what, text in _refused().items()],
    }


def _refused() -> dict[str, str]:
    body, text = ONCE.body(), _signed(ONCE.body())
    signature = KEY.sign(SIGNED + body)
    above = int.from_bytes(signature[32:], "little") + ORDER
    return {
        "another school": _signed(replace(ONCE, school="ast001").body()),
        "a later version": _signed(b"[2" + body[2:]),
        "too few members": _signed(b'[1,"alm005","k3v9x0a7m2qd"]'),
        "a member of another kind": _signed(body.replace(b"1790000060", b'"1790000060"')),
        "no JSON": _signed(b"[1,"),
        "signed as something else": _signed(body, b""),
        "the signature of another body": write(replace(ONCE, serial="f" * 16).body(), signature),
        "a signature whose second half is not below the order": write(
            body, signature[:32] + above.to_bytes(32, "little")
        ),
        "small letters": PREFIX + text[len(PREFIX) :].lower(),
        "padding": text + "=",
        "one letter more": text + "A",
        "no body": PREFIX + text[-103:],
        "another beginning": "esik:" + text[len(PREFIX) :],
        "nothing": PREFIX,
    }
