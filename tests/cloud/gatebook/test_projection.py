"""Records of guards' desks become lines, whatever the order; and guardians hear who took their child, once."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

import msgspec
import pytest

from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.gatebook.queries import Asked, book_of, lines_of
from cloud.notifications.kinds import Kind
from cloud.notifications.queries import NoticeRow, notices_of
from cloud.notifications.texts import told
from schemas.structs import Record
from simulators.clock import SimulatedClock
from tests.cloud.attendance.factory import EIGHT, handed
from tests.cloud.gatebook.factory import (
    DAY,
    HOST,
    NOBODY,
    UNCLE,
    Gates,
    at,
    came,
    gates,
    left,
    opened,
    ordered,
    taken,
)
from tests.cloud.notifications.factory import Parent, a_parent
from tests.cloud.schools.factory import SYSTEM

TODAY = Asked(DAY, DAY)


@pytest.fixture
async def school(services: Services) -> Gates:
    return await gates(services)


async def told_of(school: Gates, parent: Parent) -> Sequence[NoticeRow]:
    page = await notices_of(school.services, parent.actor)
    return [each for each in page.notices if each.kind is Kind.COLLECTED]


def clock_of(school: Gates, minute: int) -> SimulatedClock:
    clock = school.services.clock
    assert isinstance(clock, SimulatedClock)
    clock.advance((at(minute) - clock.now()).total_seconds())
    return clock


async def test_every_deed_of_a_guard_is_a_line(school: Gates) -> None:
    key = await school.name(0)
    await school.send(
        came("1", 1, host=HOST, badge="17", detail="договор", stay_min=30), left("1", 20),
        came("2", 2, "delivery", firm="Сүт Астық"), opened(3, "парты"), handed(school.refs[0], 4),
        taken(school.refs[0], 5, key), taken(school.refs[1], 6, reason="emergency", allowed_by=HOST),
        ordered(7, "fire", None), ordered(8, "normal"),
    )  # fmt: skip

    await school.write()

    book = await book_of(school.services, SYSTEM, school.school_id, TODAY, DAY)
    assert [each.deed.value for each in book.lines] == [
        "normal", "fire", "exception", "collected", "hand_pass", "opened", "delivery", "visit"
    ]  # fmt: skip
    visit, delivery, taken_by = book.lines[7], book.lines[6], book.lines[3]
    assert (visit.at, visit.left_at, visit.host, visit.badge, visit.detail, visit.stay_min) == (
        at(1), at(20), "Ахметова Динара", "17", "договор", 30
    )  # fmt: skip
    assert (delivery.firm, delivery.left_at, delivery.gate_names[1]) == ("Сүт Астық", None, "Вход")
    assert (taken_by.with_whom, taken_by.guard, taken_by.person_ref) == (UNCLE, "Сейітова Айгүл", school.refs[0])
    assert (book.lines[2].allowed_by, book.lines[2].reason, book.lines[1].guard) == ("Ахметова Динара", "emergency", "")
    assert (book.count, book.inside) == (8, 1)
    await school.close()


async def test_the_book_is_the_same_in_whatever_order_and_portions_records_are_met(school: Gates) -> None:
    records: list[Record] = [came("3", 30), left("3", 10), opened(2), handed(school.refs[0], 4), ordered(6, "fire")]
    Random(3).shuffle(records)
    await school.send(*records)
    await school.write(most=1)
    once = await lines_of(school.services, SYSTEM, school.school_id, TODAY)

    await school.pool.execute("DELETE FROM gate_deed")
    await school.pool.execute("DELETE FROM reader_cursor WHERE name = 'gatebook'")
    await school.write()

    assert await lines_of(school.services, SYSTEM, school.school_id, TODAY) == once
    assert len(once) == 4
    await school.close()


async def test_a_child_whom_nobody_has_or_of_another_school_makes_no_line(school: Gates) -> None:
    await school.send(taken(NOBODY, 1, "c1"), msgspec.structs.replace(opened(2), gate="a\0b"))

    await school.write()

    lines = await lines_of(school.services, SYSTEM, school.school_id, TODAY)
    assert [(each.deed.value, each.gate) for each in lines] == [("opened", "a?b")]
    await school.close()


async def test_guardians_hear_by_name_who_took_their_child_and_hear_it_once(school: Gates) -> None:
    mother, other = await a_parent(school, 0), await a_parent(school, 1)
    key = await school.name(0)
    clock_of(school, 12)
    await school.send(taken(school.refs[0], 10, key))

    await school.write()
    await school.pool.execute("DELETE FROM reader_cursor WHERE name = 'gatebook'")
    await school.write()

    (notice,) = await told_of(school, mother)
    assert notice.at == at(10)
    assert UNCLE in told(notice, Language.EN)
    assert all(UNCLE in told(notice, language) for language in Language)
    assert await told_of(school, other) == []
    await school.close()


async def test_a_guardian_who_takes_the_child_is_named_too(school: Gates) -> None:
    mother = await a_parent(school, 0)
    clock_of(school, 12)
    await school.send(taken(school.refs[0], 10, f"g{mother.guardian_id}"), taken(school.refs[1], 11, "g999"))

    await school.write()

    (notice,) = await told_of(school, mother)
    assert told(notice, Language.EN).endswith("taken by Айгүл Әліби.")
    lines = await lines_of(school.services, SYSTEM, school.school_id, TODAY)
    assert [each.with_whom for each in lines] == ["", "Айгүл Әліби"]
    await school.close()


async def test_an_exception_is_told_with_why_and_who_allowed_it(school: Gates) -> None:
    mother = await a_parent(school, 0)
    clock_of(school, 12)
    await school.send(taken(school.refs[0], 10, reason="emergency", allowed_by=HOST))

    await school.write()

    (notice,) = await told_of(school, mother)
    said = told(notice, Language.EN)
    assert "not on the list" in said
    assert "Why: ambulance or police. Allowed by: Ахметова Динара." in said
    await school.close()


async def test_who_could_collect_no_more_by_then_is_told_so(school: Gates) -> None:
    mother = await a_parent(school, 0)
    key = await school.name(0)
    await school.pool.execute("UPDATE collector SET ended_at = $1, ended_by = 'x'", at(5))
    clock_of(school, 12)
    await school.send(taken(school.refs[0], 10, key))

    await school.write()

    (notice,) = await told_of(school, mother)
    assert f"By then {UNCLE} could collect the child no more" in told(notice, Language.EN)
    await school.close()


async def test_what_comes_hours_later_is_shown_as_told_later(school: Gates) -> None:
    mother = await a_parent(school, 0)
    key = await school.name(0)
    clock_of(school, 7 * 60)
    await school.send(taken(school.refs[0], 10, key))

    await school.write()

    (notice,) = await told_of(school, mother)
    assert (notice.at, notice.is_late) == (EIGHT + timedelta(minutes=10), True)
    await school.close()


async def test_a_key_of_another_child_names_nobody(school: Gates) -> None:
    mother = await a_parent(school, 1)
    key = await school.name(0)
    clock_of(school, 12)
    await school.send(taken(school.refs[1], 10, key))

    await school.write()

    (notice,) = await told_of(school, mother)
    assert UNCLE not in told(notice, Language.EN)
    assert "somebody who may collect the child" in told(notice, Language.EN)
    await school.close()
