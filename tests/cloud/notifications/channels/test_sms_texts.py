"""SMS: to the number that the school knows, within what a month may cost, never twice, never without being counted."""

from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.core.services import Services
from cloud.core.sms import SmsNotSent, SmsRefused, SmsUnanswered, Text, parts_of
from cloud.notifications.channels.actions import LimitRefused, limit_sms, try_again
from cloud.notifications.channels.choices import ALL, save_scope
from cloud.notifications.channels.queries import went_at
from cloud.notifications.channels.queue import LEASE
from cloud.notifications.channels.registry import lasts_of
from cloud.notifications.channels.rules import Choice, Scope
from cloud.notifications.channels.sms_texts import RESTS_S, TextSender
from cloud.notifications.kinds import Kind
from cloud.notifications.teller import Teller
from cloud.people.bulk import PHONE
from tests.cloud.notifications.channels.factory import Recorder, Told, told
from tests.cloud.notifications.channels.test_delivering import killed_in_the_middle
from tests.cloud.notifications.factory import ALL as EVERYBODY
from tests.cloud.notifications.factory import Parent
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.sms_gateway import Gateway, a_gateway

BY_SMS = Scope(choices={Kind.TOPUP.value: Choice(frozenset({"sms"}), is_urgent=False)})


@pytest.fixture(name="gateway")
async def _gateway() -> AsyncIterator[Gateway]:
    async with a_gateway() as gateway:
        yield gateway


@pytest.fixture(name="school")
async def _school(services: Services, gateway: Gateway) -> AsyncIterator[Told]:
    async with told(services, TextSender(gateway.client())) as school:
        yield school


async def test_a_notice_comes_by_sms_in_parts_that_are_counted_as_they_are_paid(school: Told, gateway: Gateway) -> None:
    await texted(school)

    await school.happened()

    (text,) = gateway.simulated.taken
    assert "500" in text.words
    assert await school.states() == [("sms", "sent", "")]
    assert await counted(school) == text.parts == parts_of(text.words)


@pytest.mark.requirement("KZ456-24", part="notification")
async def test_a_meal_sold_at_the_till_is_a_text_on_the_parents_phone_in_their_language(
    school: Told, gateway: Gateway
) -> None:
    parent = await texted(school)
    await school.pool.execute("UPDATE account SET language = 'ru' WHERE id = $1", parent.account_id)
    meals = Scope(choices={Kind.MEAL_TAKEN.value: Choice(frozenset({"sms"}), is_urgent=False)})
    await save_scope(school.services, parent.actor, ALL, meals)
    now_ms = int(school.services.clock.now().timestamp() * 1_000)
    await school.canteen.send(*school.canteen.sold(0, 577_00, wall_ms=now_ms), now_ms=now_ms)
    await school.canteen.project()

    await Teller(school.services, lambda: EVERYBODY, lasts_of(school.senders)).tell_all()
    await school.deliver()

    (text,) = gateway.simulated.taken
    assert text.to == await number_of(school, parent)
    assert "577 ₸" in text.words.replace("\xa0", " ")
    assert "Со счёта списано" in text.words
    assert await school.states() == [("sms", "sent", "")]


async def test_the_schools_month_is_not_gone_beyond_whoever_sends_at_once(school: Told, gateway: Gateway) -> None:
    for _ in range(5):
        await texted(school)
    await school.happened()
    each = gateway.simulated.taken[0].parts
    await limit_sms(school.services, SYSTEM, school.canteen.school_id, str(7 * each + each - 1))

    await school.happened()

    states = await school.states()
    assert len(gateway.simulated.taken) == states.count(("sms", "sent", "")) == 7
    assert states.count(("sms", "skipped", "sms_cap")) == 3
    assert await counted(school) == 7 * each


async def test_the_next_month_has_its_own_parts(school: Told, gateway: Gateway) -> None:
    await texted(school)
    await school.happened()
    await limit_sms(school.services, SYSTEM, school.canteen.school_id, str(gateway.simulated.taken[0].parts))
    school.pass_time(timedelta(days=31))

    await school.happened()

    assert len(gateway.simulated.taken) == 2


async def test_a_school_limits_itself_below_what_the_service_allows_and_not_above(school: Told) -> None:
    school_id = school.canteen.school_id
    for typed in ("", "-1", "1e3", "99999999", "٣"):
        with pytest.raises(LimitRefused):
            await limit_sms(school.services, SYSTEM, school_id, typed)

    await limit_sms(school.services, SYSTEM, school_id, " 20 ")

    went = await went_at(school.services, SYSTEM, school_id, (await zone(school)))
    assert (went.sms_parts, went.sms_limit) == (0, 20)


@pytest.mark.parametrize(
    ("trouble", "state", "why"),
    [("lost", "sent", "sms_unanswered: status 502"), ("rubbish", "sent", "sms_unanswered: not readable")],
)
async def test_a_text_that_was_charged_and_not_answered_is_counted_and_never_sent_again(
    school: Told, gateway: Gateway, trouble: str, state: str, why: str
) -> None:
    await texted(school)
    gateway.simulated.trouble = trouble

    await school.happened()
    gateway.simulated.trouble = "none"
    school.pass_time(timedelta(hours=1))
    await school.deliver()

    assert gateway.simulated.asked == len(gateway.simulated.taken) == 1
    assert await school.states() == [("sms", state, why)]
    assert await counted(school) > 0


async def test_a_gateway_without_money_rests_gives_the_parts_back_and_is_asked_again(
    school: Told, gateway: Gateway
) -> None:
    await texted(school)
    gateway.simulated.parts_left = 0

    await school.happened()
    before = await counted(school)
    gateway.simulated.parts_left = None
    school.pass_time(timedelta(seconds=RESTS_S + 1))
    await school.deliver()

    assert before == 0
    assert len(gateway.simulated.taken) == 1
    assert await school.states() == [("sms", "sent", "")]


async def test_a_number_that_is_none_is_removed_and_costs_nothing(school: Told, gateway: Gateway) -> None:
    parent = await texted(school)
    gateway.simulated.refused[await number_of(school, parent)] = 7

    await school.happened()

    assert await school.states() == [("sms", "dead", "sms_number: 7")]
    assert await counted(school) == 0
    assert await school.pool.fetchval("SELECT gone_why FROM channel_address") == "sms_number: 7"


async def test_a_number_that_the_school_changed_is_sent_nothing_and_asked_for_anew(
    school: Told, gateway: Gateway
) -> None:
    parent = await texted(school)
    await school.tell(await school.fact())
    digest = school.services.vault.digest("+77019999999", PHONE)
    await school.pool.execute("UPDATE guardian SET phone_digest = $2 WHERE id = $1", parent.guardian_id, digest)

    await school.deliver()

    assert gateway.simulated.asked == 0
    assert await school.states() == [("sms", "skipped", "no_address")]
    assert await school.pool.fetchval("SELECT gone_why FROM channel_address") == "changed"


async def test_a_number_of_another_country_costs_nothing(school: Told, gateway: Gateway) -> None:
    parent = await texted(school)
    await school.pool.execute("DELETE FROM channel_address")
    digest = school.services.vault.digest("+15550001122", PHONE)
    await school.pool.execute("UPDATE guardian SET phone_digest = $2 WHERE id = $1", parent.guardian_id, digest)
    await school.address(parent, "sms", "+15550001122")

    await school.happened()

    assert (gateway.simulated.asked, await counted(school)) == (0, 0)
    assert await school.states() == [("sms", "dead", "sms_abroad")]


async def test_a_worker_killed_while_a_text_goes_sends_it_never_again_and_the_office_sees_it(school: Told) -> None:
    stuck = Recorder("sms", TextSender(Failing(SmsNotSent("x"))).traits, hangs=True)
    await texted(school)
    await school.tell(await school.fact())

    await killed_in_the_middle(school, stuck, 1)
    school.pass_time(LEASE + timedelta(seconds=1))
    await school.deliver({"sms": stuck})

    assert len(stuck.given) == 1
    assert await school.states() == [("sms", "dead", "unknown")]
    assert await counted(school) > 0
    (dead,) = (await went_at(school.services, SYSTEM, school.canteen.school_id, await zone(school))).dead
    assert dead.may_have_come


async def test_what_was_given_up_is_tried_again_when_the_office_says_so_and_may_still_be_told(
    school: Told, gateway: Gateway
) -> None:
    await texted(school)
    gateway.simulated.refused[await school_number(school)] = 6
    await school.happened()
    (dead,) = (await went_at(school.services, SYSTEM, school.canteen.school_id, await zone(school))).dead
    gateway.simulated.refused.clear()
    school.pass_time(timedelta(hours=5))

    again = await try_again(school.services, SYSTEM, school.canteen.school_id, [dead.id], lasts_of(school.senders))
    elsewhere = await try_again(school.services, SYSTEM, school.canteen.school_id + 1, [dead.id], {})
    await school.deliver()

    assert (again, elsewhere) == (1, 0)
    assert await school.states() == [("sms", "sent", "")]
    assert "07:00" in gateway.simulated.taken[0].words


@pytest.mark.parametrize("error", [SmsNotSent("sms_unreached: x"), SmsRefused("sms_text: 6"), SmsUnanswered("x")])
async def test_no_outcome_of_a_gateway_is_lost(school: Told, error: Exception) -> None:
    await texted(school)

    await school.tell(await school.fact())
    await school.deliver({"sms": TextSender(Failing(error))})

    ((_, state, why),) = await school.states()
    assert why == str(error)
    assert state in {"failed", "dead", "sent"}


class Failing:
    """A gateway that fails in one way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def send(self, text: Text) -> str:
        assert text.words
        raise self._error


async def texted(school: Told) -> Parent:
    """Add a guardian who chose SMS, to the number that the school knows."""
    parent = await school.parent(0, channels=())
    await school.address(parent, "sms", await number_of(school, parent))
    await save_scope(school.services, parent.actor, ALL, BY_SMS)
    return parent


async def number_of(school: Told, parent: Parent) -> str:
    sealed = await school.pool.fetchval("SELECT phone_encrypted FROM guardian WHERE id = $1", parent.guardian_id)
    return school.services.vault.decrypt(sealed, PHONE)


async def school_number(school: Told) -> str:
    sealed = await school.pool.fetchval("SELECT phone_encrypted FROM guardian ORDER BY id LIMIT 1")
    return school.services.vault.decrypt(sealed, PHONE)


async def counted(school: Told) -> int:
    """Return how many parts the school's months were counted."""
    return int(await school.pool.fetchval("SELECT coalesce(sum(parts), 0) FROM sms_month"))


async def zone(school: Told) -> ZoneInfo:
    return ZoneInfo(await school.pool.fetchval("SELECT zone FROM school WHERE id = $1", school.canteen.school_id))
