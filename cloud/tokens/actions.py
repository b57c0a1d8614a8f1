"""What is done with tokens: making one, which is shown once, revoking it, and trading it for one that lasts an hour.

Rule: a token's secret is kept as its digest; it has 256 bits, so that the digest needs no slowness. A token never
outlives its maker: it rests while who made it has no open account, or may not make tokens at that school any more.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import WHOLE_SCHOOL, Right
from cloud.core.services import Services
from cloud.core.texts import one_line
from cloud.tokens.bearer import NAME_MAX
from cloud.tokens.errors import TokenWrong
from cloud.tokens.scopes import Scope, granted, kept_of, named

PREFIX = "esik_"
DAYS = (30, 90, 365)
TOKENS_MAX = 50  # of a school, that work
ACCESS_LASTS = timedelta(hours=1)
ACCESS_MAX = 20  # of one token at once: the oldest goes
SECRET_MAX = 200
_COUNT = "SELECT count(*) FROM api_token WHERE school_id = $1 AND revoked_at IS NULL AND expires_at > $2"
_MAKE = """
INSERT INTO api_token (school_id, name, client, secret_digest, scopes, made_by, made_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
"""
_REVOKE = """
UPDATE api_token SET revoked_at = $3 WHERE id = $1 AND school_id = $2 AND revoked_at IS NULL RETURNING name
"""
# Whether the maker of a token, or a webhook, may still keep programs at its school; of the system's own there is none.
MAKER_MAY = """({0}.made_by IS NULL OR EXISTS (
  SELECT FROM account JOIN grant_of_role AS held ON held.account_id = account.id
  WHERE account.id = {0}.made_by AND account.is_active AND held.school_id = {0}.school_id AND held.role = ANY ({1})
))"""
MAKERS = sorted(role.value for role in WHOLE_SCHOOL[Right.PROGRAMS_KEEP])
_CLIENT = f"""
SELECT id, school_id, scopes FROM api_token AS token
WHERE client = $1 AND secret_digest = $2 AND revoked_at IS NULL AND expires_at > $3
  AND {MAKER_MAY.format("token", "$4")}
FOR UPDATE
"""  # noqa: S608 (text of ours)
_TRIM = """
DELETE FROM access_token WHERE token_id = $1 AND (expires_at <= $2 OR digest NOT IN (
  SELECT digest FROM access_token WHERE token_id = $1 ORDER BY expires_at DESC, digest LIMIT $3
))
"""
_TRADE = "INSERT INTO access_token (digest, token_id, scopes, expires_at) VALUES ($1, $2, $3, $4)"


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was made; its secret is shown once and kept nowhere."""

    id: int
    name: str
    client: str
    secret: str


@dataclass(frozen=True, slots=True)
class Access:
    """A token that lasts an hour, and the scopes it was given for, by the names they were asked with."""

    token: str
    scopes: tuple[str, ...]
    lasts_s: int


async def make_token(
    services: Services, actor: Actor, school_id: int, name: str, scopes: Iterable[str], days: int
) -> NewToken:
    """Make a token for a program at one school. Raises NotAllowed or TokenWrong."""
    actor.require(Right.PROGRAMS_KEEP, school_id)
    chosen = named(scopes)
    known_as = _checked(name, chosen, days)
    now = services.clock.now()
    client, secret = secrets.token_hex(8), PREFIX + secrets.token_urlsafe(32)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute("SELECT 1 FROM school WHERE id = $1 FOR UPDATE", school_id)
        if await at.fetchval(_COUNT, school_id, now) >= TOKENS_MAX:
            raise TokenWrong(
                message("This school has {count} tokens. Revoke one that is not needed.", count=TOKENS_MAX)
            )
        token_id = await at.fetchval(
            _MAKE, school_id, known_as, client, digest(secret), sorted(scope.value for scope in chosen),
            actor.account_id, now, now + timedelta(days=days),
        )  # fmt: skip
        await audit(
            connection, actor, "token.made", f"token:{token_id}",
            {"name": known_as, "scopes": " ".join(sorted(scope.value for scope in chosen))},
            school_id=school_id, at=now,
        )  # fmt: skip
    return NewToken(token_id, known_as, client, secret)


async def revoke_token(services: Services, actor: Actor, school_id: int, token_id: int) -> None:
    """Let a token, and what it was traded for, work no more from now on. Raises NotAllowed or NotFound."""
    actor.require(Right.PROGRAMS_KEEP, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        name = await raw(connection).fetchval(_REVOKE, token_id, school_id, now)
        if name is None:
            raise NotFound
        await raw(connection).execute("DELETE FROM access_token WHERE token_id = $1", token_id)
        await audit(
            connection, actor, "token.revoked", f"token:{token_id}", {"name": name}, school_id=school_id, at=now
        )  # fmt: skip


async def trade(services: Services, client: str, secret: str, asked: str) -> Access | None:
    """Give a program that shows its client's id and secret a token of an hour, or None to one that is not known.

    It has those of the asked scopes that the program holds; with none of them it is of no use and not given.
    """
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        row = await at.fetchrow(_CLIENT, client[:SECRET_MAX], digest(secret[: SECRET_MAX + 1]), now, MAKERS)
        if row is None:
            return None
        held = named(row["scopes"])
        scopes = granted(asked, held)
        token = PREFIX + secrets.token_urlsafe(32)
        if scopes:
            kept = sorted(scope.value for scope in kept_of(scopes.values(), held))
            await at.execute(_TRIM, row["id"], now, ACCESS_MAX - 1)
            await at.execute(_TRADE, digest(token), row["id"], kept, now + ACCESS_LASTS)
    return Access(token, tuple(scopes), int(ACCESS_LASTS.total_seconds()))


def digest(secret: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _checked(name: str, scopes: frozenset[Scope], days: int) -> str:
    known_as = one_line(name)
    if not known_as or len(known_as) > NAME_MAX:
        raise TokenWrong(message("Name the program: {count} characters at most.", count=NAME_MAX))
    if not scopes:
        raise TokenWrong(message("Choose at least one thing that the program may do."))
    if days not in DAYS:
        raise TokenWrong(message("Choose how long the token works."))
    return known_as
