"""Search in one's own talks: the newest posts are opened and looked through, since no word of them stands open.

Rule: what is found is what its reader could read on the page: of talks of today's reach, nothing deleted or hidden.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.core.texts import one_line
from cloud.talks.kinds import Seat
from cloud.talks.reach import seats_everywhere
from cloud.talks.reading import words_of

POSTS_MAX, AT_ONCE, FOUND_MAX = 10_000, 1_000, 50
QUERY_MIN, QUERY_MAX, WORDS_MAX = 2, 60, 5
AROUND = 80  # letters on either side of the first word
_POSTS = """
SELECT id, talk_id, author, at, words_encrypted FROM talk_post
WHERE talk_id = ANY($1::bigint[]) AND deleted_at IS NULL AND hidden_at IS NULL AND id < $2 ORDER BY id DESC LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A post that holds what was looked for."""

    seat: Seat
    post_id: int
    author: str
    at: datetime
    excerpt: str


async def search(services: Services, actor: Actor, text: str) -> list[Found]:
    """Return the newest posts of the actor's talks that hold the first five words of a text.

    Nothing is found for less than two letters.
    """
    wanted = one_line(text)[:QUERY_MAX].casefold().split()[:WORDS_MAX]
    if sum(map(len, wanted)) < QUERY_MIN:
        return []
    seats = {seat.talk_id: seat for seat in await seats_everywhere(services, actor)}
    found: list[Found] = []
    below, looked = 2**63 - 1, 0
    while looked < POSTS_MAX and len(found) < FOUND_MAX:
        rows = await services.database.pool.fetch(_POSTS, list(seats), below, AT_ONCE)
        for row, excerpt in await asyncio.to_thread(_holding, services, rows, wanted):
            found.append(Found(seats[row["talk_id"]], row["id"], row["author"], row["at"], excerpt))
        if len(rows) < AT_ONCE:
            break
        below, looked = rows[-1]["id"], looked + len(rows)
    return found[:FOUND_MAX]


def around(words: str, wanted: Sequence[str]) -> str:
    """Return the part of a text in which the first of the words stands. Pure."""
    line = " ".join(words.split())
    at = line.casefold().find(wanted[0])
    first, last = max(0, at - AROUND), at + len(wanted[0]) + AROUND
    return ("…" if first else "") + line[first:last].strip() + ("…" if last < len(line) else "")


def _holding(
    services: Services, rows: Sequence[asyncpg.Record], wanted: Sequence[str]
) -> list[tuple[asyncpg.Record, str]]:  # fmt: skip
    """Return the posts that hold all words, each with its excerpt."""
    held = []
    for row in rows:
        words = words_of(services, row)
        plain = words.casefold()
        if all(each in plain for each in wanted):
            held.append((row, around(words, wanted)))
    return held
