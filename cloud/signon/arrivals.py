"""Arrivals from an identity provider (OpenID Connect, as its client): begun in one browser, and finished in that one.

Rule: what a browser was sent off with comes back with it, sealed: state, nonce, verifier and provider. Each provider
has an address of its own to come back to, and says who it is where it can (RFC 9207): none answers for another.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from cloud.core.messages import message
from cloud.core.services import Services
from cloud.core.vault import VaultLocked
from cloud.resources.addresses import is_address
from cloud.signon.answering import issuer_of
from cloud.signon.asked import Pairs, one
from cloud.signon.errors import RequestRefused
from cloud.signon.fetching import NotFetched, fetch_json
from cloud.signon.jose import TokenWrong, audiences, base64url, check_times, opened
from cloud.signon.providers import SECRET, Provider
from cloud.signon.visits import with_parameters

LASTS = timedelta(minutes=10)
TOKEN_LASTS_S = 3_600
CONTEXT = "sign_on.arrival"
SEALED_MAX = 3_800
AGAIN = message("This sign-in is over, or was begun in another browser. Begin again on the sign-in page.")
SILENT = message("The other side could not be asked. Try again in a minute, or sign in with your password.")
WRONG = message("What the other side said cannot be believed. Sign in with your password, and tell the school's IT.")
DECLINED = message("The other side did not sign you in. Begin again, or sign in with your password.")


@dataclass(frozen=True, slots=True)
class Begun:
    """What a browser was sent off with."""

    provider_id: int
    state: str
    nonce: str
    verifier: str
    until: int  # seconds since 1970
    next: str
    account_id: int = 0  # who joins the provider to an account; 0 for who signs in


async def begin(services: Services, provider: Provider, after: str, account_id: int = 0) -> tuple[str, str]:
    """Return where a browser goes, and what its cookie holds. Raises RequestRefused."""
    until = int((services.clock.now() + LASTS).timestamp())
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    begun = Begun(provider.id, state, nonce, verifier, until, after, account_id)
    metadata = await _metadata(services, provider)
    challenge = base64url(hashlib.sha256(verifier.encode()).digest())
    asked: dict[str, str | None] = {
        "response_type": "code", "client_id": provider.client_id, "redirect_uri": back_to(services, provider.id),
        "scope": " ".join(provider.scopes), "state": state, "nonce": nonce, "code_challenge": challenge,
        "code_challenge_method": "S256",
    }  # fmt: skip
    return with_parameters(metadata["authorization_endpoint"], asked), _sealed(services, begun)


async def finish(services: Services, provider: Provider, cookie: str, pairs: Pairs) -> tuple[Begun, dict[str, Any]]:
    """Return what was begun and the claims of who came. Raises RequestRefused."""
    begun = opened_cookie(services, cookie)
    state = one(pairs, "state") or ""
    if begun is None or begun.provider_id != provider.id or not hmac.compare_digest(begun.state, state):
        raise RequestRefused(AGAIN)
    metadata = await _metadata(services, provider)
    said = one(pairs, "iss")
    must_say = metadata.get("authorization_response_iss_parameter_supported") is True
    if (must_say or said is not None) and said != provider.issuer:
        raise RequestRefused(WRONG)
    code = one(pairs, "code")
    if code is None:
        raise RequestRefused(DECLINED)
    return begun, await _claims(services, provider, metadata, begun, code)


def back_to(services: Services, provider_id: int) -> str:
    """Return the address that a provider sends a browser back to: one for each."""
    return f"{issuer_of(services)}/sign-in/back/{provider_id}"


def opened_cookie(services: Services, cookie: str) -> Begun | None:
    """Return what a cookie holds; None for one that is over or not ours."""
    if not 0 < len(cookie) <= SEALED_MAX:
        return None
    try:
        sealed = base64.urlsafe_b64decode(cookie.encode())
        begun = Begun(**json.loads(services.vault.decrypt(sealed, CONTEXT)))
    except (binascii.Error, ValueError, TypeError, VaultLocked):
        return None
    return begun if begun.until > services.clock.now().timestamp() else None


def _sealed(services: Services, begun: Begun) -> str:
    return base64.urlsafe_b64encode(services.vault.encrypt(json.dumps(asdict(begun)), CONTEXT)).decode()


async def _metadata(services: Services, provider: Provider) -> dict[str, Any]:
    """Return what a provider says of itself, when it is the one that was configured."""
    try:
        found = await fetch_json(services, f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    except NotFetched:
        raise RequestRefused(SILENT) from None
    may_be_plain = not services.settings.cookies_secure
    addresses = [str(found.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if found.get("issuer") != provider.issuer or not all(
        is_address(each, may_be_plain=may_be_plain) for each in addresses
    ):
        raise RequestRefused(WRONG)
    return found


async def _claims(
    services: Services, provider: Provider, metadata: dict[str, Any], begun: Begun, code: str
) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": back_to(services, provider.id),
        "code_verifier": begun.verifier, "client_id": provider.client_id,
    }  # fmt: skip
    headers: dict[str, str] = {}
    if provider.secret_encrypted is not None:
        secret = services.vault.decrypt(provider.secret_encrypted, SECRET, str(provider.id))
        if "client_secret_basic" in metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
            pair = f"{quote(provider.client_id, safe='')}:{quote(secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_secret"] = secret
    try:
        answer = await fetch_json(services, metadata["token_endpoint"], form=form, headers=headers)
        keys = (await fetch_json(services, metadata["jwks_uri"])).get("keys")
    except NotFetched:
        raise RequestRefused(SILENT) from None
    try:
        claims = opened(str(answer.get("id_token", "")), keys if isinstance(keys, list) else [], provider.algorithm)
        _check(services, provider, begun, claims)
    except TokenWrong:
        raise RequestRefused(WRONG) from None
    return claims


def _check(services: Services, provider: Provider, begun: Begun, claims: dict[str, Any]) -> None:
    """Raise TokenWrong unless an ID token is from the provider, for us, and for this very sign-in (Core 3.1.3.7)."""
    check_times(claims, int(services.clock.now().timestamp()), TOKEN_LASTS_S)
    whom = audiences(claims)
    if claims.get("iss") != provider.issuer or provider.client_id not in whom:
        raise TokenWrong("of another provider, or for another client")
    if (len(whom) > 1 or "azp" in claims) and claims.get("azp") != provider.client_id:
        raise TokenWrong("handed out to another client")
    if not hmac.compare_digest(str(claims.get("nonce", "")), begun.nonce):
        raise TokenWrong("of another sign-in")
    if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255:
        raise TokenWrong("of nobody")
