"""Browsers that an account was signed in from: their failures count by themselves, so that no guesser locks them out.

A cookie holds a number of the browser's own and, for each login that was signed in to here, a digest of both under the
vault's key (OWASP: device cookies). It proves only that the password was typed right here once; it opens nothing.
"""

import hmac
import re
import secrets

from cloud.core.vault import Vault

CONTEXT = "sign_in.known"
NUMBER_BYTES = 16
LOGINS_MAX = 5  # of one browser: a family's, or a desk's
COOKIE_MAX = 500
_COOKIE = re.compile(r"[0-9a-f]{32}(\.[0-9a-f]{64}){1,5}")


def known_as(vault: Vault, cookie: str, login: str) -> str | None:
    """Return the browser's number if the login was signed in to from it, as its cookie says."""
    number, digests = _parts(cookie)
    own = _digest(vault, number, login)
    return number if any(hmac.compare_digest(own, each) for each in digests) else None


def remembered(vault: Vault, cookie: str, login: str) -> str:
    """Return the cookie of a browser that a login was signed in to from just now; the oldest other login gives way."""
    number, digests = _parts(cookie)
    number = number or secrets.token_hex(NUMBER_BYTES)
    own = _digest(vault, number, login)
    return ".".join([number, own, *(each for each in digests if each != own)][: LOGINS_MAX + 1])


def _parts(cookie: str) -> tuple[str, list[str]]:
    if len(cookie) > COOKIE_MAX or not _COOKIE.fullmatch(cookie):
        return "", []
    number, *digests = cookie.split(".")
    return number, digests


def _digest(vault: Vault, number: str, login: str) -> str:
    return vault.digest(f"{login}\n{number}", CONTEXT)
