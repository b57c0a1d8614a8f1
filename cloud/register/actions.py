"""Writes of the class register: what is said of one child, and that everybody else is here.

Rule: whoever writes says what was seen; where something else was said since, nothing is written. A school's marks are
numbered under its lock, so that they come to be seen in the order of their numbers.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.attendance.changes import note_changed, note_expected
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.page_wakeups import wake_pages
from cloud.core.services import Services
from cloud.register.errors import RegisterChanged
from cloud.register.kinds import WHY, Said, Says
from cloud.register.queries import CHILDREN, CHILDREN_MAX, hand_of, place_of, said_in
from cloud.register.rules import check_day
from cloud.schools.queries import day_plans

NOBODY: Mapping[str, Said] = {}
LOCKS = 0x72656769  # "regi": one of the two numbers of a school's lock; the other is the school's id
_LOCK = "SELECT pg_advisory_xact_lock($1, $2)"
_NEXT = "SELECT coalesce(max(number), 0) + 1 FROM register_mark WHERE school_id = $1"
_WRITE = """
INSERT INTO register_mark (school_id, number, person_id, school_class_id, "on", says, was, at, by_name)
SELECT $1, $2 + place - 1, id, $3, $4, $5, was, $6, $7
FROM unnest($8::bigint[], $9::text[]) WITH ORDINALITY AS child (id, was, place)
"""
_WHY = """
INSERT INTO register_reason (school_id, number, reason_encrypted) SELECT $1, * FROM unnest($2::bigint[], $3::bytea[])
"""


async def mark(
    services: Services, actor: Actor, school: SchoolToday, class_id: int, on: date, ref: str, said: Said, seen: int
) -> None:
    """Say something of a child, of whom `seen` was the last mark's number; what stands already is not said twice.

    Raises NotAllowed, NotFound, RegisterClosed or RegisterChanged.
    """
    await _check(services, actor, school, class_id, on)
    async with services.database.transaction() as transaction:
        rows = await _locked(transaction, school, class_id, on)
        child = next((row for row in rows if row["ref"] == ref), None)
        if child is None:
            raise NotFound
        if said_in(services.vault, child) == said:
            return
        if (child["number"] or 0) != seen:
            raise _changed()
        await _write(services, transaction, actor, school, class_id, on, said, [child])
        told = {"on": on.isoformat(), "was": said_in(services.vault, child).says.value, "says": said.says.value}
        await audit(
            transaction, actor, "register.marked", f"person:{child['id']}", told, school_id=school.id,
            at=services.clock.now(),
        )  # fmt: skip


async def mark_rest(
    services: Services, actor: Actor, school: SchoolToday, class_id: int, on: date, seen: int,
    but: Mapping[str, Said] = NOBODY,
) -> None:  # fmt: skip
    """Say that everybody of a class of whom nothing was said is here; `seen` was the number of its last mark.

    But of who stands in `but`, by reference, what stands there: what the one who marks saw offered, as a family's word.
    Raises NotAllowed, NotFound, RegisterClosed or RegisterChanged.
    """
    await _check(services, actor, school, class_id, on)
    async with services.database.transaction() as transaction:
        rows = await _locked(transaction, school, class_id, on)
        unsaid = [row for row in rows if said_in(services.vault, row).says is Says.UNSAID]
        if not unsaid:
            return
        if max(row["number"] or 0 for row in rows) != seen:
            raise _changed()
        told = {"on": on.isoformat()}
        for said, children in _apart(unsaid, but).items():
            await _write(services, transaction, actor, school, class_id, on, said, children)
            told[said.says.value] = str(int(told.get(said.says.value, "0")) + len(children))
        await audit(
            transaction, actor, "register.taken", f"class:{class_id}", told, school_id=school.id,
            at=services.clock.now(),
        )  # fmt: skip


def _apart(children: Sequence[asyncpg.Record], but: Mapping[str, Said]) -> dict[Said, list[asyncpg.Record]]:
    """Return children by what is said of each."""
    apart: dict[Said, list[asyncpg.Record]] = {}
    for child in children:
        apart.setdefault(but.get(child["ref"], Said(Says.PRESENT)), []).append(child)
    return apart


async def _check(services: Services, actor: Actor, school: SchoolToday, class_id: int, on: date) -> None:
    hand = hand_of(actor, school.id, class_id)
    plan = (await day_plans(services, school.id, on)).get(class_id)
    if plan is None:
        raise NotFound
    check_day(hand, on, school.on, is_taught=plan.is_school_day)


async def _locked(
    transaction: BaseDBAsyncClient, school: SchoolToday, class_id: int, on: date
) -> Sequence[asyncpg.Record]:
    """Return the children of a class with what stands, and let nobody else write until the transaction ends."""
    await raw(transaction).execute(_LOCK, LOCKS, school.id)
    return list(await raw(transaction).fetch(CHILDREN, school.id, on, [class_id], CHILDREN_MAX))


async def _write(
    services: Services, transaction: BaseDBAsyncClient, actor: Actor, school: SchoolToday, class_id: int, on: date,
    said: Said, children: Sequence[asyncpg.Record],
) -> None:  # fmt: skip
    """Write one mark a child, note that the day changed, and wake the pages that show it."""
    connection, vault = raw(transaction), services.vault
    before = [said_in(vault, row) for row in children]
    first: int = await connection.fetchval(_NEXT, school.id)
    ids, were = [row["id"] for row in children], [each.says.value for each in before]
    await connection.execute(
        _WRITE, school.id, first, class_id, on, said.says.value, services.clock.now(), actor.name, ids, were
    )
    if said.reason is not None:
        numbers = [first + place for place in range(len(children))]
        why = [vault.encrypt(said.reason.value, WHY, place_of(school.id, number)) for number in numbers]
        await connection.execute(_WHY, school.id, numbers, why)
    if on == school.on:  # who was told today that a child was not seen may learn that it is in class
        await _note_day(connection, school, said, dict(zip(ids, before, strict=True)))
    await wake_pages(vault, connection, [(school.id, row["ref"]) for row in children])


async def _note_day(
    connection: asyncpg.Connection, school: SchoolToday, said: Said, before: Mapping[int, Said]
) -> None:  # fmt: skip
    """Note that today changed, and of whom it is not known any more where they are."""
    freed = [child_id for child_id, was in before.items() if _is_known(was) and not _is_known(said)]
    await note_changed(connection, [(school.id, child_id, school.on) for child_id in before if child_id not in freed])
    await note_expected(connection, [(school.id, child_id, school.on) for child_id in freed])


def _is_known(said: Said) -> bool:
    """Tell whether a mark says where a child is, so that nobody waits for it at the gates."""
    return said.is_excused or said.says is Says.PRESENT


def _changed() -> RegisterChanged:
    return RegisterChanged(message("Somebody said something else since you opened the page. Look again, then mark."))
