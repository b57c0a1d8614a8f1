"""Reading maintenance windows: those to come, those that were, and the one that pages have to say."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
import structlog

from cloud.core.actor import Actor
from cloud.core.errors import kinds_of
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.windows import Window

SHOWN = 20
LOOK_S = 15.0  # how old what pages know of windows may be
_COLUMNS = "id, starts_at, ends_at, planned_at, cancelled_at"
_AHEAD = f"""
SELECT {_COLUMNS} FROM maintenance_window WHERE cancelled_at IS NULL AND ends_at > $1 ORDER BY starts_at LIMIT $2
"""  # noqa: S608 (of our own words)
_PAST = f"""
SELECT {_COLUMNS} FROM maintenance_window WHERE cancelled_at IS NOT NULL OR ends_at <= $1
ORDER BY starts_at DESC LIMIT $2
"""  # noqa: S608
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Planned:
    """A window as it was announced; a cancelled one never came, or ended when it was cancelled."""

    id: int
    window: Window
    planned_at: datetime
    cancelled_at: datetime | None

    def state(self, now: datetime) -> str:
        """Return its state, which is a word of the pages."""
        if self.cancelled_at is not None:
            return "window_cancelled" if self.cancelled_at <= self.window.starts_at else "window_ended"
        if self.window.is_running(now):
            return "window_running"
        return "window_planned" if now < self.window.starts_at else "window_over"


@dataclass(frozen=True, slots=True)
class Windows:
    """What operators see of windows."""

    ahead: Sequence[Planned]
    past: Sequence[Planned]


async def windows_of(services: Services, actor: Actor) -> Windows:
    """Return the windows to come and the last ones that were. Raises NotAllowed."""
    actor.require_everywhere(Right.MAINTENANCE_PLAN)
    pool, now = services.database.pool, services.clock.now()
    past = [_planned(row) for row in await pool.fetch(_PAST, now, SHOWN)]
    return Windows(await windows_ahead(pool, now), past)


async def windows_ahead(connection: asyncpg.Connection | asyncpg.Pool, now: datetime) -> list[Planned]:
    """Return the windows that run or are still to come, the next first."""
    return [_planned(row) for row in await connection.fetch(_AHEAD, now, SHOWN)]


async def is_worked_on(connection: asyncpg.Connection | asyncpg.Pool, now: datetime) -> bool:
    """Tell whether a window runs now."""
    return any(each.window.is_running(now) for each in await windows_ahead(connection, now))


@dataclass(slots=True)
class Announced:
    """What the pages of one process know of windows, read anew now and then; without a database, as they were."""

    _windows: Sequence[Window] = ()
    _looked_s: float | None = field(default=None)

    def forget(self) -> None:
        """Let the next page read them anew."""
        self._looked_s = None

    async def said(self, services: Services) -> Window | None:
        """Return the window that pages say now, if any."""
        at_s, now = services.clock.monotonic_s(), services.clock.now()
        if self._looked_s is None or at_s - self._looked_s >= LOOK_S:
            self._looked_s = at_s  # before the answer: of many pages at once one asks
            try:
                self._windows = [each.window for each in await windows_ahead(services.database.pool, now)]
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("windows.not_read", error=kinds_of(error))
        return next((each for each in self._windows if each.is_said(now)), None)


def _planned(row: asyncpg.Record) -> Planned:
    return Planned(row["id"], Window(row["starts_at"], row["ends_at"]), row["planned_at"], row["cancelled_at"])
