"""The agent's metrics for Prometheus, made anew from a snapshot at each scrape."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from edge_agent.status.snapshot import GateStatus, Snapshot, TillStatus

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "esik_edge_"


def exposition(snapshot: Callable[[], Snapshot]) -> bytes:
    """Return the text that Prometheus reads."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshots(snapshot))
    return generate_latest(registry)


class _Snapshots(Collector):
    """Turns a snapshot into metrics."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot

    @override
    def collect(self) -> Iterable[Metric]:
        now = self._snapshot()
        yield _one("build", "Which program runs on which device.", 1, device=now.device, firmware=now.firmware)
        yield _one("uptime_seconds", "Time since the agent started.", now.uptime_s)
        yield _one("inside_people", "People that the view holds to be inside.", now.inside)
        yield from _link(now)
        yield from _kept(now)
        yield from _gates(now.gates, now.till)
        parts = _counter("part_failures", "Failures of a part that was started again.", "part")
        for part in now.parts:
            parts.add_metric([part.name], part.failures)
        yield parts


def _link(now: Snapshot) -> Iterable[Metric]:
    link = now.link
    yield _one("connected", "1 while the cloud has welcomed us and records flow.", int(link.phase == "flowing"))
    yield _one("unsent_records", "Records that the cloud is not known to have committed.", link.unsent)
    if link.last_ack_s is not None:
        yield _one("last_ack_age_seconds", "Time since the cloud last acknowledged a record.", link.last_ack_s)
    for name, count in link.counters.items():
        family = CounterMetricFamily(f"{PREFIX}sync_{name}", f"Sync with the cloud: {name.replace('_', ' ')}.")
        family.add_metric([], count)
        yield family
    if now.certificate is not None:
        yield _one("certificate_days", "Days until the certificate ends; negative after.", now.certificate.days_left)
    yield _one("hub_connected", "1 while the school's hub is reached.", int(now.hub.is_connected), role=now.hub.role)


def _kept(now: Snapshot) -> Iterable[Metric]:
    yield _one("journal_records", "Records in the journal.", now.journal.held)
    yield _one("journal_capacity_records", "Records that the journal may hold.", now.journal.capacity)
    yield _one("journal_writable", "1 while the journal can be written.", int(not now.journal.unavailable))
    lost = CounterMetricFamily(f"{PREFIX}records_lost", "Records that could not be kept.")
    lost.add_metric([], now.journal.lost)
    yield lost
    yield _one("roster_version", "Version of the roster gone by, 0 for none.", now.roster.version)
    yield _one("roster_age_seconds", "Time since the roster was issued.", now.roster.age_s)
    yield _one(
        "clock_good", "1 unless the time is a floor or a guess.", int(now.clock.quality not in ("floor", "none"))
    )
    jumps = CounterMetricFamily(f"{PREFIX}clock_jumps", "Jumps of the clock by more than a minute.")
    jumps.add_metric([], now.clock.jumps)
    yield jumps


def _gates(gates: Iterable[GateStatus], till: TillStatus | None) -> Iterable[Metric]:
    decisions = _counter("decisions", "Decisions since the agent started.", "gate", "outcome")
    passages = _counter("passages", "People that went through since the agent started.", "gate")
    readers = GaugeMetricFamily(f"{PREFIX}reader_ready", "1 while a reader answers.", labels=["gate", "reader"])
    for gate in gates:
        decisions.add_metric([gate.id, "allowed"], gate.allowed)
        decisions.add_metric([gate.id, "denied"], gate.denied)
        passages.add_metric([gate.id], gate.passed)
        for reader in gate.readers:
            readers.add_metric([gate.id, reader.name], int(reader.health == "ready"))
    for reader in till.readers if till is not None else ():
        readers.add_metric(["", reader.name], int(reader.health == "ready"))
    yield from (decisions, passages, readers)


def _counter(name: str, words: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(PREFIX + name, words, labels=list(labels))


def _one(name: str, words: str, value: float, **labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(PREFIX + name, words, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family
