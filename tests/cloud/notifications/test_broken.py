"""Of an order that cannot be had as it was made guardians are told once, and again only when another dish goes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.menu.menus import set_menu
from cloud.menu.ordering import Ordered
from cloud.menu.preorders import BrokenOrder, cancel, order
from cloud.menu.queries import MealRow
from cloud.menu.rules import Names
from cloud.notifications.broken import Place, fact_of, tell_broken
from cloud.notifications.kinds import CLOSED, Detail, Kind, Named
from cloud.notifications.queries import NoticeRow, notices_of
from cloud.schools.calendar import set_day
from cloud.schools.models import DayKind
from cloud.schools.rules import Day
from simulators.clock import SimulatedClock
from tests.cloud.menu.factory import SOUP, TEA, Canteen
from tests.cloud.schools.factory import SYSTEM

ALL = range(64)
DAY_S = 86_400
WEDNESDAY = date(2026, 9, 2)
NOON = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)  # of the day before; orders for Wednesday close at 18:00, 13:00 UTC
LUNCH = MealRow("lunch", Names("Түскі ас", "Обед", "Lunch"), 720, 840, is_ended=False)
PLACE = Place(1, ZoneInfo("Asia/Almaty"), 1_080, {"lunch": LUNCH})
ORDERED = Ordered(7, 3, "0" * 12, None, WEDNESDAY, "lunch", NOON, "Әліби Сауле", (("soup", 1), ("tea", 1)))
NO_SOUP = BrokenOrder(ORDERED, (SOUP.names,), is_closed=False)
NO_LESSONS = BrokenOrder(ORDERED, (), is_closed=True)


def named(names: Names) -> Named:
    return Named(names.kk, names.ru, names.en)


def told(broken: BrokenOrder, *before: Detail, now: datetime = NOON) -> Detail | None:
    fact = fact_of(broken, PLACE, before, now)
    return None if fact is None else fact.detail


# The rule


def test_a_dish_that_went_is_told_with_its_day_meal_and_until_when_another_can_be_chosen() -> None:
    fact = fact_of(NO_SOUP, PLACE, (), NOON)

    assert fact is not None
    assert (fact.kind, fact.school_id, fact.person_id, fact.at) == (Kind.PREORDER_BROKEN, 1, 3, NOON)
    assert fact.detail == Detail(
        meal=named(LUNCH.names), dishes=(named(SOUP.names),), on=WEDNESDAY, until=NOON + timedelta(hours=6)
    )


def test_after_orders_closed_it_is_told_without_until_when() -> None:
    detail = told(NO_SOUP, now=NOON + timedelta(hours=6))

    assert detail is not None
    assert detail.until is None


def test_a_dish_is_told_once_and_another_that_goes_is_told_alone_as_a_fact_of_its_own() -> None:
    first = fact_of(NO_SOUP, PLACE, (), NOON)
    assert first is not None
    neither = replace(NO_SOUP, gone=(SOUP.names, TEA.names))
    second = fact_of(neither, PLACE, (first.detail,), NOON)
    assert second is not None

    assert second.detail.dishes == (named(TEA.names),)
    assert first.key != second.key
    assert told(NO_SOUP, first.detail) is None
    assert told(neither, first.detail, second.detail) is None
    assert told(replace(NO_SOUP, gone=(TEA.names,)), first.detail, second.detail) is None


def test_a_day_without_lessons_is_told_once_whatever_is_off_the_menu() -> None:
    closed = told(replace(NO_LESSONS, gone=(SOUP.names,)))

    assert closed == Detail(meal=named(LUNCH.names), on=WEDNESDAY, reason=CLOSED)
    assert told(NO_LESSONS, closed) is None
    assert told(NO_SOUP, closed) is not None


@pytest.mark.parametrize("broken", [NO_SOUP, NO_LESSONS])
def test_until_the_meal_is_over_it_is_told_and_never_after(broken: BrokenOrder) -> None:
    over = datetime(2026, 9, 2, 9, 0, tzinfo=UTC)  # 14:00 at the school

    assert told(broken, now=over - timedelta(seconds=1)) is not None
    assert told(broken, now=over) is None
    assert told(broken, now=over + timedelta(days=3)) is None


# At a school


async def ordered(services: Services) -> tuple[Canteen, Actor, str, date]:
    """Return a canteen, and a parent who ordered soup and tea for tomorrow's lunch."""
    canteen = await Canteen(services).open()
    on = canteen.on + timedelta(days=1)
    await canteen.offer("lunch", "soup", "tea", on=on, sold="lunch")
    person_id, ref = await canteen.child()
    parent = await canteen.parent(person_id)
    await order(services, parent, ref, on, "lunch", [canteen.keys["soup"], canteen.keys["tea"]])
    return canteen, parent, ref, on


async def offered(canteen: Canteen, on: date, *names: str) -> None:
    keys = [canteen.keys[name] for name in names]
    await set_menu(canteen.services, canteen.cook, canteen.school_id, on, "lunch", keys)


async def looked(services: Services, parent: Actor) -> list[NoticeRow]:
    """Let the worker look twice, and return what the parent was told, oldest first."""
    for _ in range(2):
        await tell_broken(services, ALL)
    return (await notices_of(services, parent)).notices[::-1]


async def test_guardians_are_told_once_and_again_only_when_another_dish_goes(services: Services) -> None:
    canteen, parent, ref, on = await ordered(services)
    whole = await looked(services, parent)

    await offered(canteen, on, "lunch", "tea")
    (first,) = await looked(services, parent)
    await offered(canteen, on, "lunch", "soup", "tea")
    back = await looked(services, parent)
    await offered(canteen, on, "lunch", "tea")
    again = await looked(services, parent)
    await offered(canteen, on, "lunch")
    told_now = await looked(services, parent)

    assert whole == []
    assert (first.kind, first.person, first.detail.on) == (Kind.PREORDER_BROKEN, ref, on)
    assert back == again == [first]
    assert [[dish.en for dish in each.detail.dishes] for each in told_now] == [["Borscht"], ["Tea"]]


async def test_a_day_without_lessons_is_told_at_its_school_only_by_whose_shard_it_is(services: Services) -> None:
    canteen, parent, _, on = await ordered(services)
    await set_day(services, SYSTEM, canteen.school_id, on, Day(DayKind.HOLIDAY))
    shard = await services.database.pool.fetchval("SELECT shard FROM school WHERE id = $1", canteen.school_id)

    await tell_broken(services, [each for each in ALL if each != shard])
    by_others = (await notices_of(services, parent)).notices
    (notice,) = await looked(services, parent)

    assert by_others == []
    assert (notice.detail.reason, notice.detail.dishes, notice.detail.on) == (CLOSED, (), on)


async def test_what_was_cancelled_and_what_is_over_is_never_told(services: Services, clock: SimulatedClock) -> None:
    canteen, parent, ref, on = await ordered(services)
    later = [on + timedelta(days=1), on + timedelta(days=2)]
    for each in later:
        await canteen.offer("soup", "tea", on=each)
        await order(services, parent, ref, each, "lunch", [canteen.keys["soup"]])
    await cancel(services, parent, ref, later[0], "lunch")
    for each in (on, *later):
        await offered(canteen, each, "tea")
    clock.advance(2 * DAY_S)  # the first meal is over, the second was cancelled

    (notice,) = await looked(services, parent)

    assert notice.detail.on == later[1]
