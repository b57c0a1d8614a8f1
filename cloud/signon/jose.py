"""Signed tokens (JWS, RFC 7515): written with one algorithm, and read with the one that the reader names.

Rule: what a token's own head says chooses a key among those of its sender, and never an algorithm.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

ALGORITHM = "RS256"  # what every client and tool must know (OpenID Connect Core 15.1, LTI 1.3 security)
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")  # what somebody else may sign with, where a configuration says so
TOKEN_MAX = 16_384
KEYS_MAX = 30
LEEWAY_S = 60  # between two clocks
_KINDS: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


class TokenWrong(Exception):
    """A token is not what it has to be; the words name no values of it."""


def signed(key: RSAKey, kid: str, claims: dict[str, Any]) -> str:
    """Return claims as a signed token."""
    return jwt.encode({"alg": ALGORITHM, "kid": kid, "typ": "JWT"}, claims, key, algorithms=[ALGORITHM])


def opened(token: str, keys: Iterable[dict[str, Any]], algorithm: str) -> dict[str, Any]:
    """Return the claims of a token that one of the keys (JWKs) signed by the algorithm. Raises TokenWrong."""
    if algorithm not in ALGORITHMS:
        raise TokenWrong("no algorithm that is known here")
    if len(token) > TOKEN_MAX or token.count(".") != 2:
        raise TokenWrong("no signed token")
    try:
        key = _key(_head(token), list(keys)[:KEYS_MAX])
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm]).claims
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise TokenWrong(f"not signed as it has to be ({type(error).__name__})") from None
    if not isinstance(claims, dict):
        raise TokenWrong("no claims")
    return claims


def check_times(claims: dict[str, Any], now_s: int, lasts_max_s: int) -> None:
    """Raise TokenWrong for a token that is over, not yet valid, or valid for too long."""
    begun, over = claims.get("iat"), claims.get("exp")
    if not isinstance(begun, int | float) or not isinstance(over, int | float):
        raise TokenWrong("iat or exp is missing")
    if over <= now_s - LEEWAY_S:
        raise TokenWrong("it is over")
    if begun > now_s + LEEWAY_S or claims.get("nbf", begun) > now_s + LEEWAY_S:
        raise TokenWrong("it is not valid yet")
    if over - begun > lasts_max_s + LEEWAY_S or begun < now_s - lasts_max_s - LEEWAY_S:
        raise TokenWrong("it is valid for too long, or is too old")


def audiences(claims: dict[str, Any]) -> list[str]:
    """Return for whom a token is."""
    found = claims.get("aud")
    return [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, str)]


def half_hash(token: str) -> str:
    """Return what an ID token tells of an access token (at_hash, OpenID Connect Core 3.1.3.6)."""
    return base64url(hashlib.sha256(token.encode()).digest()[:16])


def base64url(octets: bytes) -> str:
    """Return octets as base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _head(token: str) -> dict[str, Any]:
    part = token.partition(".")[0]
    head = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(head, dict):
        raise TypeError("no head")
    return head


def _key(head: dict[str, Any], keys: list[dict[str, Any]]) -> RSAKey | ECKey | OKPKey:
    """Return the key that a head names; a head that names none means the only one."""
    kid = head.get("kid")
    fitting = [key for key in keys if kid is None or key.get("kid") == kid]
    if len(fitting) != 1:
        raise KeyError("no key of that name")
    public = {name: value for name, value in fitting[0].items() if name in {"kty", "n", "e", "crv", "x", "y", "kid"}}
    return _KINDS[str(public["kty"])].import_key(public)
