"""The rows of the guard's desk: guards with their PINs, faces, and who may collect a child.

Rule: only where there are guards: a school without them has no such roster, and its faces go to no gate.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby

import asyncpg

from cloud.collectors.queries import Collector, collectors_of
from cloud.devices.guards import GUARD, guards_of
from cloud.people.photos import faces_of
from schemas.roster import row

NAME_MAX, RELATION_MAX = 120, 16


async def desk_rows(connection: asyncpg.Connection, school_id: int, now: datetime) -> list[bytes]:
    """Return the rows that only a guard's desk needs."""
    guards = await guards_of(connection, school_id)
    if not guards:
        return []
    return [
        *(row("staff", guard.ref, guard.name[:NAME_MAX], guard.pin_hash, [GUARD]) for guard in guards),
        *(row("face", ref, digest) for ref, digest in await faces_of(connection, school_id)),
        *_collectors(await collectors_of(connection, school_id, now)),
    ]


def _collectors(listed: Sequence[Collector]) -> Iterator[bytes]:
    """Yield a row for each child; they stand together, and no more than a row has room for."""
    for ref, group in groupby(listed, key=lambda each: each.ref):
        people = list(group)
        yield row(
            "collector",
            ref,
            [
                [each.name[:NAME_MAX], each.relation[:RELATION_MAX], _day(each.first_on), _day(each.last_on)]
                for each in people
            ],
            [each.key for each in people],
        )


def _day(on: date | None) -> str:
    return "" if on is None else on.isoformat()
