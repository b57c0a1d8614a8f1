"""What clients are answered: tokens with who signed in, and the same again at the userinfo endpoint."""

from typing import Any

from cloud.core.services import Services
from cloud.resources.members import Member, member_of
from cloud.resources.queries import may_open_party
from cloud.signon import grants
from cloud.signon.errors import Declined
from cloud.signon.grants import ACCESS_LASTS, Granted
from cloud.signon.jose import half_hash
from cloud.signon.keys import sign
from cloud.signon.parties import Party, party_of
from cloud.signon.scopes import allowed, claims_of
from cloud.signon.subjects import subject_for

ID_LASTS_S = 600


def issuer_of(services: Services) -> str:
    """Return the name of this platform: its address."""
    return services.settings.public_url.rstrip("/")


async def answer_to(services: Services, party: Party, granted: Granted) -> dict[str, Any]:
    """Return the token endpoint's answer. Raises Declined for who may open nothing of this client any more."""
    member = await member_let_in(services, party, granted.account_id)
    if member is None:
        raise Declined("invalid_grant", "nothing of this client is open to the person any more")
    scopes = allowed(granted.scopes, party.scopes)
    answer: dict[str, Any] = {
        "access_token": granted.access, "token_type": "Bearer", "expires_in": int(ACCESS_LASTS.total_seconds()),
        "scope": " ".join(scopes), "id_token": await _id_token(services, party, granted, member, scopes),
    }  # fmt: skip
    if granted.refresh:
        answer["refresh_token"] = granted.refresh
    return answer


async def userinfo(services: Services, token: str) -> dict[str, Any] | None:
    """Return what a client may know of who signed in, as of now; None for a token that is worth nothing."""
    found = await grants.granted_to(services, token)
    if found is None:
        return None
    granted, party_id = found
    party = await _party_of_id(services, party_id)
    member = await member_let_in(services, party, granted.account_id) if party else None
    if party is None or member is None:
        return None
    subject = await subject_for(services, party.key, member.key)
    return {"sub": subject, **claims_of(member, allowed(granted.scopes, party.scopes))}


async def member_let_in(services: Services, party: Party, account_id: int) -> Member | None:
    """Return whom an account is at a client's school, if something there is published for it."""
    member = await member_of(services, account_id, party.school_id)
    if member is None or not await may_open_party(services, member, party.id):
        return None
    return member


async def _id_token(services: Services, party: Party, granted: Granted, member: Member, scopes: tuple[str, ...]) -> str:
    now_s = int(services.clock.now().timestamp())
    claims: dict[str, Any] = {
        "iss": issuer_of(services), "sub": await subject_for(services, party.key, member.key),
        "aud": party.client_id, "iat": now_s, "exp": now_s + ID_LASTS_S,
        "auth_time": int(granted.signed_in_at.timestamp()), "at_hash": half_hash(granted.access),
        **claims_of(member, scopes),
    }  # fmt: skip
    if granted.nonce is not None:
        claims["nonce"] = granted.nonce
    return await sign(services, claims)


async def _party_of_id(services: Services, party_id: int) -> Party | None:
    client_id = await services.database.pool.fetchval("SELECT client_id FROM relying_party WHERE id = $1", party_id)
    return None if client_id is None else await party_of(services, client_id)
