"""What each guardian chose: by child and kind, with quiet hours, and what is tried when nothing is confirmed.

Rule: a child that has choices of its own goes by them alone; every other child by those for all; without any, a kind
goes by every channel that is connected and costs nothing.
"""

from collections.abc import Collection, Mapping, Sequence

import asyncpg

from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.notifications.channels.rules import AFTER_S_MAX, AFTER_S_MIN, STEPS_MAX, Choice, Quiet, Scope

ALL = 0  # in a child's place
DEFAULT = Scope()
_SCOPES = """
SELECT scope.account_id, scope.person_id, quiet_from_min, quiet_until_min, steps, after_s, kinds.choices
FROM channel_scope AS scope LEFT JOIN LATERAL (
  SELECT array_agg(kind || ':' || is_urgent::int || ':' || array_to_string(channels, ',')) AS choices
  FROM channel_choice AS choice WHERE choice.account_id = scope.account_id AND choice.person_id = scope.person_id
) AS kinds ON true
WHERE scope.account_id = ANY($1)
"""
_SAVE = """
INSERT INTO channel_scope (account_id, person_id, quiet_from_min, quiet_until_min, steps, after_s)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id, person_id) DO UPDATE SET quiet_from_min = excluded.quiet_from_min,
  quiet_until_min = excluded.quiet_until_min, steps = excluded.steps, after_s = excluded.after_s
"""
_CLEAR = "DELETE FROM channel_choice WHERE account_id = $1 AND person_id = $2"
_CHOOSE = """
INSERT INTO channel_choice (account_id, person_id, kind, channels, is_urgent)
SELECT $1, $2, kind, string_to_array(channels, ','), is_urgent
FROM unnest($3::text[], $4::text[], $5::boolean[]) AS new (kind, channels, is_urgent)
"""
_FORGET = "DELETE FROM channel_scope WHERE account_id = $1 AND person_id = $2"


async def scopes_of(
    connection: asyncpg.Connection | asyncpg.Pool, account_ids: Collection[int]
) -> dict[tuple[int, int], Scope]:
    """Return what some accounts chose, by account and child; 0 in the child's place is for all others."""
    rows = await connection.fetch(_SCOPES, sorted(account_ids))
    return {(row["account_id"], row["person_id"]): _scope(row) for row in rows}


def scope_for(scopes: Mapping[tuple[int, int], Scope], account_id: int, person_id: int) -> Scope:
    """Return the choices that a child goes by."""
    return scopes.get((account_id, person_id)) or scopes.get((account_id, ALL)) or DEFAULT


async def save_scope(services: Services, actor: Actor, person_id: int, scope: Scope) -> None:
    """Keep an account's choices for a child, or for ALL; whose child it is, is the caller's to check."""
    if actor.account_id is None:
        raise NotAllowed
    quiet, steps = scope.quiet, list(dict.fromkeys(scope.steps))[:STEPS_MAX]
    after_s = min(max(scope.after_s, AFTER_S_MIN), AFTER_S_MAX)
    columns = _columns(scope.choices)
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await connection.execute(
            _SAVE, actor.account_id, person_id, quiet and quiet.from_min, quiet and quiet.until_min, steps, after_s
        )  # fmt: skip
        await connection.execute(_CLEAR, actor.account_id, person_id)
        await connection.execute(_CHOOSE, actor.account_id, person_id, *columns)


async def forget_scope(services: Services, actor: Actor, person_id: int) -> None:
    """Let a child go by what was chosen for all again."""
    await services.database.pool.execute(_FORGET, actor.account_id, person_id)


def _columns(choices: Mapping[str, Choice]) -> tuple[Sequence[object], ...]:
    chosen = [(kind, ",".join(sorted(each.channels)), each.is_urgent) for kind, each in sorted(choices.items())]
    return ([each[0] for each in chosen], [each[1] for each in chosen], [each[2] for each in chosen])


def _scope(row: asyncpg.Record) -> Scope:
    since, until = row["quiet_from_min"], row["quiet_until_min"]
    quiet = None if since is None or since == until else Quiet(since, until)
    choices = dict(_choice(each) for each in row["choices"] or ())
    return Scope(quiet, tuple(row["steps"]), row["after_s"], choices)


def _choice(text: str) -> tuple[str, Choice]:
    kind, is_urgent, channels = text.split(":", 2)
    return kind, Choice(frozenset(channels.split(",")) - {""}, is_urgent == "1")
