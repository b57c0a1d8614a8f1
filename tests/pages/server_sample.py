"""Servers of the sample: two with a day behind them, one nearly full; processes, troubles, the database's log."""

from datetime import timedelta

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.core.windows import Window
from cloud.maintenance.actions import cancel, plan
from cloud.monitoring import servers, troubles
from cloud.monitoring.kinds import Found, Kind
from cloud.monitoring.measuring import Counts, Disk, Program, Reading, Snapshot
from cloud.monitoring.servers import Process

GB = 1_000_000_000
HOURS = 9
SYSTEM = Actor.system("test")
_EVENT = "INSERT INTO database_event (at, kind, who, told) VALUES ($1, $2, $3, $4)"


async def write(services: Services) -> None:
    """Write what the pages of servers and of security events show."""
    pool, now = services.database.pool, services.clock.now()
    for number, name in enumerate(("esik-a.almaty", "esik-b.almaty")):
        for hours in range(HOURS, -1, -1):
            at = now - timedelta(hours=hours)
            busy = 12.0 + (7 * hours + 31 * number) % 60
            await servers.keep(pool, Reading(name, at, _snapshot(services, number, busy), 182_000, 64_000, 0, 0.0))
    for name, part, has_turn, failing in (
        ("worker-1f0c", "worker", True, ()), ("worker-77ab", "worker", False, ("syslog",)),
        ("web-5d21", "web", False, ()),
    ):  # fmt: skip
        await servers.beat(pool, Process(name, "esik-a.almaty", part, 811, "0.9.0", now, now, has_turn, failing))
    ended = [Found(Kind.BROKER_LOST, "broker at esik-a.almaty:8883", "ConnectionRefusedError")]
    await troubles.note(pool, ended, (), now - timedelta(hours=2))
    await troubles.note(pool, [], (), now - timedelta(hours=1))
    await troubles.note(
        pool,
        [
            Found(Kind.DISK_FULL, "esik-b.almaty /var/lib/postgresql", "96.2 %"),
            Found(Kind.PART_FAILING, "worker-77ab syslog", "esik-a.almaty"),
        ],
        (), now,
    )  # fmt: skip
    await _plan_windows(services)
    await pool.execute(
        _EVENT, now - timedelta(minutes=40), "rights", "postgres 127.0.0.1 psql", "GRANT SELECT ON visit TO bi"
    )


async def _plan_windows(services: Services) -> None:
    """Announce work so far ahead that no page says it yet, and call another one off."""
    for days, is_held in ((12, True), (20, False)):
        starts_at = services.clock.now() + timedelta(days=days)
        number = await plan(services, SYSTEM, Window(starts_at, starts_at + timedelta(minutes=90)))
        if not is_held:
            await cancel(services, SYSTEM, number)


def _snapshot(services: Services, number: int, processor: float) -> Snapshot:
    disks = [Disk("/", 41 * GB, 100 * GB)]
    if number:
        disks.append(Disk("/var/lib/postgresql", 481 * GB, 500 * GB))
    return Snapshot(
        processor=processor, processors=4, load=processor / 50, memory_used=round((2 + processor / 20) * GB),
        memory_total=8 * GB, swap_used=0, disks=disks, network=Counts(10**10, 10**9, 0),
        programs=[Program("esik web", 1, 210_000_000, 4.5, "sleeping"),
                  Program("esik worker", 2, 380_000_000, 31.0, "running sleeping"),
                  Program("postgres", 24, 900_000_000, 18.2, "sleeping")],
        booted_at=services.clock.now() - timedelta(days=41),
    )  # fmt: skip
