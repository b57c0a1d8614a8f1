"""What is asked of the gates' book: days, gates, kinds, words; and with whom children left."""

from datetime import timedelta

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.gatebook.kinds import Deed
from cloud.gatebook.queries import PAGE, Asked, book_of, handovers_of, lines_of
from cloud.retention.actions import delete_due
from simulators.clock import SimulatedClock
from tests.cloud.gatebook.factory import DAY, HOST, UNCLE, Gates, at, came, gates, opened, ordered, taken
from tests.cloud.schools.factory import SYSTEM


@pytest.fixture
async def school(services: Services) -> Gates:
    return await gates(services)


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        (Asked(DAY, DAY), 4),
        (Asked(DAY - timedelta(days=9), DAY - timedelta(days=1)), 0),
        (Asked(DAY, DAY, gate="lane"), 1),
        (Asked(DAY, DAY, deed=Deed.DELIVERY), 1),
        (Asked(DAY, DAY, words="астық"), 1),
        (Asked(DAY, DAY, words="ахметова"), 1),
        (Asked(DAY, DAY, words="сейітова"), 4),
        (Asked(DAY, DAY, words="%"), 0),
        (Asked(DAY, DAY, words="_"), 0),
        (Asked(DAY, DAY, words="17"), 1),
    ],
)
async def test_lines_are_found_by_what_is_asked(school: Gates, asked: Asked, count: int) -> None:
    await school.send(
        came("1", 1, host=HOST, badge="17"), came("2", 2, "delivery", firm="Сүт Астық"), opened(3), ordered(4, "fire")
    )
    await school.write()

    book = await book_of(school.services, SYSTEM, school.school_id, asked, DAY)

    assert (book.count, len(book.lines)) == (count, count)
    assert len(await lines_of(school.services, SYSTEM, school.school_id, asked)) == count
    await school.close()


async def test_a_long_book_has_pages(school: Gates) -> None:
    await school.send(*(opened(number % 60, str(number)) for number in range(PAGE + 2)))
    await school.write()

    first = await book_of(school.services, SYSTEM, school.school_id, Asked(DAY, DAY), DAY)
    second = await book_of(school.services, SYSTEM, school.school_id, Asked(DAY, DAY), DAY, 2)

    assert (first.count, len(first.lines), len(second.lines)) == (PAGE + 2, PAGE, 2)
    assert {each.detail for each in first.lines}.isdisjoint({each.detail for each in second.lines})
    await school.close()


async def test_with_whom_children_left_is_known_by_day(school: Gates) -> None:
    key = await school.name(0)
    await school.send(taken(school.refs[0], 10, key), taken(school.refs[0], 11, reason="parent_asked"))
    await school.write()

    found = await handovers_of(school.services, school.school_id, school.refs, DAY, DAY)

    assert [(each.at, each.with_whom, each.is_exception, each.reason) for each in found[school.refs[0]][DAY]] == [
        (at(10), UNCLE, False, ""), (at(11), "", True, "parent_asked")
    ]  # fmt: skip
    assert await handovers_of(school.services, school.school_id + 1, school.refs, DAY, DAY) == {}
    await school.close()


@pytest.mark.parametrize("role", [Role.GUARDIAN, Role.CLASS_TEACHER, Role.CASHIER])
async def test_nobody_else_reads_the_book(school: Gates, role: Role) -> None:
    actor = Actor("x", None, frozenset({Reach(role, school.school_id)}))

    with pytest.raises(NotAllowed):
        await book_of(school.services, actor, school.school_id, Asked(DAY, DAY), DAY)
    with pytest.raises(NotAllowed):
        await lines_of(school.services, actor, school.school_id, Asked(DAY, DAY))
    await school.close()


async def test_lines_go_after_two_years(school: Gates) -> None:
    await school.send(opened(3))
    await school.write()
    clock = school.services.clock
    assert isinstance(clock, SimulatedClock)

    for days in (2 * 365 - 5, 30, 30, 30):
        clock.advance(days * 86_400)
        await delete_due(school.services)

    assert await school.pool.fetchval("SELECT count(*) FROM gate_deed") == 0
    await school.close()
