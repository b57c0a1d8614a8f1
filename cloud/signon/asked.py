"""What a client asks at the authorization endpoint, read strictly (OpenID Connect Core 3.1.2.1, RFC 7636, RFC 9700).

Rule: nothing is sent back before client and redirect URI were found to belong together, letter by letter.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cloud.core.messages import message
from cloud.signon.errors import Declined, RequestRefused
from cloud.signon.scopes import OPENID

PARAMETERS_MAX = 30
STATE_MAX = 1_000
NONCE_MAX = 255
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 as base64url
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
PROMPTS = frozenset({"none", "consent"})
UNKNOWN = message("The page you came from is not set up here, or not with this address. Tell the school's IT.")

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, once it was checked."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    nonce: str | None
    challenge: str
    prompts: frozenset[str]
    max_age_s: int | None


def one(pairs: Pairs, name: str) -> str | None:
    """Return a parameter that stands there once and is not empty, or None."""
    found = [value for key, value in pairs if key == name]
    return found[0] if len(found) == 1 and found[0] else None


def back_to(pairs: Pairs, redirect_uris: Iterable[str]) -> str:
    """Return where the answer goes. Raises RequestRefused unless it is, letter by letter, one that was registered."""
    redirect_uri = one(pairs, "redirect_uri")
    if redirect_uri is None or redirect_uri not in tuple(redirect_uris):
        raise RequestRefused(UNKNOWN)
    return redirect_uri


def read(pairs: Pairs) -> Asked:
    """Return what is asked for; client and redirect URI were checked before. Raises Declined."""
    if len(pairs) > PARAMETERS_MAX or any(count > 1 for count in Counter(key for key, _ in pairs).values()):
        raise Declined("invalid_request", "a parameter stands there twice")
    for name in ("request", "request_uri", "registration"):
        if one(pairs, name) is not None:
            raise Declined(f"{name}_not_supported", f"{name} is not supported")
    if one(pairs, "response_type") != "code" or one(pairs, "response_mode") not in {None, "query"}:
        raise Declined("unsupported_response_type", "response_type is code, and it is sent in the query")
    scopes = tuple((one(pairs, "scope") or "").split(" "))
    if OPENID not in scopes:
        raise Declined("invalid_scope", "the scope openid is missing")
    return Asked(
        one(pairs, "client_id") or "", one(pairs, "redirect_uri") or "", scopes, _short(pairs, "state", STATE_MAX),
        _short(pairs, "nonce", NONCE_MAX), _challenge(pairs), _prompts(pairs), _max_age(pairs),
    )  # fmt: skip


def _challenge(pairs: Pairs) -> str:
    """Return the challenge; without one, and with one that is the verifier itself, nothing is given out."""
    challenge = one(pairs, "code_challenge") or ""
    if one(pairs, "code_challenge_method") != "S256" or not CHALLENGE.fullmatch(challenge):
        raise Declined("invalid_request", "a code_challenge by the method S256 is needed (PKCE)")
    return challenge


def _short(pairs: Pairs, name: str, most: int) -> str | None:
    value = one(pairs, name)
    if value is not None and len(value) > most:
        raise Declined("invalid_request", f"{name} is too long")
    return value


def _prompts(pairs: Pairs) -> frozenset[str]:
    prompts = frozenset((one(pairs, "prompt") or "").split())
    if "login" in prompts or "select_account" in prompts:
        raise Declined("login_required", "sign out first: nobody is asked twice who they are")
    if prompts - PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise Declined("invalid_request", "prompt is none or consent")
    return prompts


def _max_age(pairs: Pairs) -> int | None:
    text = one(pairs, "max_age")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Declined("invalid_request", "max_age is a number of seconds")
    return int(text)
