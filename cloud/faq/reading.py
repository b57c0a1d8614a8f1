"""Entries for whoever is signed in: those of the own schools that concern it; and whether one helped.

Rule: who said what of an answer is shown to nobody; the school sees how many it helped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.roles import Role
from cloud.core.services import Services
from cloud.faq.kinds import LANGUAGES, ROLES, Entry, Given

SHOWN_MAX = 400
COLUMNS = """
SELECT entry.*, (SELECT count(*) FROM faq_vote WHERE entry_id = entry.id AND is_helpful) AS helped,
  (SELECT count(*) FROM faq_vote WHERE entry_id = entry.id AND NOT is_helpful) AS not_helped,
  (SELECT is_helpful FROM faq_vote WHERE entry_id = entry.id AND account_id = $2) AS vote
FROM faq_entry AS entry
"""
_OF_READER = f"{COLUMNS} WHERE school_id = ANY($1::bigint[]) AND is_shown ORDER BY school_id, place, entry.id LIMIT $3"
_FIND = "SELECT school_id, audiences FROM faq_entry WHERE id = $1 AND is_shown"
_VOTE = """
INSERT INTO faq_vote (entry_id, account_id, is_helpful) VALUES ($1, $2, $3)
ON CONFLICT (entry_id, account_id) DO UPDATE SET is_helpful = $3
"""


@dataclass(frozen=True, slots=True)
class Topic:
    """Entries of a school under one heading; an empty one stands for none."""

    name: str
    entries: Sequence[Entry]


async def topics_for(services: Services, actor: Actor, words: str = "") -> list[Topic]:
    """Return what concerns the actor at its schools, with these words in it, by topic in the school's order."""
    schools = sorted({reach.school_id for reach in actor.reaches if reach.school_id is not None})
    if not schools or actor.account_id is None or actor.must_change:
        return []
    rows = await services.database.pool.fetch(_OF_READER, schools, actor.account_id, SHOWN_MAX)
    topics: dict[tuple[int, str], list[Entry]] = {}
    for row in rows:
        found = entry(row)
        if concerns(actor, row["school_id"], found.given.audiences) and found.has(words):
            topics.setdefault((row["school_id"], found.given.topic), []).append(found)
    return [Topic(name, entries) for (_, name), entries in topics.items()]


async def say_helpful(services: Services, actor: Actor, entry_id: int, *, is_helpful: bool) -> None:
    """Say whether an answer helped, in the place of what was said before. Raises NotFound."""
    if actor.account_id is None or actor.must_change:
        raise NotFound
    pool = services.database.pool
    row = await pool.fetchrow(_FIND, entry_id)
    if row is None or not concerns(actor, row["school_id"], row["audiences"]):
        raise NotFound
    await pool.execute(_VOTE, entry_id, actor.account_id, is_helpful)


def concerns(actor: Actor, school_id: int, audiences: Sequence[str]) -> bool:
    """Tell whether an entry of a school is for the actor, by its roles there."""
    roles = actor.roles_at(school_id)
    return bool(roles) if not audiences else any(roles & _ROLES_OF[each] for each in audiences)


def entry(row: asyncpg.Record) -> Entry:
    """Return an entry of a row that `COLUMNS` names."""
    given = Given(
        row["topic"], {each: row[f"question_{each}"] for each in LANGUAGES},
        {each: row[f"answer_{each}"] for each in LANGUAGES}, tuple(row["audiences"]), row["is_shown"],
    )  # fmt: skip
    return Entry(row["id"], given, row["helped"], row["not_helped"], row["vote"])


_ROLES_OF: Mapping[str, frozenset[Role]] = {audience.value: roles for audience, roles in ROLES.items()}
