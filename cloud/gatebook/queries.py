"""Reads of the gates' book: its lines by days, gates, kinds and words; and with whom children left on a day."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.gatebook.handovers import takers_of
from cloud.gatebook.kinds import Deed, Done

PAGE = 50
EXPORTED_MAX = 50_000
HANDOVERS_MAX = 5_000
SEARCHED_MAX = 60
# $1 the school, $2 and $3 days, $4 a gate or '', $5 kinds, $6 words or ''.
_FOUND = """
FROM gate_deed AS deed
LEFT JOIN person AS whom ON whom.id = deed.person_id
LEFT JOIN school_class AS class ON class.id = whom.school_class_id
LEFT JOIN person AS guard ON guard.ref = deed.staff AND guard.school_id = deed.school_id
LEFT JOIN person AS host ON host.ref = deed.host AND host.school_id = deed.school_id
LEFT JOIN person AS allowed ON allowed.ref = deed.allowed_by AND allowed.school_id = deed.school_id
LEFT JOIN gate ON gate.school_id = deed.school_id AND gate.key = deed.gate
WHERE deed.school_id = $1 AND deed."on" BETWEEN $2 AND $3 AND ($4 = '' OR deed.gate = $4) AND deed.kind = ANY($5)
  AND ($6 = '' OR concat_ws(' ', whom.surname, whom.given_name, grade || letter, guard.surname, guard.given_name,
    host.surname, host.given_name, detail, firm, badge) ILIKE '%' || $6 || '%')
"""
_LINES = f"""
SELECT deed.at, deed.kind, deed.gate, name_kk, name_ru, name_en, direction, deed.person_id, whom.ref AS person_ref,
  concat_ws(' ', whom.surname, whom.given_name) AS person, coalesce(grade || letter, '') AS class_name,
  concat_ws(' ', guard.surname, guard.given_name) AS guard, concat_ws(' ', host.surname, host.given_name) AS host,
  concat_ws(' ', allowed.surname, allowed.given_name) AS allowed_by, reason, detail, firm, badge, stay_min, collector,
  clock, deed.received_at,
  (SELECT min(gone.at) FROM gate_deed AS gone WHERE gone.school_id = deed.school_id AND gone.visit = deed.visit
    AND gone.kind = 'left') AS left_at
{_FOUND}
ORDER BY deed.at DESC, deed.device, deed.epoch, deed.seq LIMIT $7 OFFSET $8
"""  # noqa: S608 (texts of ours)
_COUNT = f"SELECT count(*) {_FOUND}"
_INSIDE = """
SELECT count(*) FROM gate_deed AS deed
WHERE school_id = $1 AND kind IN ('visit', 'delivery') AND "on" >= $2 AND NOT EXISTS (
  SELECT FROM gate_deed AS gone WHERE gone.school_id = $1 AND gone.visit = deed.visit AND gone.kind = 'left')
"""
_HANDED = """
SELECT deed.person_id, whom.ref AS person_ref, deed."on", deed.at, kind, collector, reason,
  concat_ws(' ', allowed.surname, allowed.given_name) AS allowed_by
FROM gate_deed AS deed JOIN person AS whom ON whom.id = deed.person_id
LEFT JOIN person AS allowed ON allowed.ref = deed.allowed_by AND allowed.school_id = deed.school_id
WHERE whom.school_id = $1 AND whom.ref = ANY($2) AND deed."on" BETWEEN $3 AND $4 AND kind IN ('collected', 'exception')
ORDER BY deed.at, device, epoch, seq LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines are asked for; empty is all. Days are the school's own, both included."""

    first_on: date
    last_on: date
    gate: str = ""
    deed: Deed | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """A page of the book, how many lines fit in all, and how many visitors and deliveries are inside today."""

    lines: Sequence[Done]
    count: int
    inside: int


@dataclass(frozen=True, slots=True)
class Handed:
    """A child was handed over; `with_whom` is empty for an exception, and for who is on record no more."""

    at: datetime
    is_exception: bool
    with_whom: str
    is_ended: bool
    reason: str
    allowed_by: str


async def book_of(
    services: Services, actor: Actor, school_id: int, asked: Asked, today: date, page: int = 1
) -> Book:  # fmt: skip
    """Return a page of a school's book, the latest first. Raises NotAllowed."""
    actor.require(Right.GATEBOOK_READ, school_id)
    pool = services.database.pool
    given = _given(school_id, asked)
    rows = await pool.fetch(_LINES, *given, PAGE, (page - 1) * PAGE)
    return Book(
        await _lines(pool, rows), await pool.fetchval(_COUNT, *given), await pool.fetchval(_INSIDE, school_id, today)
    )


async def lines_of(services: Services, actor: Actor, school_id: int, asked: Asked) -> list[Done]:
    """Return the lines of a school's book for a file, the latest first. Raises NotAllowed."""
    actor.require(Right.GATEBOOK_READ, school_id)
    pool = services.database.pool
    return await _lines(pool, await pool.fetch(_LINES, *_given(school_id, asked), EXPORTED_MAX, 0))


async def handovers_of(
    services: Services, school_id: int, refs: Collection[str], first_on: date, last_on: date
) -> Mapping[str, Mapping[date, Sequence[Handed]]]:
    """Return with whom children of a school left, by reference and day. Who may know is the caller's to check."""
    pool = services.database.pool
    rows = await pool.fetch(_HANDED, school_id, sorted(refs), first_on, last_on, HANDOVERS_MAX)
    takers = await takers_of(pool, [(row["person_id"], row["collector"], row["at"]) for row in rows])
    found: dict[str, dict[date, list[Handed]]] = {}
    for place, row in enumerate(rows):
        taker = takers.get(place)
        handed = Handed(
            row["at"], row["kind"] == Deed.EXCEPTION, taker.name if taker else "", bool(taker and taker.is_ended),
            row["reason"], row["allowed_by"],
        )  # fmt: skip
        found.setdefault(row["person_ref"], {}).setdefault(row["on"], []).append(handed)
    return found


def _given(school_id: int, asked: Asked) -> tuple[object, ...]:
    words = asked.words.strip()[:SEARCHED_MAX].replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    kinds = [each.value for each in ([asked.deed] if asked.deed is not None else Deed)]
    return school_id, asked.first_on, asked.last_on, asked.gate, kinds, words


async def _lines(pool: asyncpg.Pool, rows: Iterable[asyncpg.Record]) -> list[Done]:
    found = list(rows)
    takers = await takers_of(pool, [(row["person_id"] or 0, row["collector"], row["at"]) for row in found])
    return [_done(row, taker.name if (taker := takers.get(place)) else "") for place, row in enumerate(found)]


def _done(row: asyncpg.Record, with_whom: str) -> Done:
    kk = row["name_kk"] or row["gate"]
    return Done(
        row["at"], Deed(row["kind"]), row["gate"], (kk, row["name_ru"] or kk, row["name_en"] or kk), row["direction"],
        row["person"], row["person_ref"] or "", row["class_name"], row["guard"], row["host"], row["reason"],
        row["detail"], row["firm"], row["badge"], row["left_at"], row["stay_min"], with_whom, row["allowed_by"],
        row["clock"], row["received_at"],
    )  # fmt: skip
