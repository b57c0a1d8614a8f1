"""Writes the records that are about the agent itself: alarms and health."""

import shutil
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from edge_agent.pipeline import Written
from edge_agent.timekeeper import Timekeeper
from edge_agent.watch import WatchedLog
from schemas.structs import Alarm, Cmd, Command, Health

DETAIL_MAX = 48
_TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")
_WEAR = Path("/sys/block/mmcblk0/device/life_time")  # two kinds of cells, each in tenths of its life, in hex
_WIRELESS = Path("/proc/net/wireless")
log = structlog.get_logger()


class Scribe:
    """Appends, and leaves it to the journal to count what does not land."""

    def __init__(self, journal: WatchedLog, timekeeper: Timekeeper, firmware: str, folder: Path) -> None:
        self._journal = journal
        self._timekeeper = timekeeper
        self._firmware = firmware
        self._folder = folder
        self._started_ms = timekeeper.now().monotonic_ms

    @property
    def uptime_s(self) -> int:
        """Return how long the agent runs."""
        return (self._timekeeper.now().monotonic_ms - self._started_ms) // 1000

    def alarm(self, reason: str, detail: str = "", gate: str | None = None) -> None:
        """Write that something happened that a person should know; `reason` is one of the alarm record's."""
        stamp = self._timekeeper.now()
        fields = {"m": stamp.monotonic_ms, "t": stamp.wall_ms, "q": stamp.quality, "w": reason}
        if detail:
            fields["x"] = detail[:DETAIL_MAX]
        if gate is not None:
            fields["g"] = gate
        log.warning("alarm.raised", reason=reason, detail=detail, gate=gate)
        self._append(msgspec.json.encode(msgspec.convert({"k": "alarm", **fields}, Alarm)))

    def health(self, unsent: int, roster: int) -> None:
        """Write how this device is."""
        stamp = self._timekeeper.now()
        record = Health(
            monotonic_ms=stamp.monotonic_ms,
            wall_ms=stamp.wall_ms,
            clock=stamp.quality,
            uptime_s=self.uptime_s,
            unsent=unsent,
            disk_free_mb=_disk_free_mb(self._folder),
            roster=roster,
            firmware=self._firmware,
            temperature_c=_temperature_c(_TEMPERATURE),
            wear_pct=wear_pct(_WEAR),
            signal_dbm=signal_dbm(_WIRELESS),
        )
        self._append(msgspec.json.encode(record))

    def command(self, cmd: Cmd, outcome: Literal["done", "failed"]) -> None:
        """Write what came of a command."""
        stamp = self._timekeeper.now()
        record = Command(
            monotonic_ms=stamp.monotonic_ms,
            wall_ms=stamp.wall_ms,
            clock=stamp.quality,
            id=cmd.id,
            action=cmd.action,
            outcome=outcome,
        )
        self._append(msgspec.json.encode(record))

    def _append(self, record: bytes) -> None:
        self._journal.append(record).add_done_callback(_ignore)


def _ignore(written: Written) -> None:
    """Take note of a failure, which the journal has counted."""
    if not written.cancelled():
        written.exception()


def _disk_free_mb(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free // 1_000_000
    except OSError:
        return None


def _temperature_c(file: Path) -> int | None:
    """Return the machine's temperature, where Linux tells it."""
    try:
        found = int(file.read_text()) // 1000
    except (OSError, ValueError):
        return None
    return found if -50 <= found <= 150 else None


def wear_pct(file: Path) -> int | None:
    """Return how much of an eMMC's life is used up, where it tells (JEDEC eMMC 5.0, DEVICE_LIFE_TIME_EST)."""
    try:
        tenths = [int(word, 16) for word in file.read_text().split()]
    except (OSError, ValueError):
        return None
    return min(100, 10 * max(tenths)) if tenths and max(tenths) > 0 else None


def signal_dbm(file: Path) -> int | None:
    """Return the strength of the first Wi-Fi that Linux tells of."""
    try:
        lines = file.read_text().splitlines()[2:]
        found = int(float(lines[0].split()[3])) if lines else 1
    except (OSError, ValueError, IndexError):
        return None
    return found if -150 <= found <= 0 else None
