"""What of servers, database, broker and readers is abnormal. Pure.

Rule: each of them compares what was seen with a limit that stands here, by its name; a trouble ends when it was not
found for `ENDS_AFTER`, so that what swings about a limit is one trouble.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.monitoring.kinds import Found, Kind

ENDS_AFTER = timedelta(minutes=5)
DISK_SHARE, MEMORY_SHARE, LOAD = 95.0, 95.0, 4.0  # per cent; per cent; programs for each processor
LASTING = 5  # minutes in a row that memory and load must be beyond their limit
ERRORS_MAX = 100  # of the network since the reading before
CLOCK_S = 5.0
SILENT_AFTER, FORGOTTEN_AFTER = timedelta(minutes=3), timedelta(days=2)
CONNECTIONS_SHARE = 90.0
BLOCKED_S = 300.0
BACKUP_AFTER = timedelta(hours=30)  # a night's, and the hours that making it may take
STUCK_AFTER = timedelta(minutes=5)
CERTIFICATE_ENDS = timedelta(days=20)
RECORDS_AFTER = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class Minute:
    """A server in a minute; shares in per cent."""

    at: datetime
    processor: float
    load: float
    memory: float
    disk: float
    received: int
    sent: int


@dataclass(frozen=True, slots=True)
class Server:
    """A server as it is, and its last minutes, newest first."""

    name: str
    at: datetime
    disks: Sequence[tuple[str, float]]  # where it is mounted, and how full
    errors: int
    jumped_s: float
    minutes: Sequence[Minute]


@dataclass(frozen=True, slots=True)
class Running:
    """A program of the service that did not say that it ended."""

    name: str
    server: str
    part: str  # web or worker
    seen_at: datetime
    has_turn: bool
    failing: Sequence[str]


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """PostgreSQL as it is; `wal` counts every byte it ever kept safe, so that it never goes back."""

    identity: int
    started_at: datetime
    wal: int
    ahead_s: float  # its clock, of ours
    size: int
    connections: int
    connections_max: int
    slow: int  # statements that run for more than a minute, as a backup does
    blocked_s: float  # how long somebody has waited for a lock, or sat in an open transaction
    blocking: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was known of the database before, on this machine's own disk."""

    identity: int
    started_at: datetime
    wal: int


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader that is behind: since when it stands at a position of a shard, and which record comes next."""

    name: str
    shard: int
    position: int
    since: datetime
    next_record: str


@dataclass(frozen=True, slots=True)
class BrokerState:
    """What somebody who connects to the broker finds: `lost` and `refused` are the reasons, or empty."""

    place: str
    lost: str
    refused: str
    certificate_until: datetime | None


def of_server(server: Server, now: datetime) -> Iterable[Found]:
    """Yield what is abnormal of one server."""
    if now - server.at > SILENT_AFTER:
        if now - server.at < FORGOTTEN_AFTER:
            yield Found(Kind.SERVER_SILENT, server.name, f"last heard {_minute(server.at)}")
        return
    for place, share in server.disks:
        if share >= DISK_SHARE:
            yield Found(Kind.DISK_FULL, f"{server.name} {place}", f"{share:.1f} %")
    lasting = server.minutes[:LASTING]
    if len(lasting) == LASTING and all(each.memory >= MEMORY_SHARE for each in lasting):
        yield Found(Kind.MEMORY_FULL, server.name, f"{lasting[0].memory:.1f} %")
    if len(lasting) == LASTING and all(each.load >= LOAD for each in lasting):
        yield Found(Kind.OVERLOADED, server.name, f"{lasting[0].load:.1f} for each processor")
    if server.errors > ERRORS_MAX:
        yield Found(Kind.NETWORK_ERRORS, server.name, f"{server.errors} new")
    if abs(server.jumped_s) > CLOCK_S:
        yield Found(Kind.CLOCK_WRONG, server.name, f"jumped by {server.jumped_s:+.0f} s")


def of_processes(processes: Sequence[Running], now: datetime, workers_meant: int | None) -> Iterable[Found]:
    """Yield what is abnormal of the service's own programs."""
    for each in processes:
        if SILENT_AFTER < now - each.seen_at < FORGOTTEN_AFTER:
            yield Found(Kind.PROCESS_SILENT, f"{each.part} {each.name}", f"{each.server}, {_minute(each.seen_at)}")
        for part in each.failing:
            yield Found(Kind.PART_FAILING, f"{each.name} {part}", each.server)
    workers = [each for each in processes if each.part == "worker" and now - each.seen_at <= SILENT_AFTER]
    if workers_meant is not None and len(workers) > workers_meant:
        told = ", ".join(
            f"{each.name} at {each.server} {'works' if each.has_turn else 'stands by'}" for each in workers
        )
        yield Found(Kind.TWO_SCHEDULERS, "workers", f"{len(workers)} run, {workers_meant} are meant: {told}")


def of_database(state: DatabaseState, before: Remembered | None) -> Iterable[Found]:
    """Yield what is abnormal of the database, against what was known of it."""
    if abs(state.ahead_s) > CLOCK_S:
        yield Found(Kind.CLOCK_WRONG, "database", f"its clock is {state.ahead_s:+.0f} s of this server's")
    if before is not None and before.identity != state.identity:
        yield Found(Kind.DATABASE_WENT_BACK, "database", "it is another one: a restore, or another server")
    elif before is not None and state.wal < before.wal:
        lost = before.wal - state.wal
        yield Found(Kind.DATABASE_WENT_BACK, "database", f"{lost} bytes of its log that were safe are gone")
    elif before is not None and state.started_at != before.started_at:
        yield Found(Kind.DATABASE_RESTARTED, "database", f"at {_minute(state.started_at)}")
    share = 100 * state.connections / state.connections_max
    if share >= CONNECTIONS_SHARE:
        yield Found(Kind.DATABASE_CROWDED, "database", f"{state.connections} of {state.connections_max}")
    if state.blocked_s > BLOCKED_S:
        yield Found(Kind.DATABASE_BLOCKED, "database", f"{state.blocked_s / 60:.0f} min: {state.blocking}")


def of_backup(made_at: datetime | None, now: datetime) -> Iterable[Found]:
    """Yield that the newest backup is too old, or that there is none."""
    if made_at is None or now - made_at > BACKUP_AFTER:
        yield Found(Kind.BACKUP_OLD, "backup", f"the last is of {_minute(made_at)}" if made_at else "there is none")


def of_broker(state: BrokerState, now: datetime) -> Iterable[Found]:
    """Yield what is abnormal of the broker."""
    if state.lost:
        yield Found(Kind.BROKER_LOST, state.place, state.lost)
    if state.refused:
        yield Found(Kind.BROKER_CERTIFICATE, state.place, state.refused)
    if state.certificate_until is not None and state.certificate_until - now < CERTIFICATE_ENDS:
        yield Found(Kind.BROKER_CERTIFICATE_ENDING, state.place, f"on {_minute(state.certificate_until)}")


def of_readers(readers: Iterable[Reader], now: datetime) -> Iterable[Found]:
    """Yield the readers that have something to read and have not moved."""
    for each in readers:
        if now - each.since > STUCK_AFTER:
            told = f"since {_minute(each.since)} at {each.position}; next is {each.next_record or 'not there'}"
            yield Found(Kind.READER_STUCK, f"{each.name} {each.shard}", told)


def of_records(last_at: datetime | None, mornings: Iterable[datetime], now: datetime) -> Iterable[Found]:
    """Yield that no record came for long, though lessons began at these instants at schools whose gates were heard."""
    if last_at is not None and now - last_at <= RECORDS_AFTER:
        return
    beginning = [at for at in mornings if abs(now - at) <= RECORDS_AFTER]
    if beginning:
        told = f"the last came {_minute(last_at)}" if last_at else "none came yet"
        yield Found(Kind.NO_RECORDS, "records", f"{told}; {len(beginning)} schools begin now")


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
