"""The outbox: places without gaps, channels that go on where they were, marks of reading, and forgetting."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed
from cloud.core.page_wakeups import CHANNEL, opened
from cloud.core.services import Services
from cloud.notifications.actions import forget_notices, mark_read
from cloud.notifications.live_pages import key_of
from cloud.notifications.outbox import drain
from cloud.notifications.queries import counts_of, notices_of, told_of_child, unread_of
from tests.cloud.core.test_wakeups import heard
from tests.cloud.meals.factory import NOON, Canteen
from tests.cloud.notifications.factory import ALL, Heard, a_parent, tell_all
from tests.cloud.schools.factory import SYSTEM


@pytest.fixture(name="canteen")
async def _canteen(services: Services) -> AsyncIterator[Canteen]:
    """Return a canteen that sold a meal to each of three children, which nobody was told of yet."""
    canteen = await Canteen(services).open(tills=("till-1", "till-2"))
    await canteen.send(*canteen.sold(0, 577_00), *canteen.sold(1, 577_00), *canteen.sold(2, 577_00))
    await canteen.project()
    yield canteen
    await canteen.close()


async def test_a_channel_is_given_every_notice_once_in_order_a_few_at_a_time(canteen: Canteen) -> None:
    await a_parent(canteen, 0, 1, 2)
    await tell_all(canteen.services)
    channel = Heard()

    while await drain(canteen.pool, channel, ALL, most=2):
        pass

    assert [each.position for each in channel.given] == [1, 2, 3, 4, 5, 6]
    assert [each.person for each in channel.given if each.kind.value == "meal_taken"] == canteen.refs


async def test_a_channel_that_failed_is_given_the_same_again(canteen: Canteen) -> None:
    await a_parent(canteen, 0)
    await tell_all(canteen.services)
    channel = Heard()
    channel.failures = 1

    with pytest.raises(OSError, match="cut"):
        await drain(canteen.pool, channel, ALL)
    while await drain(canteen.pool, channel, ALL):
        pass

    ids = [each.id for each in channel.given]
    assert ids[: len(ids) // 2] == ids[len(ids) // 2 :] != []


async def test_channels_do_not_move_each_others_cursors_nor_look_at_other_shards(canteen: Canteen) -> None:
    await a_parent(canteen, 0)
    await tell_all(canteen.services)
    (shard,) = {row["shard"] for row in await canteen.pool.fetch("SELECT shard FROM outbox")}
    one, other = Heard(), Heard()
    other.name = "other"

    assert await drain(canteen.pool, one, [each for each in ALL if each != shard]) == 0
    assert await drain(canteen.pool, one, ALL) == await drain(canteen.pool, other, [shard]) > 0


async def test_an_open_page_of_who_is_told_is_woken(canteen: Canteen) -> None:
    parent = await a_parent(canteen, 0)
    subscription = await canteen.services.wakeups.subscribe(CHANNEL)

    await tell_all(canteen.services)

    told = opened(canteen.services.vault, await heard(subscription))
    assert told == [":".join(map(str, key_of(parent.account_id)))]


async def test_a_guardian_reads_the_own_notices_up_to_what_was_shown(canteen: Canteen) -> None:
    services, mother, father = canteen.services, await a_parent(canteen, 0, 1), await a_parent(canteen, 0)
    await tell_all(services)
    page = await notices_of(services, mother.actor, most=2)
    before = await unread_of(services, mother.actor)

    await mark_read(services, mother.actor, page.notices[-1].id)

    assert (before, await unread_of(services, mother.actor), await unread_of(services, father.actor)) == (4, 1, 2)
    assert await counts_of(services, mother.actor) == {"notices": 1}
    await mark_read(services, mother.actor, page.newest, canteen.refs[0])
    assert await counts_of(services, SYSTEM) == {}


async def test_pages_of_notices_leave_none_out(canteen: Canteen) -> None:
    services, parent = canteen.services, await a_parent(canteen, 0, 1, 2)
    await tell_all(services)
    seen, before = list[int](), None

    for _ in range(3):
        page = await notices_of(services, parent.actor, before=before, most=2)
        seen += [each.id for each in page.notices]
        before = page.older

    assert (len(set(seen)), before) == (6, None)
    assert seen == sorted(seen, reverse=True)
    of_one = await notices_of(services, parent.actor, child=canteen.refs[1])
    assert {each.person for each in of_one.notices} == {canteen.refs[1]}


async def test_a_password_that_must_change_reads_nothing(canteen: Canteen) -> None:
    services, parent = canteen.services, await a_parent(canteen, 0)
    await tell_all(services)
    newcomer = replace(parent.actor, must_change=True)

    await mark_read(services, newcomer, 2**62)

    assert (await notices_of(services, newcomer)).notices == []
    assert await unread_of(services, newcomer) == 0
    assert await unread_of(services, parent.actor) == 2


async def test_the_office_sees_one_line_a_fact_with_who_was_told_and_a_stranger_none(canteen: Canteen) -> None:
    services = canteen.services
    parents = [await a_parent(canteen, 0), await a_parent(canteen, 0)]
    await tell_all(services)
    person_id = await canteen.pool.fetchval("SELECT id FROM person WHERE ref = $1", canteen.refs[0])

    rows = await told_of_child(services, SYSTEM, canteen.school_id, person_id)

    assert [len(names) for _, names in rows] == [2, 2]
    assert {notice.kind.value for notice, _ in rows} == {"meal_taken", "low_balance"}
    assert all(notice.read_at is None for notice, _ in rows)
    with pytest.raises(NotAllowed):
        await told_of_child(services, Actor("Nobody", parents[0].account_id), canteen.school_id, person_id)
    assert await told_of_child(services, SYSTEM, canteen.school_id + 1, person_id) == []


async def test_old_notices_are_forgotten_and_not_told_again(canteen: Canteen) -> None:
    services, parent = canteen.services, await a_parent(canteen, 0)
    await tell_all(services)
    days = services.settings.notice_days
    await canteen.pool.execute("UPDATE notice SET told_at = $1", services.clock.now() - timedelta(days=days, seconds=1))
    await canteen.send(*canteen.sold(0, 1_00, wall_ms=int(NOON.timestamp() * 1000)))
    await canteen.project()
    await tell_all(services)

    await forget_notices(services)
    await tell_all(services)

    (left,) = (await notices_of(services, parent.actor)).notices
    assert left.detail.amount_tiyn == 1_00
    assert await canteen.pool.fetchval("SELECT count(*) FROM outbox") == 1
