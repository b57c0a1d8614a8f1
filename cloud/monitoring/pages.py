"""The page of servers, live, for operators: what is wrong, and how everything is that the service runs on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.accounts.web import OperatorDesk, everywhere
from cloud.core.actor import Actor
from cloud.core.charts import Chart, Column, chart_of
from cloud.core.formats import Formats
from cloud.core.i18n import N_, translate
from cloud.core.live import Quiet, stream
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import EVERYTHING
from cloud.devices.alarms import OPERATORS
from cloud.monitoring import broker, database
from cloud.monitoring.measuring import Reading
from cloud.monitoring.queues import behind_of, devices_of
from cloud.monitoring.rules import SILENT_AFTER, BrokerState, DatabaseState, Minute
from cloud.monitoring.servers import Process, past_of, processes, readings
from cloud.monitoring.troubles import Trouble, ended_troubles, open_troubles
from cloud.monitoring.watching import newest_of
from schemas.topics import SHARDS

router = APIRouter(prefix="/servers", include_in_schema=False)
ServersDesk = Annotated[OperatorDesk, Depends(everywhere(Right.SERVERS_WATCH))]
TEMPLATE = "monitoring/servers.html"
SHOWN, STEP = timedelta(hours=24), timedelta(hours=1)
PATIENCE_S = 2.0
SIZES, STEP_OF_SIZES = (N_("B"), N_("kB"), N_("MB"), N_("GB"), N_("TB")), 1000


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """A server as the page shows it, with its last day by hours."""

    reading: Reading
    is_silent: bool
    past: Sequence[Minute]

    def chart(self, fmt: Formats) -> Chart:
        """Return the processor's highest share of each hour."""
        return chart_of(
            [Column(fmt.hour(each.at), f"{fmt.hour(each.at)}: {each.processor:.0f} %", [round(each.processor)])
             for each in self.past]
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Health:
    """How everything is that the service runs on."""

    open: Sequence[Trouble]
    ended: Sequence[Trouble]
    servers: Sequence[ServerSeen]
    processes: Sequence[Process]
    silent: frozenset[str]  # processes that were not heard for some minutes
    database: DatabaseState
    broker: BrokerState
    behind: Mapping[str, int]
    devices: Mapping[str, int]
    unsent: int
    backup: datetime | None  # when the newest was made; None where there is none, or none is watched


async def health_of(services: Services, actor: Actor) -> Health:
    """Return how everything is now. Raises NotAllowed."""
    actor.require_everywhere(Right.SERVERS_WATCH)
    now, backup = services.clock.now(), await newest_of(services.settings)
    found = await broker.state_of(services.settings, PATIENCE_S)
    async with services.database.pool.acquire() as connection:
        programs = await processes(connection)
        devices, unsent = await devices_of(connection)
        return Health(
            await open_troubles(connection), await ended_troubles(connection),
            [
                ServerSeen(
                    each, now - each.at > SILENT_AFTER, await past_of(connection, each.server, now - SHOWN, STEP)
                )
                for each in await readings(connection)
            ],
            programs, frozenset(each.name for each in programs if now - each.seen_at > SILENT_AFTER),
            await database.state_of(connection, services.clock), found,
            await behind_of(connection, range(SHARDS), now), devices, unsent, backup,
        )  # fmt: skip


@router.get("")
async def show(request: Request, desk: ServersDesk) -> Response:
    """Show how everything is."""
    return pages_of(request).page(desk.visit, TEMPLATE, section="servers", **await _values(desk))


@router.get("/live")
async def live(request: Request, desk: ServersDesk) -> Response:
    """Stream the same."""

    async def draw() -> str:
        return pages_of(request).block(desk.visit, TEMPLATE, "servers", **await _values(desk))

    return stream(request, [(OPERATORS, EVERYTHING)], draw, Quiet.DRAW)


async def _values(desk: OperatorDesk) -> dict[str, Any]:
    settings = desk.services.settings
    return {
        "health": await health_of(desk.services, desk.actor), "size": size_of, "pace": pace_of,
        "is_told": bool(settings.operator_targets), "is_backup_watched": settings.backup_folder is not None,
    }  # fmt: skip


def size_of(count: float, fmt: Formats) -> str:
    """Return a size in bytes as people read it: 1.4 GB."""
    place = 0
    while abs(count) >= STEP_OF_SIZES and place < len(SIZES) - 1:
        count, place = count / STEP_OF_SIZES, place + 1
    return f"{fmt.tenths(count) if place else fmt.number(round(count))} {translate(fmt.language, SIZES[place])}"


def pace_of(count: float, fmt: Formats) -> str:
    """Return a size in bytes for each second: 1.4 MB/s."""
    return translate(fmt.language, message("{size}/s", size=size_of(count, fmt)))
