"""One device as its IT sees it: how it is and was, what it lost, its alarms and its commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.devices.alarm_list import AlarmFilters, AlarmSeen, State, alarms_of
from cloud.devices.commands import CommandSeen, commands_of
from cloud.devices.health import Health, health_since
from cloud.office.fleet import DeviceSeen, GateSeen, fleet_of

HOURS = 24
LOSSES_MAX = 10
ALARMS_MAX = 20
CHART_HIGH = 64
_LOSSES = """
SELECT epoch, first_seq, last_seq, reason, received_at FROM loss
WHERE device = $1 AND school_id = $2 ORDER BY id DESC LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Hour:
    """How a device was within an hour; what it did not tell is None. `high` is of the chart, 0 to CHART_HIGH."""

    at: datetime
    told: int
    unsent: int | None = None
    disk_free_mb: int | None = None
    temperature_c: int | None = None
    signal_dbm: int | None = None
    uptime_s: int | None = None
    high: int = 0


@dataclass(frozen=True, slots=True)
class LossSeen:
    """A stretch of records that a device says it has lost."""

    epoch: str
    first_seq: int
    last_seq: int
    reason: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceDetail:
    """Everything that its page shows."""

    device: DeviceSeen
    gates: Sequence[GateSeen]  # that it serves
    roster_version: int  # the newest one
    hours: Sequence[Hour]  # the oldest first
    losses: Sequence[LossSeen]
    alarms: Sequence[AlarmSeen]
    commands: Sequence[CommandSeen]

    @property
    def unsent_max(self) -> int:
        return max((hour.unsent or 0 for hour in self.hours), default=0)

    @property
    def has_told(self) -> bool:
        return any(hour.told for hour in self.hours)


async def detail_of(services: Services, actor: Actor, school: SchoolToday, name: str) -> DeviceDetail:
    """Return a device of a school. Raises NotAllowed or NotFound."""
    fleet = await fleet_of(services, actor, school, name)
    if not fleet.devices:
        raise NotFound
    device, now = fleet.devices[0], services.clock.now()
    filters = AlarmFilters(state=State.ALL, device=name)
    alarms = (await alarms_of(services, actor, school.id, filters)).alarms[:ALARMS_MAX]
    commands = await commands_of(services, actor, school.id, name)
    since = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    async with services.database.pool.acquire() as connection:
        told = await health_since(connection, device.id, since)
        losses = [LossSeen(*row) for row in await connection.fetch(_LOSSES, name, school.id, LOSSES_MAX)]
    gates = [gate for gate in fleet.gates if gate.device == name]
    return DeviceDetail(device, gates, fleet.roster_version, hours_of(told, since), losses, alarms, commands)


def hours_of(told: Sequence[Health], since: datetime) -> list[Hour]:
    """Return a day in hours: the worst word of each, and how high its backlog stands in the chart."""
    most = max((each.unsent for each in told), default=0)
    by_hour: dict[int, list[Health]] = {}
    for each in told:
        by_hour.setdefault((each.at - since) // timedelta(hours=1), []).append(each)
    return [_hour(since + timedelta(hours=number), by_hour.get(number, []), most) for number in range(HOURS)]


def _hour(at: datetime, told: Sequence[Health], most: int) -> Hour:
    if not told:
        return Hour(at, 0)
    unsent = max(each.unsent for each in told)
    return Hour(
        at, len(told), unsent,
        disk_free_mb=min((each.disk_free_mb for each in told if each.disk_free_mb is not None), default=None),
        temperature_c=max((each.temperature_c for each in told if each.temperature_c is not None), default=None),
        signal_dbm=min((each.signal_dbm for each in told if each.signal_dbm is not None), default=None),
        uptime_s=told[-1].uptime_s,
        high=2 + round((CHART_HIGH - 2) * unsent / most) if most else 2,
    )  # fmt: skip
