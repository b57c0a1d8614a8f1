"""The straight line in the embedded edition: an agent's own uplink, TLS, the embedded broker, the worker, presence."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from random import Random

import msgspec
import pytest

from cloud.brokers.embedded import EmbeddedBroker
from cloud.cards.actions import give_card
from cloud.cards.keys import card_key
from cloud.cards.kinds import Medium as CardMedium
from cloud.core.actor import Actor
from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.devices.ca import Authority
from cloud.people.actions import add_person, give_consent
from cloud.people.bulk import PersonGiven
from cloud.people.kinds import PersonRole, Purpose
from cloud.rosters.building import rows_of
from cloud.rosters.passes import NoPass, day_pass
from cloud.worker import Worker
from edge_agent.actuators.actuator import PassageOutcome
from edge_agent.cards.counters import Counters
from edge_agent.cards.link import Link
from edge_agent.cards.making import Maker
from edge_agent.cards.master import Master
from edge_agent.cards.proving import CardProver
from edge_agent.clock import SystemClock as EdgeClock
from edge_agent.core import LETTERS
from edge_agent.guard.records import Came
from edge_agent.passes import Passes
from edge_agent.readers.credentials import Spelling
from edge_agent.readers.direct_chip import open_direct
from edge_agent.readers.line import LineReader
from edge_agent.readers.pn532 import Pn532Reader
from edge_agent.readers.tap import Health, Medium, Tap
from edge_agent.sync.tls import Credentials
from schemas.roster import members_of, row
from schemas.structs import Decision, HandPass
from schemas.tokens import token
from simulators.pn532 import Pn532Line
from tests.cloud.ingest.device import Device, line, opened, tapped
from tests.cloud.ingest.rows import add_devices, eventually
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import a_school
from tests.edge_agent.cards.bench import made_on
from tests.edge_agent.gate import GateBench
from tests.edge_agent.guard.bench import GuardBench
from tests.edge_agent.school import GUARD, person, roster
from tests.edge_agent.sync.live import LIVE, Agent
from tests.edge_agent.sync.model import IDENTITY, SECRET
from tests.servers.process import free_port
from tests.waiting import until_async

DEVICE = Device(IDENTITY.device, school=IDENTITY.school, shard=IDENTITY.shard, secret=SECRET)
BURST = 2_000
OFFICE = Actor.system("test")
CARD = bytes.fromhex("04A1B2C3D4E5F6")
ALWAYS = b'["profile","day",[[127,0,1440]],["*"]]'


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    return SystemClock()


@pytest.fixture(name="agent")
async def _agent(services: Services, tmp_path: Path) -> AsyncIterator[Agent]:
    """Run the embedded edition's broker and worker, and return an agent that knows the way there."""
    at = replace(services, settings=replace(services.settings, broker_port=free_port()))
    broker = EmbeddedBroker(at)
    tasks = [asyncio.create_task(broker.run())]
    await until_async(lambda: broker.listens.is_set() or tasks[0].done())
    tasks.append(asyncio.create_task(Worker(at).run()))
    try:
        port = at.settings.broker_port
        yield Agent([f"mqtts://127.0.0.1:{port}"], credentials=_credentials(services, tmp_path))
    finally:
        for task in reversed(tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _credentials(services: Services, folder: Path) -> Credentials:
    authority = Authority.load(services.settings.data / "ca", services.vault)
    issued = authority.for_device(IDENTITY.device, services.clock.now())
    certificate, key = folder / "device.pem", folder / "device.key"
    certificate.write_text(issued.certificate_pem)
    key.write_text(issued.key_pem)
    return Credentials(authority.root_pem, certificate, key)


async def _pupil(services: Services) -> str:
    """Enter the agent's school with one student; return the student's reference."""
    pool = services.database.pool
    school_id = await a_school(services, IDENTITY.school)
    await pool.execute("UPDATE school SET shard = $1", IDENTITY.shard)
    await a_student(services, school_id)
    await add_devices(pool, services.vault, services.clock, DEVICE)
    return str(await pool.fetchval("SELECT ref FROM person"))


def _arrived(services: Services, ref: str) -> bytes:
    now_ms = int(services.clock.now().timestamp() * 1_000)
    return line(
        Decision(
            monotonic_ms=9_000, wall_ms=now_ms, clock="ntp", gate="main", direction="in", outcome="allowed",
            reason="ok", roster=1, person=ref,
        )
    )  # fmt: skip


async def test_a_tap_becomes_a_record_presence_and_an_acknowledgement(services: Services, agent: Agent) -> None:
    ref, pool = await _pupil(services), services.database.pool
    async with agent.running():
        agent.append(opened(), _arrived(services, ref))

        await eventually(lambda: pool.fetchval("SELECT is_inside FROM presence"))
        await until_async(lambda: agent.journal.held[LIVE].tail == 3)

    assert await pool.fetchval("SELECT count(*) FROM record") == 2


async def test_a_backlog_goes_through_the_embedded_broker_no_faster_than_it_is_acknowledged(
    services: Services, agent: Agent
) -> None:
    ref, pool = await _pupil(services), services.database.pool
    agent.append(opened(), *[tapped(number) for number in range(BURST)], _arrived(services, ref))
    async with agent.running():
        await until_async(lambda: agent.journal.held[LIVE].tail == BURST + 3, 30)
        await eventually(lambda: pool.fetchval("SELECT is_inside FROM presence"))

    assert await pool.fetchval("SELECT count(*) FROM record") == BURST + 2


@pytest.mark.requirement("KZ456-33-1.1", part="other-identification")
async def test_a_printed_code_of_who_consented_opens_the_gate_offline_and_the_day_shows_the_arrival(
    services: Services, agent: Agent, tmp_path: Path
) -> None:
    """From the office's pass by a scanner's line to the child's day; who did not consent gets no pass."""
    ref, pool = await _pupil(services), services.database.pool
    with pytest.raises(NoPass):
        await day_pass(services, OFFICE, ref)
    person_id = await pool.fetchval("SELECT id FROM person")
    await give_consent(services, OFFICE, person_id, Purpose.CODE, date(2026, 8, 20), "form 12")
    printed = await day_pass(services, OFFICE, ref)
    public_key = bytes(await pool.fetchval("SELECT public_key FROM roster_key"))

    gate = GateBench(found=roster(ALWAYS, person(ref)))
    gate.pipeline._passes = Passes(IDENTITY.school, public_key)
    tap = await _scanned(tmp_path / "scanner", printed.text)
    decided = await gate.finish(asyncio.ensure_future(gate.pipeline.handle(tap)))
    async with agent.running():
        now_ms = int(services.clock.now().timestamp() * 1_000)
        agent.append(opened(), *[line(msgspec.structs.replace(record, wall_ms=now_ms)) for record in gate.log.records])
        await eventually(lambda: pool.fetchval("SELECT is_inside FROM presence"))

    assert (decided.is_allowed, decided.person) == (True, ref)
    assert await pool.fetchval("SELECT verb FROM audit_entry WHERE verb LIKE 'pass.%'") == "pass.issued"


@pytest.mark.requirement("CHE-4.4")
async def test_who_consented_to_nothing_comes_in_by_the_guards_hand_and_the_day_says_so(
    services: Services, agent: Agent
) -> None:
    """From a roster with a name and no card, by the guard's own name, to the child's day: a no refuses no service."""
    ref, pool = await _pupil(services), services.database.pool
    school_id, person_id = await pool.fetchval("SELECT id FROM school"), await pool.fetchval("SELECT id FROM person")
    given = PersonGiven(role=PersonRole.STAFF, surname="Оспанов", given_name="Серік", number="guard")
    guard_id = await add_person(services, OFFICE, school_id, given)
    guard = str(await pool.fetchval("SELECT ref FROM person WHERE id = $1", guard_id))
    await give_card(services, OFFICE, person_id, CARD.hex())
    async with pool.acquire() as connection:
        rows = await rows_of(connection, services.vault, school_id, services.clock.now())

    gate = GateBench(found=roster(ALWAYS, *[each for each in rows if members_of(each)[0] in {"person", "profile"}]))
    await gate.pipeline.hand_pass(ref, guard, "in", "no_consent")
    await gate.sense(PassageOutcome.PASSED)
    async with agent.running():
        now_ms = int(services.clock.now().timestamp() * 1_000)
        agent.append(opened(), *[line(msgspec.structs.replace(record, wall_ms=now_ms)) for record in gate.log.records])
        await eventually(lambda: pool.fetchval("SELECT is_inside FROM presence WHERE without_card"))

    assert [each for each in rows if members_of(each)[0] == "card"] == []
    assert [record.staff for record in gate.log.records if isinstance(record, HandPass)] == [guard]


@pytest.mark.requirement("KZ456-33-1.1", part="visits")
async def test_a_card_that_proves_its_key_opens_the_gate_and_the_day_shows_the_arrival(
    services: Services, agent: Agent, tmp_path: Path
) -> None:
    """From the station's card and the office's entry to the child's day; a copy of the card's number opens nothing."""
    ref, pool = await _pupil(services), services.database.pool
    person_id = await pool.fetchval("SELECT id FROM person")
    await give_consent(services, OFFICE, person_id, Purpose.CARD, date(2026, 8, 20), "form 12")
    await give_card(services, OFFICE, person_id, CARD.hex(), CardMedium.DESFIRE)
    key = await card_key(services, await pool.fetchval("SELECT id FROM school"))

    gate = GateBench(found=roster(ALWAYS, person(ref), await _card_row(services, ref)))
    gate.pipeline._token = lambda tap: token(key, LETTERS[tap.medium], tap.identity)
    taps = await _shown_a_copy_and_the_card(tmp_path)
    copy, genuine = [await gate.finish(asyncio.ensure_future(gate.pipeline.handle(tap))) for tap in taps]
    async with agent.running():
        now_ms = int(services.clock.now().timestamp() * 1_000)
        agent.append(opened(), *[line(msgspec.structs.replace(record, wall_ms=now_ms)) for record in gate.log.records])
        await eventually(lambda: pool.fetchval("SELECT is_inside FROM presence"))

    assert (copy.is_allowed, copy.reason) == (False, "card_unknown")
    assert (genuine.is_allowed, genuine.person) == (True, ref)


async def _card_row(services: Services, ref: str) -> bytes:
    return row("card", await services.database.pool.fetchval("SELECT token FROM card"), ref, "active", 0)


async def _shown_a_copy_and_the_card(folder: Path) -> list[Tap]:
    """Make a card at a simulated reader; return the taps of a copy of its number, and of itself."""
    master, clock = Master(b"m" * 32), EdgeClock()
    pn532, counters = Pn532Line(Random(1), folder / "pn532"), Counters(folder)
    pn532.plug()
    pn532.obey(f"present {CARD.hex()} desfire")
    maker = Maker(master, IDENTITY.school, Link(), clock, Random(2))
    await made_on(str(folder / "pn532"), maker, partial(open_direct, clock=clock))
    prover = CardProver(master.ring(IDENTITY.school), counters, bytes.hex, clock, Random(3))
    shown = []
    for family in ("ultralight", "desfire"):
        pn532.obey(f"present {CARD.hex()} {family}")
        reader = Pn532Reader("reader-in", str(folder / "pn532"), clock, partial(open_direct, clock=clock), prover)
        async with aclosing(reader.taps()) as taps:
            shown.append(await anext(taps))
    counters.close()
    pn532.unplug()
    return shown


async def _scanned(path: Path, text: str) -> Tap:
    """Return the tap that a scanner on a named pipe makes of a code."""
    os.mkfifo(path)
    spelling = Spelling(medium=Medium.QR)
    reader = LineReader("reader-in", str(path), EdgeClock(), spelling)
    async with aclosing(reader.taps()) as taps:
        first = asyncio.ensure_future(anext(taps))
        await until_async(lambda: reader.health is Health.READY)
        with path.open("w") as pipe:
            pipe.write(text + "\r\n")
        return await first


async def test_what_a_guard_does_at_the_desk_is_kept_and_only_the_hand_pass_moves_somebody(
    services: Services, agent: Agent, tmp_path: Path
) -> None:
    """From the desk's touches to the records and the child's day; nothing else there counts as coming or going."""
    ref, pool = await _pupil(services), services.database.pool
    async with GuardBench(tmp_path, person(ref)).working() as bench:
        await bench.desk.open(GUARD, "main", "in", "load")
        await bench.desk.hand_pass(GUARD, ref, "main", "in", "forgotten")
        visit = await bench.desk.let_in(GUARD, Came("main", "Ерлан", "guest", "17", stay_min=30))
        await bench.desk.let_out(GUARD, visit)
        await bench.desk.order(GUARD, "lock_down")
        await bench.desk.begin_muster(GUARD)
        await bench.desk.call(ref, "here", staff=GUARD)
        told = bench.log.records
    async with agent.running():
        now_ms = int(services.clock.now().timestamp() * 1_000)
        agent.append(opened(), *[line(msgspec.structs.replace(record, wall_ms=now_ms)) for record in told])
        await eventually(lambda: pool.fetchval("SELECT is_inside FROM presence WHERE without_card"))

    kinds = {row["kind"] for row in await pool.fetch("SELECT kind FROM record")}
    assert {"manual_open", "hand_pass", "visitor", "regime", "muster", "roll_call"} <= kinds
    assert await pool.fetchval("SELECT count(*) FROM quarantine") == 0
    assert await pool.fetchval("SELECT count(*) FROM movement") == 1
