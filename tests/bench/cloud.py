"""What is measured of the cloud: ingest through mosquitto into PostgreSQL, backlogs beside live taps, open pages."""

import asyncio
from dataclasses import replace
from itertools import count

from tests.bench.line import Line, Loading, line
from tests.bench.load import Orders, Outcome
from tests.bench.pages import devices_needed, parents_of, taps_to_page_ms
from tests.bench.table import Figure, at_least, at_most, percentile

SECONDS, LONG_SECONDS = 8.0, 60.0
DEVICES = 200
MANY_DEVICES, MANY_RATE, MANY_SECONDS, LONG_MANY_SECONDS = 5_000, 4_200.0, 15.0, 240.0
PACES = (500.0, 2_000.0)
PACED_SECONDS = 8.0
MOST_PER_S, MOST_RECORDS_PER_S, NAIVE_PER_S = 25_000, 60_000, 4_000  # how much a flood is given to send
COPIES = 10
BACKLOG, BACKLOG_DEVICES, BACKLOG_BATCH, BACKLOG_DAYS = 100_000, 8, 100, 30
LIVE_RATE, LIVE_SECONDS = 200.0, 10.0
PERSONS = 500
PAGE_RATES = (10.0, 500.0)
_epochs = (f"{number:016x}" for number in count(1))


# How many a second


def ingest() -> list[Figure]:
    """Flood with single records and with batches, beside one transaction a record; then with duplicates."""
    return _ingest(SECONDS)


def ingest_for_a_minute() -> list[Figure]:
    """Flood as `ingest` does, long enough for checkpoints and full tables."""
    return _ingest(LONG_SECONDS)


def _ingest(seconds: float) -> list[Figure]:
    with line(DEVICES) as running:
        with running.serving("naive"):
            naive = running.load(_flood(running, min(seconds, SECONDS), NAIVE_PER_S)).outcome()
        with running.serving("ingest") as pid:
            before = running.cpu_s(pid)
            single = running.load(_flood(running, seconds, MOST_PER_S)).outcome()
            between = running.cpu_s(pid)
            tens = running.load(_flood(running, seconds, MOST_RECORDS_PER_S, batch=10)).outcome()
            after = running.cpu_s(pid)
            fresh = running.load(_flood(running, SECONDS / 2, MOST_PER_S, in_flight=COPIES)).outcome()
            storm = _flood(running, SECONDS / 2, MOST_PER_S, in_flight=1)
            copies = running.load(replace(storm, repeats=COPIES, messages=storm.messages // 2)).outcome()
        assert _stored(running) >= naive.records + single.records + tens.records, "an acknowledged record is missing"
    method = f"QoS 1 from {DEVICES} connections, 4 in flight each, acknowledged after the commit, for {seconds:g} s"
    rate, naive_rate, copied = _rate(single), _rate(naive), COPIES * copies.messages / copies.seconds
    return [
        Figure("one transaction a record", naive_rate, "records/s", "same wire and checks, a commit and an ack each"),
        at_least("ingest, single records", rate, "records/s", method, floor=12_000),
        at_least("ingest, single to one transaction a record", rate / naive_rate, "ratio", "of both above", floor=5.0),
        at_least("ingest, batches of ten", _rate(tens), "records/s", method, floor=25_000),
        *_cpu("single records", single, before, between),
        *_cpu("batches of ten", tens, between, after),
        at_least(
            "duplicate storm to fresh rows", copied * fresh.seconds / fresh.messages, "ratio",
            f"messages a second, {COPIES} in flight: each sent {COPIES} times, or all of them new", floor=1.5,
        ),
    ]  # fmt: skip


def _flood(running: Line, seconds: float, most_per_s: float, *, batch: int = 1, in_flight: int = 4) -> Orders:
    messages = int(seconds * most_per_s / batch / DEVICES)
    return Orders(
        running.broker.port, DEVICES, messages=messages, batch=batch, in_flight=in_flight, seconds=seconds,
        epoch=next(_epochs),
    )  # fmt: skip


def _rate(outcome: Outcome) -> float:
    return outcome.records / outcome.seconds


def _stored(running: Line) -> int:
    return running.count("record")


def _cpu(what: str, outcome: Outcome, before: dict[str, float], after: dict[str, float]) -> list[Figure]:
    used = {program: (after[program] - before[program]) / outcome.records * 1e6 for program in before}
    parts = ", ".join(f"{program} {each:.1f}" for program, each in used.items())
    told = f"{parts}; the load generator took {outcome.cpu_s / outcome.records * 1e6:.1f} more"
    return [Figure(f"CPU a record, {what}", sum(used.values()), "us", told)]


# How soon


def commits() -> list[Figure]:
    """Time from sending a record to its acknowledgement, at two paces."""
    figures = []
    with line(DEVICES) as running, running.serving("ingest"):
        for pace in PACES:
            outcome = running.load(paced(running, DEVICES, pace, PACED_SECONDS)).outcome()
            figures += _latencies(f"commit at {pace:,.0f}/s", outcome, DEVICES, ceiling=40.0)
    return figures


def connections() -> list[Figure]:
    """Take in the national mean on one small machine."""
    return _connections(MANY_SECONDS)


def connections_for_four_minutes() -> list[Figure]:
    """Take in the national mean for four minutes."""
    return _connections(LONG_MANY_SECONDS)


def _connections(seconds: float) -> list[Figure]:
    with line(MANY_DEVICES) as running, running.serving("ingest"):
        outcome = running.load(paced(running, MANY_DEVICES, MANY_RATE, seconds)).outcome()
        lost = outcome.records + outcome.unanswered - _stored(running)
    name = f"{MANY_RATE:,.0f}/s from {MANY_DEVICES:,} connections"
    told = f"records not acknowledged or not stored, of {outcome.records:,}"
    return [
        *_latencies(f"{name}, {seconds:g} s", outcome, MANY_DEVICES, ceiling=100.0),
        at_most(f"{name}, lost", outcome.unanswered + abs(lost), "records", told, ceiling=0),
    ]


def paced(running: Line, devices: int, rate: float, seconds: float) -> Orders:
    """Return orders to send single records at a pace."""
    messages = int(rate * seconds / devices) + 1
    return Orders(
        running.broker.port, devices, messages=messages, rate=rate, seconds=seconds, epoch=next(_epochs),
        persons=PERSONS,
    )  # fmt: skip


def _latencies(name: str, outcome: Outcome, devices: int, ceiling: float) -> list[Figure]:
    method = f"single records from {devices:,} connections, from sending to the acknowledgement"
    return [
        Figure(f"{name}, p50", percentile(outcome.latencies_ms, 0.50), "ms", method),
        at_most(f"{name}, p99", percentile(outcome.latencies_ms, 0.99), "ms", method, ceiling=ceiling),
    ]


# Fairness


def backlog() -> list[Figure]:
    """Drain a school that was cut off while others' taps go on; the whole worker runs, readers too."""
    with line(DEVICES + BACKLOG_DEVICES, PERSONS) as running, running.cloud("worker"):
        alone = _live(running).outcome()
        beside = _live(running)
        drained = running.load(_drain(running)).outcome()
        live = beside.outcome()
        assert live.unanswered + drained.unanswered == 0, "something was not acknowledged"
    quiet, busy = (percentile(each.latencies_ms, 0.99) for each in (alone, live))
    method = f"{LIVE_RATE:g}/s of single records from {DEVICES} connections; the worker with all its readers"
    return [
        Figure(
            f"drain of {BACKLOG:,} records", _rate(drained), "records/s",
            f"{BACKLOG_DAYS} days of a school with {BACKLOG_DEVICES} devices, {BACKLOG_BATCH} a batch, beside taps",
        ),
        Figure("live taps' commit without it, p99", quiet, "ms", method),
        at_most("live taps' commit beside it, p99", busy, "ms", method, ceiling=max(100.0, 2 * quiet)),
    ]  # fmt: skip


def _live(running: Line) -> Loading:
    return running.load(paced(running, DEVICES, LIVE_RATE, LIVE_SECONDS))


def _drain(running: Line) -> Orders:
    messages = BACKLOG // BACKLOG_DEVICES // BACKLOG_BATCH
    return Orders(
        running.broker.port, BACKLOG_DEVICES, first_device=DEVICES, messages=messages, batch=BACKLOG_BATCH,
        seconds=60.0, epoch=next(_epochs), persons=PERSONS, past_days=BACKLOG_DAYS,
    )  # fmt: skip


# To the page


def tap_to_page() -> list[Figure]:
    """Time from sending a tap's record until the parent's open page is sent what it shows."""
    figures = []
    with line(DEVICES + devices_needed(), PERSONS) as running, running.cloud() as (_, pages):
        parents = asyncio.run(parents_of(running, DEVICES))
        for rate in PAGE_RATES:
            samples_ms = asyncio.run(taps_to_page_ms(running, pages, parents, rate, next(_epochs)))
            method = (
                f"{len(samples_ms)} taps while {rate:g} records/s come in, to the event on the child's page that shows "
                "the tap, by an HTTP client"
            )
            name = f"tap to the parent's page at {rate:g}/s"
            figures.append(Figure(f"{name}, p50", percentile(samples_ms, 0.50), "ms", method))
            figures.append(at_most(f"{name}, p99", percentile(samples_ms, 0.99), "ms", method, ceiling=1_000.0))
    return figures


MEASUREMENTS = (ingest, commits, connections, backlog, tap_to_page)
LONG = (ingest_for_a_minute, connections_for_four_minutes)
