"""The intake between a real broker and a real database, with the agent's own uplink at the other end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from random import Random

import pytest
from structlog.testing import capture_logs

from cloud.core.services import Services
from cloud.ingest.admission import MESSAGES_BURST, Admission
from cloud.ingest.intake import Intake
from cloud.ingest.messages import Address, Arrived
from cloud.ingest.plan import Reply
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from cloud.ingest.store import StoreFailed
from cloud.ingest.transport import BrokerAddress, LinkLost
from cloud.ingest.waiting import (
    BACKLOG_RECORDS_MAX,
    DEVICE_MESSAGES_MAX,
    WINDOW_RECORDS_MAX,
    WORTH_RECORDS,
    Waiting,
    weight,
)
from edge_agent.sync.counters import Phase
from schemas import topics
from tests.cloud.ingest.device import Device, opened, tapped
from tests.cloud.ingest.rows import add_devices, eventually
from tests.edge_agent.sync.live import LIVE, Agent
from tests.edge_agent.sync.model import IDENTITY, SECRET
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port
from tests.waiting import until_async

DEVICE = Device(IDENTITY.device, school=IDENTITY.school, shard=IDENTITY.shard, secret=SECRET)


@contextlib.asynccontextmanager
async def serving(services: Services, broker: Mosquitto) -> AsyncIterator[Intake]:
    """Run an intake until the end of the block."""
    store = PgStore(services.database.url, Senders(services.database.pool, services.vault, services.clock))
    intake = Intake(store, BrokerAddress("127.0.0.1", broker.port), services.clock, Random(1), "ingest")
    task = asyncio.create_task(intake.run(range(topics.SHARDS)))
    try:
        await until_async(lambda: intake.is_listening or task.done())
        yield intake
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, LinkLost, StoreFailed):
            await task
        await store.close()


async def test_an_agents_taps_reach_the_table_and_are_trimmed_after_the_commit(
    services: Services, mosquitto_server: Mosquitto
) -> None:
    await add_devices(services.database.pool, services.vault, services.clock, DEVICE)
    agent = Agent([f"mqtt://127.0.0.1:{mosquitto_server.port}"])
    async with serving(services, mosquitto_server), agent.running():
        agent.append(opened(), *[tapped(number) for number in range(300)])
        await until_async(lambda: agent.session.phase is Phase.FLOWING)
        agent.append(tapped(1_000))
        await until_async(lambda: agent.journal.held[LIVE].tail == 303)

    rows = await services.database.pool.fetch("SELECT seq, position FROM record ORDER BY seq")
    assert [(row["seq"], row["position"]) for row in rows] == [(seq, seq) for seq in range(1, 303)]


async def test_fault_18_a_worker_that_ends_while_taps_come_loses_nothing(
    services: Services, mosquitto_server: Mosquitto
) -> None:
    await add_devices(services.database.pool, services.vault, services.clock, DEVICE)
    agent = Agent([f"mqtt://127.0.0.1:{mosquitto_server.port}"])
    async with agent.running():
        for turn in range(3):
            async with serving(services, mosquitto_server):
                await until_async(lambda: agent.session.phase is Phase.FLOWING)
                agent.append(*[tapped(turn * 100 + number) for number in range(50)])
        async with serving(services, mosquitto_server):
            await until_async(lambda: agent.journal.held[LIVE].tail == 151, 20)

    assert await services.database.pool.fetchval("SELECT count(*) FROM record") == 150
    assert await services.database.pool.fetchval("SELECT max(seq) FROM record") == 150


async def test_a_broker_that_cannot_be_reached_is_named(services: Services) -> None:
    store = PgStore(services.database.url, Senders(services.database.pool, services.vault, services.clock))
    intake = Intake(store, BrokerAddress("127.0.0.1", free_port()), services.clock, Random(1), "ingest")

    with pytest.raises(LinkLost, match=r"broker at 127\.0\.0\.1"):
        await intake.run([7])


async def test_a_broker_that_dies_ends_the_intake(services: Services, mosquitto_server: Mosquitto) -> None:
    async with serving(services, mosquitto_server) as intake:
        mosquitto_server.server.kill()
        await until_async(lambda: not intake.is_listening)


async def test_fault_36_a_message_no_row_can_hold_does_not_stop_the_others(
    services: Services, mosquitto_server: Mosquitto
) -> None:
    """The database refuses it by a check; the window is halved until it is alone."""
    devices = [Device(f"gate-{number}").write(*[tapped(each) for each in range(3)]) for number in range(8)]
    await add_devices(services.database.pool, services.vault, services.clock, *devices)
    await services.database.pool.execute("ALTER TABLE watermark ADD CHECK (device <> 'gate-5')")
    with capture_logs() as logs:
        async with serving(services, mosquitto_server) as intake:
            for device in devices:
                intake.send([Reply(*device.batch(1, 3)[:2])])
            await eventually(lambda: services.database.pool.fetchval("SELECT count(*) = 21 FROM record"))
            await until_async(lambda: intake.dropped == 1)
    (told,) = [each for each in logs if each["event"] == "message.unstorable"]
    assert "gate-5" in told["topic"]
    assert told["error"] == ["StoreRefused", "CheckViolationError 23514 watermark_device_check"]
    assert "Failing row" not in str(told)  # the row itself, which names people and cards


# Turns and admission, without a wire


def message(school: str, device: str, records: int = 1) -> Arrived:
    return Arrived(topics.topic(1, school, device, topics.REC), b"seal\nheader" + b"\nrecord" * records, 0)


def test_a_window_that_holds_everything_is_taken_in_each_devices_order() -> None:
    waiting = Waiting()
    sent = [message("alm005", f"gate-{number % 3}", number + 1) for number in range(9)]
    for each in sent:
        assert waiting.offer(each)

    window = waiting.take()

    assert sorted(window) == sorted(sent)
    for name in range(3):
        assert [each for each in window if f"gate-{name}" in each.topic] == sent[name::3]
    assert (waiting.messages, waiting.records, waiting.bytes) == (0, 0, 0)


def test_a_window_is_worth_taking_before_its_time_once_its_own_cost_no_longer_matters() -> None:
    waiting = Waiting()
    for number in range(WORTH_RECORDS):
        assert not waiting.is_worth_a_window
        waiting.offer(message("alm005", f"gate-{number}"))

    assert waiting.is_worth_a_window
    assert not waiting.is_full


def test_fault_39_a_school_with_a_backlog_gets_its_share_and_live_taps_of_others_go_first() -> None:
    waiting = Waiting()
    for device in range(10):
        for number in range(4):
            waiting.offer(message("backlog", f"gate-{device}", 400 + number))
    live = [message(f"live{number:03}", "gate-1") for number in range(100)]
    for each in live:
        waiting.offer(each)

    window = waiting.take()

    assert set(live) <= set(window)
    assert sum(weight(each) for each in window) <= WINDOW_RECORDS_MAX + 403
    assert len([each for each in window if "backlog" in each.topic]) <= 3


def test_a_window_takes_little_of_backlogs_however_many_schools_have_one_and_none_of_them_waits_for_ever() -> None:
    waiting = Waiting()
    backlog = [message(f"cut{school:03}", "gate-1", 100 + number) for school in range(30) for number in range(4)]
    for each in backlog:
        waiting.offer(each)
    taken: list[Arrived] = []
    window = 0

    while waiting.messages:
        tap = message(f"live{window:03}", "gate-1")
        waiting.offer(tap)
        found = waiting.take()
        assert tap in found
        assert sum(weight(each) for each in found if each is not tap) <= BACKLOG_RECORDS_MAX + 103
        taken += [each for each in found if each is not tap]
        window += 1

    assert sorted(taken) == sorted(backlog)
    assert {each.topic for each in taken[:30]} == {each.topic for each in backlog}, "each school once before any twice"
    assert (waiting.records, waiting.backlog, waiting.bytes) == (0, 0, 0)


def test_a_device_that_does_not_wait_for_answers_loses_its_own_surplus_only() -> None:
    waiting = Waiting()

    taken = [waiting.offer(message("alm005", "hostile", number + 1)) for number in range(DEVICE_MESSAGES_MAX + 10)]

    assert taken.count(False) == 10
    assert waiting.offer(message("alm005", "honest"))


def test_copies_of_what_waits_are_counted_and_wait_no_second_time() -> None:
    waiting, device = Waiting(), Device().write(opened(), tapped(1))
    first, second = device.batch(1, 1), device.batch(2, 2)
    on, off = device.state(is_online=True), device.state(is_online=False)

    for arrived in (first, second, first, first, on, off, on):
        assert waiting.offer(arrived)

    assert waiting.copies == 2
    assert waiting.take() == [first, second, on, off, on]
    assert waiting.offer(first)
    assert waiting.take() == [first]


def test_everything_that_waits_is_taken_in_the_end() -> None:
    waiting = Waiting()
    rng = Random(3)
    sent = [message(f"sch{rng.randrange(20):03}", f"gate-{number}", rng.randrange(1, 300)) for number in range(500)]
    for each in sent:
        assert waiting.offer(each)

    taken: list[Arrived] = []
    while waiting.messages:
        taken += waiting.take()

    assert sorted(taken) == sorted(sent)


def test_fault_42_a_flood_of_one_device_is_turned_away_and_others_are_heard() -> None:
    admission = Admission(Random(1))
    hostile = Address(1, "alm005", "hostile", topics.REC, "")

    retries = [admission.retry_ms(hostile, number / 100_000) for number in range(5_000)]

    assert retries.count(0) < MESSAGES_BURST + 20
    assert admission.retry_ms(Address(1, "alm005", "honest", topics.REC, ""), 0.05) == 0
    assert admission.retry_ms(hostile, 10.0) == 0
    assert dict(admission.flooding) == {"hostile": 5_000 - retries.count(0)}


def test_fault_38_forty_thousand_devices_that_greet_at_once_are_all_heard_within_some_minutes() -> None:
    """Each that is turned away comes again when it was told to."""
    admission = Admission(Random(1))
    due = [(0.0, number) for number in range(40_000)]
    heard: set[int] = set()
    now_s, rounds = 0.0, 0
    while due and rounds < 600:
        now_s, rounds = now_s + 1.0, rounds + 1
        later = [entry for entry in due if entry[0] > now_s]
        for _, number in [entry for entry in due if entry[0] <= now_s]:
            retry_ms = admission.retry_ms(Address(1, "", f"gate-{number}", topics.HELLO, ""), now_s)
            if retry_ms:
                later.append((now_s + retry_ms / 1_000, number))
            else:
                heard.add(number)
        due = later

    assert len(heard) == 40_000
    assert now_s < 300
