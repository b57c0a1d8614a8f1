"""Logins as they are kept: a keyed digest, by which an account is found and is alone, and the sealed text, to be shown.

Rule: a login, which may be a phone number or an e-mail address, stands in no table as it is; an account that was
deleted or depersonalised has none.
"""

from typing import TypedDict

from cloud.accounts.rules import login_or_blank
from cloud.core.vault import Vault

LOGIN = "account.login"  # the context at the vault


class Kept(TypedDict):
    """A login as the columns of an account hold it."""

    login_digest: str
    login_encrypted: bytes


def login_digest(vault: Vault, login: str) -> str:
    """Return what an account with this login, in its one form, is found by."""
    return vault.digest(login, LOGIN)


def typed_digest(vault: Vault, text: str) -> str:
    """Return the same for a login as somebody typed it; nobody's where it cannot be one."""
    return login_digest(vault, login_or_blank(text))


def kept(vault: Vault, login: str) -> Kept:
    """Return a login, in its one form, as an account keeps it."""
    return Kept(login_digest=login_digest(vault, login), login_encrypted=vault.encrypt(login, LOGIN))


def opened(vault: Vault, sealed: bytes | None) -> str:
    """Return a login to be shown; empty for an account that has none any more."""
    return "" if sealed is None else vault.decrypt(sealed, LOGIN)
