"""Codes on paper: drawn, written in groups, and read again however they are typed."""

import re
import secrets
import unicodedata

from cloud.accounts.rules import INITIAL_ALPHABET, initial_password
from cloud.core.vault import Vault

CODE_LETTERS = 12  # 59 bits
CODES = 10
TYPED_MAX = 40
_BETWEEN = re.compile(r"[\s-]+")


def draw_code() -> str:
    """Return a code that can be read out: k7mw-3hqp-x9tn."""
    return initial_password([secrets.choice(INITIAL_ALPHABET) for _ in range(CODE_LETTERS)])


def code_of(digest: str) -> str:
    """Return the code that a digest of the vault, in hex, is read as."""
    number, letters = int(digest, 16), []
    for _ in range(CODE_LETTERS):
        number, place = divmod(number, len(INITIAL_ALPHABET))
        letters.append(INITIAL_ALPHABET[place])
    return initial_password(letters)


def normal_code(typed: str) -> str:
    """Return a code as it is compared: small letters and digits, nothing between them."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", typed[:TYPED_MAX])).lower()


def code_digest(vault: Vault, account_id: int, code: str) -> str:
    """Return what is kept of a recovery code: nothing that tells it without the key."""
    return vault.digest(f"{account_id}\n{normal_code(code)}", "recovery_code")
