"""What a server is doing: processor, memory, disks, network and programs, read from the system by psutil.

Rule: what a program was started with may hold a secret, so that only its name is kept.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec
import psutil

from cloud.core.clock import Clock

PROGRAMS = frozenset({"postgres", "mosquitto", "nginx", "rsyslogd"})
PROGRAMS_MAX, DISKS_MAX = 12, 8
ESIK = "esik"
REAL = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "overlay", "vfat", "tmpfs"})


class Disk(msgspec.Struct, frozen=True):
    """A disk by where it is mounted."""

    place: str
    used: int
    total: int

    @property
    def share(self) -> float:
        """Return how full it is, in per cent."""
        return 100 * self.used / self.total if self.total else 0.0


class Program(msgspec.Struct, frozen=True):
    """Programs of one name: how many, the memory of all in bytes, and their share of one processor in per cent."""

    name: str
    count: int
    memory: int
    processor: float
    states: str  # as the system calls them: running, sleeping, zombie


class Counts(msgspec.Struct, frozen=True):
    """What the network's cards counted since the system began."""

    received: int
    sent: int
    errors: int


class Snapshot(msgspec.Struct, frozen=True):
    """A machine at an instant; shares in per cent, sizes in bytes."""

    processor: float
    processors: int
    load: float  # programs that want to run, for each processor, over five minutes
    memory_used: int
    memory_total: int
    swap_used: int
    disks: list[Disk]
    network: Counts
    programs: list[Program]
    booted_at: datetime


class Reading(msgspec.Struct, frozen=True):
    """A snapshot with what is known by the one before: bytes a second, new errors, and how far the clock jumped."""

    server: str
    at: datetime
    snapshot: Snapshot
    received: int
    sent: int
    errors: int
    jumped_s: float

    @property
    def memory(self) -> float:
        """Return how full memory is, in per cent."""
        return 100 * self.snapshot.memory_used / self.snapshot.memory_total if self.snapshot.memory_total else 0.0

    @property
    def disk(self) -> float:
        """Return how full the fullest disk is, in per cent."""
        return max((each.share for each in self.snapshot.disks), default=0.0)


class Machine(Protocol):
    """What a meter looks at."""

    def snapshot(self, folders: Sequence[Path]) -> Snapshot:
        """Return how it is now; of disks those that are mounted, and those that the folders stand on."""
        ...


class SystemMachine:
    """The machine that this runs on. Looks at /proc some milliseconds long: ask in a thread."""

    def __init__(self) -> None:
        psutil.cpu_percent()  # the first answer is of no time at all
        self._known: dict[int, psutil.Process] = {}  # a process tells its share since it was asked before

    def snapshot(self, folders: Sequence[Path]) -> Snapshot:
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        cards = psutil.net_io_counters(pernic=True).values()  # of a machine without a card none
        processors = psutil.cpu_count() or 1
        return Snapshot(
            processor=psutil.cpu_percent(), processors=processors, load=psutil.getloadavg()[1] / processors,
            memory_used=memory.total - memory.available, memory_total=memory.total, swap_used=swap.used,
            disks=disks_of(folders),
            network=Counts(
                sum(each.bytes_recv for each in cards), sum(each.bytes_sent for each in cards),
                sum(each.errin + each.errout for each in cards),
            ),
            programs=self._programs(), booted_at=datetime.fromtimestamp(psutil.boot_time(), tz=UTC),
        )  # fmt: skip

    def _programs(self) -> list[Program]:
        found: dict[str, list[tuple[int, float, str]]] = defaultdict(list)
        alive: dict[int, psutil.Process] = {}
        for each in psutil.process_iter():
            process = self._known.get(each.pid, each)
            process = process if process == each else each  # a number may have gone to another program
            try:
                with process.oneshot():
                    name = program_of(process.name(), process.cmdline())
                    if name:
                        alive[each.pid] = process
                        told = (process.memory_info().rss, process.cpu_percent(), str(process.status()))
                        found[name].append(told)
            except (psutil.Error, OSError):
                continue  # it has just ended, or is somebody else's
        self._known = alive
        return [
            Program(
                name, len(each), sum(memory for memory, _, _ in each), round(sum(share for _, share, _ in each), 1),
                " ".join(sorted({state for _, _, state in each})),
            )
            for name, each in sorted(found.items())
        ][:PROGRAMS_MAX]  # fmt: skip


def program_of(name: str, words: Sequence[str]) -> str:
    """Return what a program of the service is called here; nothing for any other."""
    if name in PROGRAMS:
        return name
    if "cloud" in words and any(Path(word).name == ESIK for word in words[:3]):
        part = words[words.index("--part") + 1] if "--part" in words[:-1] else "cloud"
        return f"{ESIK} {part}" if part in {"web", "worker", "cloud"} else f"{ESIK} cloud"
    return "esik export" if any(word.endswith("cloud.exports.beside") for word in words[:4]) else ""


def disks_of(folders: Sequence[Path]) -> list[Disk]:
    """Return the disks that are mounted and written to, and those that folders stand on; one of one device."""
    places = [Path(each.mountpoint) for each in psutil.disk_partitions() if each.fstype in REAL and "rw" in each.opts]
    found: dict[int, Disk] = {}
    for place in [Path("/"), *places, *folders]:
        try:
            device, usage = place.stat().st_dev, psutil.disk_usage(str(place))
        except OSError:
            continue  # it is not there, or not ours to see
        if usage.total and device not in found:
            found[device] = Disk(str(place), usage.used, usage.used + usage.free)  # without what is kept for root
    return list(found.values())[:DISKS_MAX]


@dataclass(slots=True)
class Meter:
    """Takes readings of one machine, one after the other."""

    server: str
    machine: Machine
    clock: Clock
    folders: Sequence[Path] = ()
    _before: tuple[datetime, float, Snapshot] | None = field(default=None)

    def read(self) -> Reading:
        """Return how the machine is, against the reading before."""
        snapshot, at, mono_s = self.machine.snapshot(self.folders), self.clock.now(), self.clock.monotonic_s()
        before, self._before = self._before, (at, mono_s, snapshot)
        if before is None:
            return Reading(self.server, at, snapshot, 0, 0, 0, 0.0)
        passed_s, old = max(mono_s - before[1], 0.001), before[2].network
        new = snapshot.network
        return Reading(
            self.server, at, snapshot,
            received=max(0, round((new.received - old.received) / passed_s)),
            sent=max(0, round((new.sent - old.sent) / passed_s)),
            errors=max(0, new.errors - old.errors),
            jumped_s=(at - before[0]).total_seconds() - (mono_s - before[1]),
        )  # fmt: skip
