"""Attempts to sign in with a wrong password or code: at one's own account, and at the accounts of a school."""

import json
from dataclasses import dataclass
from datetime import datetime

from cloud.accounts.beginnings import FAMILIES
from cloud.accounts.logins import opened, typed_digest
from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services

FAILURES_MAX = 200
VERBS = ("account.sign_in_failed", "account.second_step_failed")
_OWN = """
SELECT at, verb, detail, NULL::bytea AS login, '' AS name FROM audit_entry
WHERE subject = 'account:' || $1::text AND verb = ANY($2) AND at >= $3 AND at < $4 ORDER BY id DESC LIMIT $5
"""
_AT_SCHOOL = """
SELECT entry.at, entry.verb, entry.detail, CASE WHEN is_named THEN account.login_encrypted END AS login,
  CASE WHEN is_named THEN account.name ELSE 'account:' || account.id END AS name
FROM (
  SELECT account_id, $7 OR bool_or(NOT role = ANY ($8)) AS is_named FROM grant_of_role WHERE school_id = $1
  GROUP BY account_id
) AS held JOIN account ON account.id = held.account_id
JOIN audit_entry AS entry ON entry.subject = 'account:' || account.id::text
WHERE entry.verb = ANY($2) AND entry.at >= $3 AND entry.at < $4
  AND ($6 = '' OR is_named AND (account.login_digest = $9 OR strpos(lower(account.name), lower($6)) > 0))
ORDER BY entry.id DESC LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed: when, at which step, from where, and at a school at whose account."""

    at: datetime
    verb: str
    address: str
    login: str
    name: str


async def own_failures(services: Services, actor: Actor, since: datetime, until: datetime) -> list[Failure]:
    """Return the attempts at the actor's own account, the newest first, FAILURES_MAX at most."""
    rows = await services.database.pool.fetch(_OWN, str(actor.account_id), VERBS, since, until, FAILURES_MAX)
    return [_failure(services, row) for row in rows]


async def failures_at(
    services: Services, actor: Actor, school_id: int, since: datetime, until: datetime, search: str = ""
) -> list[Failure]:
    """Return the attempts at a school's accounts, the newest first, FAILURES_MAX at most. Raises NotAllowed.

    Families are named to who may read the people of the school; to others the account has a number.
    """
    actor.require(Right.ACCOUNTS_READ, school_id)
    rows = await services.database.pool.fetch(
        _AT_SCHOOL, school_id, VERBS, since, until, FAILURES_MAX, search.strip(),
        actor.can(Right.PEOPLE_READ, school_id), list(FAMILIES), typed_digest(services.vault, search),
    )  # fmt: skip
    return [_failure(services, row) for row in rows]


def _failure(services: Services, row: object) -> Failure:
    told = dict(row)  # type: ignore[call-overload]  # asyncpg has no types
    address, login = json.loads(told["detail"]).get("address", ""), opened(services.vault, told["login"])
    return Failure(told["at"], told["verb"], address, login, told["name"])
