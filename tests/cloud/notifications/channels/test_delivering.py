"""The queue of deliveries on a real database: once each, tried again, given up, never to who may not be told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from cloud.core.services import Services
from cloud.notifications.channels.addresses import addresses_of, remove_address
from cloud.notifications.channels.choices import ALL, save_scope
from cloud.notifications.channels.confirming import confirm
from cloud.notifications.channels.delivering import Deliverer, Line
from cloud.notifications.channels.planning import KINDS, chosen_as
from cloud.notifications.channels.queue import LEASE, claim
from cloud.notifications.channels.rules import TRIES_MAX, Choice, Quiet, Scope
from cloud.notifications.channels.sender import (
    Address,
    Confirmed,
    Gone,
    Later,
    Message,
    Outcome,
    Paused,
    Refused,
    Traits,
)
from cloud.notifications.kinds import Detail, Kind
from cloud.notifications.outbox import Outgoing
from cloud.people.actions import note_answer
from cloud.people.consents import Answer
from cloud.people.family import note_limit
from cloud.people.kinds import FamilyRight, Purpose, Says, Way
from tests.cloud.notifications.channels.factory import Recorder, Told, told
from tests.cloud.schools.factory import SYSTEM
from tests.waiting import until_async

PUSH_THEN_SMS = Scope(steps=("sms",))
MINUTE = timedelta(minutes=1)


@pytest.fixture(name="push")
def _push() -> Recorder:
    return Recorder()


@pytest.fixture(name="sms")
def _sms() -> Recorder:
    return Recorder("sms")


@pytest.fixture(name="school")
async def _school(services: Services, push: Recorder, sms: Recorder) -> AsyncIterator[Told]:
    async with told(services, push, sms) as school:
        yield school


async def test_a_notice_comes_to_each_of_a_guardians_phones_in_whole_sentences_and_their_language(
    school: Told, push: Recorder
) -> None:
    parent = await school.parent(0)
    await school.address(parent, "webpush", "tablet")
    await school.pool.execute("UPDATE account SET language = 'ru' WHERE id = $1", parent.account_id)

    await school.happened()

    (one, first), (two, second) = push.given
    assert {first.value, second.value} == {f"webpush-{parent.account_id}", "tablet"}
    assert one.body == two.body
    assert "500 ₸" in one.body.replace("\xa0", " ")
    assert one.language == "ru"
    assert one.url == "https://esik.test/notices"
    assert one.id != two.id
    assert {state for _, state, _ in await school.states()} == {"sent"}


async def test_a_fact_that_is_met_again_is_told_once_ever(school: Told, push: Recorder) -> None:
    parent = await school.parent(0)
    fact = await school.fact()

    for _ in range(3):
        await school.tell(fact)
        await school.deliver()
    await school.pool.execute("DELETE FROM channel_cursor")  # as when the worker died before it moved
    await school.address(parent, "webpush", "bought since")
    await school.plan()
    await school.deliver()

    assert len(push.given) == 1


async def test_a_channel_that_is_connected_later_is_sent_nothing_of_before(school: Told, push: Recorder) -> None:
    parent = await school.parent(0, channels=())
    await school.happened()

    await school.address(parent, "webpush")
    await school.happened()

    assert len(push.given) == 1


async def test_a_try_that_failed_is_repeated_with_longer_pauses_until_it_is_given_up(
    school: Told, push: Recorder
) -> None:
    await school.parent(0)
    push.outcomes = [Later("push_500")] * 99
    await school.happened()
    seen = await school.states()

    for _ in range(60):
        school.pass_time(timedelta(seconds=150))
        await school.deliver()

    assert seen == [("webpush", "failed", "push_500")]
    assert await school.states() == [("webpush", "dead", "push_500")]
    assert 3 < len(push.given) <= TRIES_MAX


async def test_a_carriers_own_word_of_when_to_come_back_is_kept_to(school: Told, push: Recorder) -> None:
    await school.parent(0)
    push.outcomes = [Later("push_429", after_s=600)]
    await school.happened()

    school.pass_time(timedelta(seconds=590))
    await school.deliver()
    early = len(push.given)
    school.pass_time(timedelta(seconds=80))
    await school.deliver()

    assert (early, len(push.given)) == (1, 2)
    assert await school.states() == [("webpush", "sent", "")]


async def test_what_would_come_too_late_is_given_up_and_not_sent(school: Told, push: Recorder) -> None:
    await school.parent(0)
    push.outcomes = [Later("push_429", after_s=3 * 3_600)]
    await school.happened()
    assert await school.states() == [("webpush", "dead", "push_429")]
    await school.tell(await school.fact())

    school.pass_time(timedelta(hours=2, seconds=1))
    await school.deliver()

    assert await school.states() == [("webpush", "dead", "push_429"), ("webpush", "dead", "too_late")]
    assert len(push.given) == 1


async def test_a_channel_that_takes_nothing_rests_and_that_was_no_try(school: Told, push: Recorder) -> None:
    await school.parent(0)
    push.traits = Traits(together=1)
    push.outcomes = [Paused("telegram_429", 30)]

    await school.tell(await school.fact(), await school.fact())
    await school.deliver()
    first = len(push.given)
    school.pass_time(timedelta(seconds=31))
    await school.deliver()

    assert (first, len(push.given)) == (1, 3)
    assert await school.pool.fetchval("SELECT array_agg(tries ORDER BY id) FROM delivery") == [1, 1]


async def test_a_message_that_is_refused_for_good_is_a_dead_letter_at_once(school: Told, push: Recorder) -> None:
    await school.parent(0)
    push.outcomes = [Refused("push_413")]

    await school.happened()
    school.pass_time(timedelta(hours=1))
    await school.deliver()

    assert await school.states() == [("webpush", "dead", "push_413")]
    assert len(push.given) == 1


async def test_an_address_where_nobody_is_any_more_is_forgotten_and_its_owner_is_told_on_the_page(
    school: Told, push: Recorder
) -> None:
    parent = await school.parent(0)
    push.outcomes = [Gone("push_410")]

    await school.happened()
    await school.happened()

    assert len(push.given) == 1
    (left,) = await addresses_of(school.services, parent.account_id)
    assert (left.gone_why, left.gone_at) == ("push_410", school.services.clock.now())
    assert await school.pool.fetchval("SELECT value_encrypted FROM channel_address") is None
    assert await school.states() == [("webpush", "dead", "push_410")]


async def test_an_address_that_was_removed_meanwhile_is_sent_nothing(school: Told, push: Recorder) -> None:
    parent = await school.parent(0)
    await school.tell(await school.fact())
    (address,) = await addresses_of(school.services, parent.account_id)

    await remove_address(school.pool, parent.account_id, address.id)
    await school.deliver()

    assert push.given == []
    assert await school.states() == [("webpush", "skipped", "no_address")]


async def test_a_sender_that_raises_is_one_try_and_the_others_go_on(school: Told, push: Recorder) -> None:
    await school.parent(0)
    await school.parent(0)
    push.outcomes = [RuntimeError("77010000001 must not be logged")]

    with capture_logs() as logs:
        await school.happened()

    assert sorted(state for _, state, _ in await school.states()) == ["failed", "sent"]
    assert "7701" not in str(logs)


async def test_a_guardian_removed_by_court_while_a_message_is_in_flight_is_told_nothing(
    school: Told, push: Recorder
) -> None:
    mother, father = await school.parent(0), await school.parent(0)
    push.outcomes = [Later("push_500"), Later("push_500")]
    await school.happened()
    fact = await school.fact()
    person_id = fact.person_id
    await school.tell(fact)

    await note_limit(school.services, SYSTEM, father.guardian_id, person_id, {FamilyRight.NOTICES}, "№ 7")
    school.pass_time(MINUTE)
    await school.deliver()

    told_again = [to.account_id for _, to in push.given[2:]]
    assert told_again == [mother.account_id] * 2
    assert [why for _, state, why in await school.states() if state == "skipped"] == ["no_right"] * 2


async def test_a_guardian_whose_account_is_closed_or_who_withdrew_is_told_nothing(school: Told, push: Recorder) -> None:
    closed, withdrew = await school.parent(0), await school.parent(1)
    second = await school.fact(1)
    await school.tell(await school.fact(0), second)

    await school.pool.execute("UPDATE account SET is_active = false WHERE id = $1", closed.account_id)
    answer = Answer(
        person_id=second.person_id, purpose=Purpose.NOTICES, says=Says.NO, on=school.services.clock.now().date(),
        way=Way.APP, guardian_id=withdrew.guardian_id,
    )  # fmt: skip
    await note_answer(school.services, SYSTEM, answer)
    await school.deliver()

    assert push.given == []
    assert {why for _, _, why in await school.states()} == {"no_right"}


async def test_a_worker_killed_between_send_and_mark_sends_once_more_and_that_is_counted(school: Told) -> None:
    push = Recorder(hangs=True)
    await school.parent(0)
    await school.tell(await school.fact())

    for times in (1, 2):
        await killed_in_the_middle(school, push, times)
        school.pass_time(LEASE + timedelta(seconds=1))
    await school.deliver({"webpush": push})

    assert len(push.given) == 2
    assert await school.pool.fetchval("SELECT doubled FROM delivery") == 1
    assert await school.states() == [("webpush", "dead", "unknown")]  # the office sees it, and may send it again


async def test_what_another_worker_left_is_sent_once_more_after_its_lease_and_counted(
    school: Told, push: Recorder
) -> None:
    await school.parent(0)
    await school.tell(await school.fact())
    await claim(school.services, "webpush", 10)  # and dies with it

    await school.deliver()
    before = len(push.given)
    school.pass_time(LEASE + timedelta(seconds=1))
    with capture_logs() as logs:
        await school.deliver()

    assert (before, len(push.given)) == (0, 1)
    assert await school.pool.fetchval("SELECT doubled FROM delivery") == 1
    assert [each["event"] for each in logs] == ["delivery.doubled"]
    assert await school.states() == [("webpush", "sent", "")]


async def test_a_mark_that_comes_after_its_lease_changes_nothing_of_the_next_try(school: Told, push: Recorder) -> None:
    await school.parent(0)
    await school.tell(await school.fact())
    line = Line(school.services, push)
    (old,) = await claim(school.services, "webpush", 10)
    school.pass_time(LEASE + timedelta(seconds=1))
    push.outcomes = [Confirmed()]
    await school.deliver()

    await line._note(await line._noted(old, Refused("late")))

    assert await school.states() == [("webpush", "confirmed", "")]


async def test_two_deliverers_at_once_send_each_message_once(school: Told, push: Recorder) -> None:
    for _ in range(10):
        await school.parent(0)
    await school.tell(*[await school.fact() for _ in range(4)])

    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(school.deliver())

    assert len({message.id for message, _ in push.given}) == len(push.given) == 40


async def test_a_push_that_is_not_confirmed_in_a_minute_is_followed_by_an_sms(
    school: Told, push: Recorder, sms: Recorder
) -> None:
    parent = await school.parent(0, channels=("webpush", "sms"))
    await own_number(school, parent.guardian_id, f"sms-{parent.account_id}")
    await save_scope(school.services, parent.actor, ALL, PUSH_THEN_SMS)
    await school.happened()

    school.pass_time(timedelta(seconds=59))
    await school.deliver()
    early = len(sms.given)
    school.pass_time(timedelta(seconds=2))
    await school.deliver()

    assert (len(push.given), early, len(sms.given)) == (1, 0, 1)


@pytest.mark.parametrize("how", ["confirmed by the phone", "read on the page"])
async def test_what_has_arrived_is_followed_by_nothing(school: Told, push: Recorder, sms: Recorder, how: str) -> None:
    parent = await school.parent(0, channels=("webpush", "sms"))
    await own_number(school, parent.guardian_id, f"sms-{parent.account_id}")
    await save_scope(school.services, parent.actor, ALL, PUSH_THEN_SMS)
    await school.happened()

    if how == "confirmed by the phone":
        assert await confirm(school.services, push.given[0][0].id)
        assert not await confirm(school.services, push.given[0][0].id)
    else:
        await school.pool.execute("UPDATE notice SET read_at = $1", school.services.clock.now())
    school.pass_time(MINUTE)
    await school.deliver()

    assert sms.given == []
    assert ("sms", "skipped", "reached") in await school.states()


async def test_an_sms_waits_its_minute_from_when_the_push_went_and_not_from_when_it_was_wanted(
    school: Told, push: Recorder, sms: Recorder
) -> None:
    """A queue that is behind must cost no texts: the push has had no chance yet."""
    parent = await school.parent(0, channels=("webpush", "sms"))
    await own_number(school, parent.guardian_id, f"sms-{parent.account_id}")
    await save_scope(school.services, parent.actor, ALL, PUSH_THEN_SMS)
    await school.tell(await school.fact())

    school.pass_time(timedelta(seconds=90))
    await school.deliver({"sms": sms})
    await school.deliver({"webpush": push})
    school.pass_time(timedelta(seconds=59))
    await school.deliver({"sms": sms})
    early = len(sms.given)
    school.pass_time(timedelta(seconds=61))
    await school.deliver({"sms": sms})

    assert (early, len(sms.given)) == (0, 1)


async def test_what_comes_in_quiet_hours_is_held_and_says_so_when_it_comes(school: Told, push: Recorder) -> None:
    parent = await school.parent(0)
    quiet = Scope(quiet=Quiet(6 * 60, 9 * 60))  # it is seven at the school
    await save_scope(school.services, parent.actor, ALL, quiet)
    await school.happened()
    held = await school.states()

    school.pass_time(timedelta(hours=2))
    await school.deliver()

    assert held == [("webpush", "held", "")]
    ((message, _),) = push.given
    assert message.body.startswith("Тыныш сағаттарыңызда")
    assert "07:00" in message.body


async def test_a_child_goes_by_its_own_choices_and_the_other_by_those_for_all(school: Told, push: Recorder) -> None:
    parent = await school.parent(0, 1)
    first = (await school.fact(0)).person_id
    nothing = Scope(choices={"topup": Choice(frozenset(), is_urgent=False)})
    await save_scope(school.services, parent.actor, first, nothing)

    await school.happened(0)
    await school.happened(1)

    assert len(push.given) == 1


def test_a_correction_goes_the_way_of_what_it_puts_right() -> None:
    now = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
    wrong = Outgoing(
        1, 1, may_push=True, id=1, school_id=1, person="p", account_id=1, kind=Kind.DAY_CORRECTED, fact="x",
        corrects="y", at=now, told_at=now, detail=Detail(was="absent"),
    )  # fmt: skip

    assert (chosen_as(wrong), chosen_as(replace(wrong, kind=Kind.ARRIVED))) == ("absent", "arrived")
    assert Kind.DAY_CORRECTED not in KINDS


async def test_a_reference_that_was_made_up_confirms_nothing(school: Told, push: Recorder) -> None:
    await school.parent(0)
    await school.happened()
    reference = push.given[0][0].id
    number, _, proof = reference.partition("-")

    for made_up in ("", "1", f"{int(number) + 1}-{proof}", f"{number}-{'0' * 22}", f"{'9' * 19}-{proof}", "x" * 999):
        assert not await confirm(school.services, made_up)

    assert await school.states() == [("webpush", "sent", "")]


async def test_a_confirmation_that_is_quicker_than_the_mark_stands(school: Told) -> None:
    class Quick(Recorder):
        @override
        async def send(self, message: Message, to: Address) -> Outcome:
            assert await confirm(school.services, message.id)
            return await super().send(message, to)

    await school.parent(0)
    await school.tell(await school.fact())

    await school.deliver({"webpush": Quick()})

    assert await school.states() == [("webpush", "confirmed", "")]


async def test_one_thousand_guardians_at_five_to_eight_are_told_once_each(services: Services) -> None:
    push = Recorder()
    async with told(services, push, children=1) as school:
        parent = await school.parent(0, channels=())
        await many_more(school, parent.guardian_id, 999)
        await school.pool.execute(
            "INSERT INTO channel_address (account_id, channel, value_encrypted, digest, label, added_at)"
            " SELECT account_id, 'webpush', '\\x00', account_id::text, '', now() FROM guardian"
        )
        rows = await school.pool.fetch("SELECT id FROM channel_address")
        await school.pool.execute(
            "UPDATE channel_address AS address SET value_encrypted = new.sealed"
            " FROM unnest($1::bigint[], $2::bytea[]) AS new (id, sealed) WHERE address.id = new.id",
            [row["id"] for row in rows],
            [services.vault.encrypt("x", "channel_address.value", str(row["id"])) for row in rows],
        )

        assert await school.tell(await school.fact()) == 1_000
        await school.deliver()

        assert len({to.account_id for _, to in push.given}) == len(push.given) == 1_000
        assert set(await school.states()) == {("webpush", "sent", "")}


async def test_a_days_backlog_of_an_offline_gate_at_noon_disturbs_nobody(school: Told, push: Recorder) -> None:
    await school.parent(0)
    now = school.services.clock.now()
    backlog = [await school.fact(at=now - timedelta(hours=3, minutes=minute)) for minute in range(300)]

    assert await school.tell(*backlog, await school.fact()) == 301
    await school.deliver()

    assert len(push.given) == 1
    states = await school.states()
    assert states.count(("webpush", "skipped", "late")) == 300


async def test_an_answer_that_never_came_counts_as_sent_where_nothing_may_go_twice(school: Told) -> None:
    once = Recorder(traits=Traits(repeats=False), outcomes=[OSError("cut")])
    await school.parent(0)

    await school.tell(await school.fact())
    await school.deliver({"webpush": once})
    school.pass_time(timedelta(hours=1))
    await school.deliver({"webpush": once})

    assert len(once.given) == 1
    assert await school.states() == [("webpush", "sent", "error")]


async def test_who_hangs_holds_up_nobody_else_and_what_comes_meanwhile_goes(school: Told) -> None:
    class Partly(Recorder):
        @override
        async def send(self, message: Message, to: Address) -> Outcome:
            self.hangs = to.value == "hangs"
            return await super().send(message, to)

    push = Partly()
    stuck = await school.parent(0, channels=())
    await school.address(stuck, "webpush", "hangs")
    await school.parent(1)
    running = asyncio.create_task(Deliverer(school.services, {"webpush": push}).run())

    await school.tell(await school.fact(0))
    await until_async(lambda: len(push.given) == 1)
    await school.tell(await school.fact(1))
    await until_async(lambda: len(push.given) == 2)

    running.cancel()
    await asyncio.wait({running})


async def own_number(school: Told, guardian_id: int, number: str) -> None:
    """Let the school know a guardian by a number."""
    digest = school.services.vault.digest(number, "guardian.phone")
    await school.pool.execute("UPDATE guardian SET phone_digest = $2 WHERE id = $1", guardian_id, digest)


async def killed_in_the_middle(school: Told, push: Recorder, times: int) -> None:
    """Let a worker send a message, the so-manieth in all, and die before it notes so."""
    working = asyncio.create_task(school.deliver({push.name: push}))
    await until_async(lambda: len(push.given) == times)
    working.cancel()
    await asyncio.wait({working})


async def many_more(school: Told, like: int, count: int) -> None:
    """Add guardians of the same child, each with an account and consent, as one is."""
    await school.pool.execute(
        """
        WITH accounts AS (
          INSERT INTO account (password_hash, must_change, name, language, is_active, created_at)
          SELECT 'x', false, 'g' || n, '', true, now() FROM generate_series(1, $2) AS n RETURNING id
        ), guardians AS (
          INSERT INTO guardian (school_id, ref, name, account_id, created_at)
          SELECT (SELECT school_id FROM guardian WHERE id = $1), lpad(id::text, 12, 'g'), 'g', id, now() FROM accounts
          RETURNING id
        )
        INSERT INTO guardianship (guardian_id, person_id, relation, may_see, may_block_card, may_see_meals, may_pay,
          may_get_notices, may_order, may_limit, may_consent)
        SELECT guardians.id, person_id, relation, true, true, true, true, true, true, true, true
        FROM guardians, guardianship WHERE guardian_id = $1
        """,
        like, count,
    )  # fmt: skip
