"""What a worker tells Prometheus: its own work, and the fleet on its shards.

Rule: each worker tells of its own shards, so that sums over workers are right; no figure names a school, a device or a
person.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from cloud.core.clock import Clock
from cloud.core.services import Services
from cloud.devices.alarm_kinds import Severity
from cloud.devices.silence import SILENT_AFTER
from cloud.ingest.intake import Intake
from cloud.maintenance.queries import windows_ahead
from cloud.monitoring.measuring import Reading
from cloud.monitoring.queues import behind_of
from cloud.rosters.renewing import ENDING

REFRESH_S = 15.0
DAY = timedelta(days=1)

_DEVICES = """
SELECT CASE WHEN state = 'revoked' THEN 'revoked' WHEN seen_at IS NULL THEN 'never'
    WHEN is_online THEN 'online' ELSE 'offline' END AS state,
  count(*) AS devices, coalesce(sum(unsent), 0) AS unsent,
  count(*) FILTER (WHERE state = 'active' AND seen_at < $2) AS not_heard,
  count(*) FILTER (WHERE state = 'active' AND certificate_until < $3) AS ending
FROM device JOIN school ON school.id = school_id WHERE shard = ANY($1::smallint[]) GROUP BY 1
"""
_ALARMS = """
SELECT severity, count(*) FROM alarm LEFT JOIN school ON school.id = school_id
WHERE acknowledged_at IS NULL AND coalesce(shard, 0) = ANY($1::smallint[]) GROUP BY severity
"""
_COMMANDS = """
SELECT count(*) FILTER (WHERE expires_at > $2) AS waiting, count(*) FILTER (WHERE expires_at <= $2) AS unanswered
FROM device_command JOIN school ON school.id = school_id
WHERE outcome = '' AND asked_at > $3 AND shard = ANY($1::smallint[])
"""
_LOST = """
SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM loss WHERE received_at > $2 AND shard = ANY($1::smallint[])
"""
_TROUBLES = "SELECT kind, count(*) FROM trouble WHERE ended_at IS NULL GROUP BY kind LIMIT 100"


@dataclass(slots=True)
class Fleet:
    """Figures of the fleet as they were when they were last read."""

    devices: dict[str, int] = field(default_factory=dict)
    unsent: int = 0
    not_heard: int = 0
    ending: int = 0
    alarms: dict[str, int] = field(default_factory=dict)
    commands: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    behind: dict[str, int] = field(default_factory=dict)
    troubles: dict[str, int] = field(default_factory=dict)
    window: tuple[float, float] = (0, 0)  # of the next maintenance, or the one that runs; since 1970


async def read_fleet(pool: asyncpg.Pool, shards: Collection[int], clock: Clock) -> Fleet:
    """Return the figures of some shards' devices; alarms of no school are told with shard 0."""
    now, mine = clock.now(), sorted(shards)
    async with pool.acquire() as connection:
        devices = await connection.fetch(_DEVICES, mine, now - SILENT_AFTER, now + ENDING)
        alarms = await connection.fetch(_ALARMS, mine)
        commands = await connection.fetchrow(_COMMANDS, mine, now, now - DAY)
        lost = await connection.fetchval(_LOST, mine, now - DAY)
        behind = await behind_of(connection, mine, now)
        troubles = await connection.fetch(_TROUBLES)
        windows = [each.window for each in await windows_ahead(connection, now)]
    return Fleet(
        devices={row["state"]: row["devices"] for row in devices},
        unsent=_sum(devices, "unsent"), not_heard=_sum(devices, "not_heard"), ending=_sum(devices, "ending"),
        alarms={Severity(row["severity"]).name.lower(): row["count"] for row in alarms},
        commands=dict(commands or {}), lost=int(lost), behind=behind,
        troubles={row["kind"]: row["count"] for row in troubles},
        window=(windows[0].starts_at.timestamp(), windows[0].ends_at.timestamp()) if windows else (0, 0),
    )  # fmt: skip


class WorkerFigures(Collector):
    """Collects for Prometheus; `watch` keeps it fresh and serves it."""

    def __init__(
        self,
        shards: Callable[[], Collection[int]],
        intake: Callable[[], Intake | None],
        has_turn: Callable[[], bool] = lambda: False,
        reading: Callable[[], Reading | None] = lambda: None,
    ) -> None:
        self._shards = shards
        self._intake = intake
        self._has_turn = has_turn
        self._reading = reading
        self.fleet = Fleet()

    @override
    def collect(self) -> Iterator[Metric]:
        intake, fleet = self._intake(), self.fleet
        yield _gauge("esik_worker_shards", "Shards that this worker serves.", len(self._shards()))
        yield _gauge("esik_worker_listening", "1 while it hears the broker.", int(bool(intake and intake.is_listening)))
        yield _gauge("esik_worker_has_turn", "1 while it does the work that one does for all.", int(self._has_turn()))
        for name, about, value in (
            ("windows", "Windows of messages committed.", intake.windows if intake else 0),
            ("records", "Records taken in.", intake.records if intake else 0),
            ("messages_dropped", "Messages that found no room or no row.", intake.dropped if intake else 0),
            ("messages_turned_away", "Messages of who sent too many.", intake.turned_away if intake else 0),
        ):
            yield CounterMetricFamily(f"esik_worker_{name}", about, value=value)
        yield _labelled("esik_fleet_devices", "Devices.", "state", fleet.devices)
        yield _gauge("esik_fleet_unsent_records", "Records that devices have not sent yet.", fleet.unsent)
        yield _gauge("esik_fleet_not_heard", "Active devices not heard for a quarter of an hour.", fleet.not_heard)
        yield _gauge("esik_fleet_certificates_ending", "Certificates that should have been renewed.", fleet.ending)
        yield _labelled("esik_fleet_alarms_open", "Alarms nobody acknowledged.", "severity", fleet.alarms)
        yield _labelled("esik_fleet_commands", "Commands of the last day without an answer.", "stage", fleet.commands)
        yield _gauge("esik_fleet_lost_records", "Records told to be lost within a day.", fleet.lost)
        yield _labelled("esik_reader_behind_records", "Records that a reader has not met.", "reader", fleet.behind)
        for name, at in zip(("starts", "ends"), fleet.window, strict=True):
            yield _gauge(f"esik_maintenance_{name}_seconds", f"When the next maintenance {name}; 0: none is.", at)
        if self._has_turn():
            yield _labelled("esik_troubles_open", "What is wrong now with servers.", "kind", fleet.troubles)
        if (reading := self._reading()) is not None:
            yield from _server(reading)


async def watch(services: Services, figures: WorkerFigures, shards: Callable[[], Collection[int]]) -> None:
    """Serve figures at the port of the settings until cancelled, and read the fleet's anew now and then."""
    settings = services.settings
    if settings.metrics_port is None:
        await asyncio.Event().wait()
        return
    registry = CollectorRegistry()
    registry.register(figures)
    server, thread = start_http_server(settings.metrics_port, settings.http_host, registry)
    try:
        while True:
            figures.fleet = await read_fleet(services.database.pool, shards(), services.clock)
            await services.clock.sleep(REFRESH_S)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _server(reading: Reading) -> Iterator[Metric]:
    """Yield how the server is; workers of one server tell the same, each as its own instance."""
    snapshot = reading.snapshot
    yield _gauge("esik_server_processor_ratio", "How busy its processors are.", snapshot.processor / 100)
    yield _gauge("esik_server_load_per_processor", "Programs that want to run, for each processor.", snapshot.load)
    yield _gauge("esik_server_memory_ratio", "How full its memory is.", reading.memory / 100)
    disks = GaugeMetricFamily("esik_server_disk_ratio", "How full a disk is.", labels=["place"])
    for disk in snapshot.disks:
        disks.add_metric([disk.place], disk.share / 100)
    yield disks
    for name, count in (("received", snapshot.network.received), ("sent", snapshot.network.sent)):
        about = f"Bytes that its network cards {name}."
        yield CounterMetricFamily(f"esik_server_{name}_bytes", about, value=count)


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value)


def _labelled(name: str, about: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


def _sum(rows: Collection[Any], name: str) -> int:
    return sum(int(row[name]) for row in rows)
