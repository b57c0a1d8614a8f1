"""When a certificate is renewed, what is believed of the answers, and when the old one is let go; time is simulated."""

import asyncio
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import httpx2
import pytest
from structlog.testing import capture_logs

from edge_agent.bundle import Bundle
from edge_agent.certificates import BEFORE, Certificates
from edge_agent.renewing import LOOK_S, SPREAD_MS, Renewal, Ways
from edge_agent.status.snapshot import CertificateStatus
from edge_agent.sync.renewal import Answer, AnswerUnsigned
from edge_agent.timekeeper import Timekeeper
from simulators.clock import SimulatedClock
from tests.edge_agent.issuing import BEGAN, DAY, Issuing, ms, serial_in

HOUR, MINUTE, LOOK = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=LOOK_S)
HALF = timedelta(days=14, hours=12)  # of the 31 days from a day before its issue, seen from the issue
Reply = Callable[[], Answer]


@dataclass(slots=True)
class Broker:
    """A broker as the uplink tells of it: it lets in whom it accepts, and a connection lasts until it is ended."""

    shown: Callable[[], str]
    accepts: Callable[[str], bool] = lambda _serial: True
    serial: str = ""
    is_welcomed: bool = False

    def reconnect(self) -> None:
        self.serial, self.is_welcomed = "", False

    def connect(self) -> None:
        if not self.is_welcomed and self.accepts(self.shown()):
            self.serial, self.is_welcomed = self.shown(), True


@dataclass(slots=True)
class Gate:
    """A device's renewal with a simulated clock, and a cloud whose time may be another; each question is noted."""

    issuing: Issuing
    bundle: Bundle
    certificates: Certificates
    clock: SimulatedClock
    ahead: timedelta = timedelta()
    seed: int = 1
    replies: list[Reply] = field(default_factory=list)  # to the next questions; the last one goes on
    asked: list[datetime] = field(default_factory=list)
    proven: int = 0
    error_ms: int = 20
    timekeeper: Timekeeper = field(init=False)
    broker: Broker = field(init=False)
    renewal: Renewal = field(init=False)

    def __post_init__(self) -> None:
        self.timekeeper = Timekeeper(self.clock)
        self.broker = Broker(self.shown)
        self.replies = self.replies or [self.issues]
        ways = Ways(self.ask, self.broker, self.timekeeper.now, self.learn, self.note_proven)
        self.renewal = Renewal(self.certificates, ways, self.clock, Random(self.seed))

    # What a renewal acts upon

    async def ask(self, csr: bytes) -> Answer:
        assert b"CERTIFICATE REQUEST" in csr
        self.asked.append(self.clock.now())
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply()

    def learn(self, wall_ms: int, monotonic_ms: int, error_ms: int) -> None:
        if error_ms <= 10_000:
            self.timekeeper.learn(wall_ms, monotonic_ms, "ntp")

    def note_proven(self) -> None:
        self.proven += 1

    # What the cloud may answer

    def issues(self) -> Answer:
        return self.said(200, self.issuing.answer(self.bundle, self.clock.now() + self.ahead))

    def refuses(self, status: int, code: str, retry_after_s: int | None = None) -> Reply:
        return lambda: self.said(status, json.dumps({"code": code}).encode(), retry_after_s)

    def said(self, status: int, body: bytes, retry_after_s: int | None = None) -> Answer:
        wall_ms = ms(self.clock.now() + self.ahead)
        return Answer(status, body, wall_ms, self.clock.monotonic_ms(), self.error_ms, retry_after_s)

    # Letting time pass

    async def live(self, lasts: timedelta, step: timedelta = LOOK) -> None:
        """Look again and again."""
        end = self.clock.now() + lasts
        while self.clock.now() < end:
            self.clock.advance(step.total_seconds())
            self.broker.connect()
            await self.renewal.look()

    def shown(self) -> str:
        credentials = self.certificates.credentials()
        assert credentials is not None
        return credentials.serial

    @property
    def is_old_kept(self) -> bool:
        return (self.certificates.files.ca.parent / BEFORE).exists()

    @property
    def status(self) -> CertificateStatus:
        status = self.renewal.status()
        assert status is not None
        return status


def unreachable() -> Answer:
    raise httpx2.ConnectError("no way there")


def unsigned(status: int, retry_after_s: int | None = None) -> Reply:
    def reply() -> Answer:
        raise AnswerUnsigned(status, retry_after_s)

    return reply


def nobody(_serial: str) -> bool:
    return False


def waits(asked: Sequence[datetime]) -> list[timedelta]:
    return [after - before for before, after in pairwise(asked)]


@pytest.fixture(name="gate")
def _gate(tmp_path: Path) -> Gate:
    """Return a gate whose certificate was issued a moment ago."""
    return made(tmp_path, SimulatedClock(BEGAN))


def made(folder: Path, clock: SimulatedClock, *, ahead: timedelta = timedelta()) -> Gate:
    issuing = Issuing.begin(folder / "ca")
    bundle = issuing.bundle()
    return Gate(issuing, bundle, Certificates(bundle, folder / "tls"), clock, ahead)


async def due(gate: Gate, days: float = 18.0) -> str:
    """Let a gate live until its certificate is due, and return that one's serial number."""
    gate.clock.advance((days * DAY - HOUR).total_seconds())
    gate.broker.connect()
    return gate.shown()


# When


async def test_it_is_renewed_once_past_half_of_its_time_and_proven_by_the_next_welcome(gate: Gate) -> None:
    old = gate.shown()

    await gate.live(25 * DAY, 10 * MINUTE)

    assert len(gate.asked) == 1
    assert BEGAN + HALF <= gate.asked[0] <= BEGAN + 0.6 * 31 * DAY
    assert gate.shown() == gate.broker.serial == serial_in(gate.certificates.files.certificate) != old
    assert (gate.proven, gate.is_old_kept) == (1, False)
    assert gate.status.trouble == ""


async def test_those_who_are_due_at_one_moment_do_not_ask_in_one(gate: Gate) -> None:
    await due(gate)
    many = [
        Gate(gate.issuing, gate.bundle, gate.certificates, gate.clock, seed=seed, replies=[unreachable])
        for seed in range(60)
    ]
    began_ms = gate.clock.monotonic_ms()

    while gate.clock.monotonic_ms() <= began_ms + SPREAD_MS[gate.certificates.current.urgency(gate.clock.wall_ms())]:  # type: ignore[union-attr]
        for each in many:
            await each.renewal.look()
        gate.clock.advance(1)

    moments = [each.asked[0] for each in many]
    assert max(moments.count(moment) for moment in moments) <= 6
    assert max(moments) - min(moments) > timedelta(seconds=50)


async def test_between_attempts_that_fail_it_waits_longer_and_longer_up_to_six_hours(gate: Gate) -> None:
    gate.replies = [unreachable]
    await due(gate)

    await gate.live(4 * DAY)

    found = waits(gate.asked)
    assert found[0] < 5 * MINUTE
    assert all(MINUTE <= wait <= 6 * HOUR + LOOK for wait in found)
    assert max(found) > 3 * HOUR
    assert gate.status == CertificateStatus(gate.status.days_left, "unreachable", is_late=True)


async def test_once_it_has_ended_it_asks_every_quarter_of_an_hour_at_most(gate: Gate) -> None:
    gate.replies = [unreachable]
    gate.broker.accepts = nobody
    gate.clock.advance((31 * DAY).total_seconds())

    await gate.live(12 * HOUR)

    assert gate.asked[0] - BEGAN < 31 * DAY + 2 * MINUTE
    assert all(MINUTE <= wait <= 15 * MINUTE + LOOK for wait in waits(gate.asked))
    assert 40 < len(gate.asked) < 200


async def test_a_success_begins_the_waits_anew(gate: Gate) -> None:
    gate.replies = [unreachable] * 30 + [gate.issues, unreachable]
    await due(gate)

    await gate.live(25 * DAY, 5 * MINUTE)

    assert max(waits(gate.asked)[:30]) > HOUR
    assert gate.asked[32] - gate.asked[31] <= 10 * MINUTE


async def test_one_whom_nobody_welcomes_for_an_hour_asks_for_another_once(gate: Gate) -> None:
    """Its certificate is good, but the broker may go by another authority by now."""
    gate.broker.accepts = nobody

    await gate.live(2 * DAY, MINUTE)

    assert len(gate.asked) == 1
    assert HOUR <= gate.asked[0] - BEGAN <= HOUR + 11 * MINUTE


async def test_one_who_is_lost_and_cannot_ask_either_tries_every_six_hours(gate: Gate) -> None:
    gate.broker.accepts = nobody
    gate.replies = [unreachable]

    await gate.live(DAY, MINUTE)

    assert [round(wait / HOUR) for wait in waits(gate.asked)] == [6, 6, 6]


async def test_it_looks_by_itself_until_it_is_cancelled(gate: Gate) -> None:
    await due(gate, 31)
    task = asyncio.create_task(gate.renewal.run())
    for _ in range(400):
        await asyncio.sleep(0)
        gate.clock.advance(LOOK_S if gate.clock.next_wake_s() is not None and not gate.asked else 0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert len(gate.asked) == 1


# What is believed


@pytest.mark.parametrize(("status", "trouble"), [(200, "unreachable"), (401, "unknown"), (503, "unreachable")])
async def test_an_answer_that_is_not_signed_changes_nothing_but_the_next_attempt(
    gate: Gate, status: int, trouble: str
) -> None:
    gate.replies = [unsigned(status)]
    old = await due(gate)
    before_ms = gate.timekeeper.now().wall_ms

    await gate.live(2 * HOUR)

    assert len(gate.asked) > 2
    assert gate.shown() == old
    assert gate.timekeeper.now().wall_ms - before_ms == 2 * HOUR // timedelta(milliseconds=1)
    assert gate.status.trouble == trouble


async def test_a_certificate_that_is_not_ours_is_refused_and_the_old_one_stays(gate: Gate) -> None:
    gate.replies = [lambda: gate.said(200, b'{"certificate_pem": "no", "ca_pem": "no"}')]
    old = await due(gate)

    await gate.live(HOUR)

    assert gate.shown() == old
    assert gate.status.trouble == "unusable"


async def test_one_whose_clock_is_at_the_floor_asks_after_minutes_without_a_welcome_and_learns_the_time(
    tmp_path: Path,
) -> None:
    """A gate that was off over the summer, without a battery: its certificate ended, no broker lets it in."""
    gate = made(tmp_path, SimulatedClock(datetime(1970, 1, 1, tzinfo=UTC)))
    gate.ahead = BEGAN + 100 * DAY - gate.clock.now()
    old = gate.shown()
    gate.broker.accepts = lambda serial: serial != old
    gate.replies = [gate.refuses(401, "time_off"), gate.issues]

    await gate.live(10 * MINUTE)

    assert len(gate.asked) == 2
    assert gate.asked[0] == gate.asked[1]
    assert 3 * MINUTE <= gate.asked[0] - gate.clock.started_at <= 4 * MINUTE + LOOK
    now = gate.timekeeper.now()
    assert (now.quality, now.wall_ms) == ("ntp", ms(gate.clock.now() + gate.ahead))
    assert gate.broker.serial == gate.shown() != old


async def test_with_a_poor_clock_that_somebody_welcomes_nothing_is_asked(tmp_path: Path) -> None:
    gate = made(tmp_path, SimulatedClock(datetime(1970, 1, 1, tzinfo=UTC)))

    await gate.live(2 * HOUR)

    assert gate.asked == []


async def test_one_who_lacked_the_time_alone_asks_for_no_certificate(tmp_path: Path) -> None:
    gate = made(tmp_path, SimulatedClock(datetime(1970, 1, 1, tzinfo=UTC)))
    gate.ahead = BEGAN + 3 * DAY - gate.clock.now()
    gate.broker.accepts = lambda _serial: gate.timekeeper.now().quality == "ntp"
    gate.replies = [gate.refuses(401, "time_off")]
    old = gate.shown()

    await gate.live(2 * HOUR)

    assert len(gate.asked) == 1
    assert (gate.shown(), gate.status.trouble) == (old, "")


async def test_a_clock_that_is_weeks_behind_is_set_by_the_answer_and_the_ended_certificate_renewed(gate: Gate) -> None:
    """Its battery clock is believed, so that the certificate seems to be good, and still no broker lets it in."""
    old = gate.shown()
    gate.ahead = 40 * DAY
    gate.broker.accepts = lambda serial: serial != old
    gate.replies = [gate.refuses(401, "time_off"), gate.issues]

    await gate.live(2 * HOUR)

    assert len(gate.asked) == 2
    assert gate.timekeeper.now().wall_ms == ms(gate.clock.now() + gate.ahead)
    assert gate.broker.serial == gate.shown() != old


async def test_one_whose_time_is_off_again_does_not_go_round_in_a_circle(gate: Gate) -> None:
    """Its answers take so long that the time in them is not taken."""
    gate.replies, gate.error_ms = [gate.refuses(401, "time_off")], 60_000
    await due(gate)

    await gate.live(2 * HOUR)

    moments = sorted(set(gate.asked))
    assert len(gate.asked) == 2 * len(moments)
    assert all(wait >= MINUTE for wait in waits(moments))
    assert gate.status.trouble == "time_off"


# What a refusal makes it wait


@pytest.mark.parametrize("code", ["device_revoked", "key_foreign", "certificate_none"])
async def test_what_no_further_try_will_change_is_tried_every_six_hours(gate: Gate, code: str) -> None:
    gate.replies = [gate.refuses(403, code)]
    gate.broker.accepts = nobody
    await due(gate, 31)

    await gate.live(3 * DAY, MINUTE)

    assert len(gate.asked) > 8
    assert all(6 * HOUR <= wait <= 7.5 * HOUR + MINUTE for wait in waits(gate.asked))
    assert gate.status.trouble == code


async def test_one_that_waits_for_approval_asks_when_it_was_told_to_and_is_renewed_then(gate: Gate) -> None:
    asks = gate.refuses(202, "approval_needed", 3_600)
    gate.replies = [asks, asks, asks, gate.issues]
    old = gate.shown()
    gate.broker.accepts = lambda serial: serial != old
    gate.clock.advance((300 * DAY).total_seconds())

    await gate.live(2 * HOUR)
    waiting = gate.status
    await gate.live(4 * HOUR)

    assert (waiting.trouble, gate.status.trouble) == ("approval_needed", "")
    assert all(HOUR <= wait <= 1.25 * HOUR + LOOK for wait in waits(gate.asked))
    assert gate.broker.serial == gate.shown() != old


@pytest.mark.parametrize("reply", [429, 503])
async def test_it_waits_as_long_as_it_is_told(gate: Gate, reply: int) -> None:
    gate.replies = [gate.refuses(429, "certificates_too_many", 7_200) if reply == 429 else unsigned(503, 7_200)]
    await due(gate)

    await gate.live(DAY, MINUTE)

    assert len(gate.asked) > 2
    assert min(waits(gate.asked)) >= 2 * HOUR


# Which of two


async def test_the_old_one_is_let_go_only_when_the_cloud_has_welcomed_us_with_the_new(gate: Gate) -> None:
    old = await due(gate)
    while not gate.asked:
        await gate.live(LOOK)
    before = (gate.broker.serial, gate.broker.is_welcomed, gate.is_old_kept)

    await gate.renewal.look()
    late = (gate.broker.is_welcomed, gate.is_old_kept)
    gate.broker.accepts = nobody
    await gate.live(2 * MINUTE)
    unwelcomed = gate.is_old_kept
    gate.broker.accepts = lambda serial: serial != old
    await gate.live(LOOK)

    assert before == (old, True, True)
    assert late == (False, True)
    assert unwelcomed
    assert (gate.is_old_kept, gate.proven) == (False, 1)


async def test_while_neither_is_welcomed_each_is_shown_in_turn_and_no_third_is_asked_for(gate: Gate) -> None:
    old = await due(gate)
    gate.broker.accepts = nobody
    gate.broker.reconnect()
    shown: list[str] = []
    for _ in range(5 * 120):
        await gate.live(LOOK)
        shown += [gate.shown()] if shown[-1:] != [gate.shown()] else []

    assert len(gate.asked) == 1
    assert shown == [old, shown[1]] * (len(shown) // 2) + [old] * (len(shown) % 2)
    assert 8 <= len(shown) <= 12
    assert gate.is_old_kept


async def test_a_new_one_with_which_nobody_is_let_in_is_given_up_for_the_old_and_asked_for_again_hours_later(
    gate: Gate,
) -> None:
    old = await due(gate)
    gate.broker.accepts = lambda serial: serial == old

    await gate.live(5 * HOUR)
    given_up = (gate.shown(), gate.is_old_kept, len(gate.asked), gate.status.trouble)
    gate.broker.accepts = lambda _serial: True
    await gate.live(4 * HOUR)

    assert given_up == (old, False, 1, "unusable")
    assert len(gate.asked) == 2
    assert gate.shown() != old
    assert gate.proven == 1


async def test_one_that_ends_while_the_new_one_is_tried_is_not_shown_again(gate: Gate) -> None:
    old = await due(gate, 31)
    gate.broker.accepts = nobody
    gate.broker.reconnect()

    await gate.live(DAY)

    assert len(gate.asked) == 1
    assert gate.shown() != old


# A disk that takes nothing


def refuse(*_: object) -> None:
    raise OSError(28, "No space left on device")


async def test_with_a_full_disk_the_old_one_stays_and_the_new_one_is_had_when_there_is_room(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await due(gate)
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refuse)
        await gate.live(2 * HOUR)
    stayed = (gate.shown(), gate.broker.is_welcomed, gate.status.trouble)

    await gate.live(DAY)

    assert stayed == (old, True, "unwritten")
    assert gate.shown() != old
    assert gate.status.trouble == ""


async def test_a_disk_that_fills_while_two_are_tried_stops_nothing(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    old = await due(gate)
    gate.broker.accepts = nobody
    gate.broker.reconnect()
    await gate.live(HOUR)
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refuse)
        await gate.live(3 * HOUR)
    gate.broker.accepts = lambda serial: serial != old

    await gate.live(3 * HOUR)

    assert gate.broker.serial == gate.shown() != old
    assert not gate.is_old_kept


# What people are told


async def test_a_renewal_that_is_late_and_fails_is_told_in_the_log_once_a_day(gate: Gate) -> None:
    gate.replies = [unreachable]
    await due(gate, 24)

    with capture_logs() as logs:
        await gate.live(3 * DAY - HOUR, 2 * MINUTE)

    told = [line for line in logs if line["event"] == "certificate.late"]
    assert [(line["log_level"], line["trouble"]) for line in told] == [("error", "unreachable")] * 3
    assert told[0]["days_left"] > told[2]["days_left"]


async def test_one_that_fails_in_good_time_is_no_error(gate: Gate) -> None:
    gate.replies = [unreachable]
    await due(gate)

    with capture_logs() as logs:
        await gate.live(DAY, MINUTE)

    assert len(gate.asked) > 2
    assert "certificate.late" not in {line["event"] for line in logs}
    assert not gate.status.is_late


async def test_a_device_without_a_certificate_has_nothing_to_renew(tmp_path: Path) -> None:
    issuing = Issuing.begin(tmp_path / "ca")
    whole = issuing.bundle()
    bundle = Bundle(whole.device, whole.school, whole.shard, whole.secret, whole.roster_public_key, whole.card_key,
                    whole.cloud, None, None, None, None)  # fmt: skip
    gate = Gate(issuing, bundle, Certificates(bundle, tmp_path / "tls"), SimulatedClock(BEGAN + 60 * DAY))

    assert gate.renewal.status() is None
