"""Pseudonyms: each client and tool knows somebody by another word, drawn by chance; two of them cannot compare."""

import secrets

from cloud.core.services import Services

_DRAW = """
INSERT INTO subject (party, member, pseudonym, made_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (party, member) DO UPDATE SET party = excluded.party RETURNING pseudonym
"""
_DRAW_ALL = """
INSERT INTO subject (party, member, pseudonym, made_at)
SELECT $1, member, pseudonym, $4 FROM unnest($2::text[], $3::text[]) AS given (member, pseudonym)
ON CONFLICT (party, member) DO UPDATE SET party = excluded.party RETURNING member, pseudonym
"""
_KNOWN = "SELECT pseudonym FROM subject WHERE party = $1 AND member = $2"
_MEMBER = "SELECT member FROM subject WHERE party = $1 AND pseudonym = $2"
_MET = "SELECT member, pseudonym FROM subject WHERE party = $1 AND member LIKE 'account:%' ORDER BY id LIMIT 200"


async def subject_for(services: Services, party: str, member: str) -> str:
    """Return what a party (`oidc:17`) knows a member (`person:5`) by; drawn at the first time."""
    known = await services.database.pool.fetchval(_KNOWN, party, member)
    if known is None:
        known = await services.database.pool.fetchval(_DRAW, party, member, _drawn(), services.clock.now())
    return str(known)


async def subjects_for(services: Services, party: str, members: list[str]) -> dict[str, str]:
    """Return what a party knows many members by."""
    drawn = [_drawn() for _ in members]
    rows = await services.database.pool.fetch(_DRAW_ALL, party, members, drawn, services.clock.now())
    return {row["member"]: row["pseudonym"] for row in rows}


async def member_behind(services: Services, party: str, pseudonym: str) -> str | None:
    """Return whom a party means, or None."""
    found: str | None = await services.database.pool.fetchval(_MEMBER, party, pseudonym)
    return found


async def teachers_met(services: Services, party: str) -> dict[str, str]:
    """Return the teachers that a party has met, by member: of others it need not know."""
    return {row["member"]: row["pseudonym"] for row in await services.database.pool.fetch(_MET, party)}


def _drawn() -> str:
    return secrets.token_urlsafe(18)
