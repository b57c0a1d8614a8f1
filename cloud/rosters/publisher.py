"""The publisher: issues rosters when somebody changed what they are made of, and each day anew.

Rule: the first change of a school is issued at once, since it may be a blocked card; what follows within seconds waits
and is issued together. Money that moved and orders ahead are told once a minute, and to tills only: the doors' roster
stays as it was.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.core.wakeups import EVERYTHING
from cloud.devices import registry
from cloud.ledger.posting import MOVED
from cloud.menu.kinds import ORDERED
from cloud.menu.tills import schools_with_tills
from cloud.people.kinds import CHANGED
from cloud.rosters.actions import publish, publish_canteen, stale_schools

APART_S = 5.0
LOOK_S = 60.0
TILLS_APART_S = 60.0  # at lunch a balance moves every second, and every till fetches what is issued
ACTOR = Actor.system("rosters")
log = structlog.get_logger()


@dataclass(slots=True)
class Publisher:
    """Issues rosters until cancelled."""

    services: Services
    _wanted: dict[int, float] = field(default_factory=dict)  # school id: not before this instant
    _issued_s: dict[int, float] = field(default_factory=dict)
    _moved: set[int] = field(default_factory=set)  # schools with other balances or orders than told
    _told: deque[int] = field(default_factory=deque)  # of those, the ones whose turn has come
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear(), name="rosters.hear")
            group.create_task(self._hear_devices(), name="rosters.hear_devices")
            for channel in (MOVED, ORDERED):
                group.create_task(self._hear_of_tills(channel), name=f"rosters.hear_{channel}")
            group.create_task(self._tell_tills(), name="rosters.tell_tills")
            group.create_task(self._look(), name="rosters.look")
            group.create_task(self._issue(), name="rosters.issue")

    def want(self, school_id: int) -> None:
        """Note that a school's roster may have changed."""
        now_s = self.services.clock.monotonic_s()
        not_before_s = max(now_s, self._issued_s.get(school_id, now_s - APART_S) + APART_S)
        self._wanted.setdefault(school_id, not_before_s)
        self._news.set()

    async def _hear(self) -> None:
        async with await self.services.wakeups.subscribe(CHANGED) as changes:
            await self._want_all()  # nobody woke us for what was changed while no publisher ran
            async for payload in changes:
                if payload.isdigit():
                    self.want(int(payload))
                else:
                    await self._want_all()

    async def _hear_devices(self) -> None:
        """Note devices that were added or revoked: with them come and go gates, and maybe the hub."""
        async with await self.services.wakeups.subscribe(registry.CHANGED) as changes:
            async for name in changes:
                if name == EVERYTHING:
                    continue
                school_id = await self.services.database.pool.fetchval(
                    "SELECT school_id FROM device WHERE name = $1", name
                )
                if school_id is not None:
                    self.want(school_id)

    async def _hear_of_tills(self, channel: str) -> None:
        """Note where what only tills are told has changed."""
        async with await self.services.wakeups.subscribe(channel) as moves:
            async for payload in moves:
                if payload.isdigit():
                    self._moved.add(int(payload))

    async def _tell_tills(self) -> None:
        """Tell tills of balances and orders now and then: what they sold themselves they know already."""
        while True:
            await self.services.clock.sleep(TILLS_APART_S)
            moved, self._moved = sorted(self._moved), set()
            waiting = set(self._told)
            schools = await schools_with_tills(self.services.database.pool, moved)
            self._told.extend(school_id for school_id in schools if school_id not in waiting)
            self._news.set()

    async def _want_all(self) -> None:
        """Look at every school with devices, after wake-ups may have been missed."""
        rows = await self.services.database.pool.fetch(
            "SELECT DISTINCT school_id FROM device WHERE state = 'active' LIMIT 20000"
        )
        for row in rows:
            self.want(row["school_id"])

    async def _look(self) -> None:
        """Issue anew what is a day old."""
        while True:
            for school_id in await stale_schools(self.services):
                self.want(school_id)
            await self.services.clock.sleep(LOOK_S)

    async def _issue(self) -> None:
        while True:
            await self._news.wait()
            if (school_id := self._next()) is not None:
                self._issued_s[school_id] = self.services.clock.monotonic_s()
                await self._publish(school_id, publish)
            elif self._told:
                await self._publish(self._told.popleft(), publish_canteen)
            elif self._wanted:
                now_s = self.services.clock.monotonic_s()
                await self.services.clock.sleep(max(0.01, min(self._wanted.values()) - now_s))
            else:
                self._news.clear()

    def _next(self) -> int | None:
        """Return the school that is due the longest; None when none is."""
        now_s = self.services.clock.monotonic_s()
        due = [(not_before_s, school_id) for school_id, not_before_s in self._wanted.items() if not_before_s <= now_s]
        if not due:
            return None
        _, school_id = min(due)
        del self._wanted[school_id]
        return school_id

    async def _publish(self, school_id: int, issue: Callable[[Services, Actor, int], Awaitable[int]]) -> None:
        try:
            version = await issue(self.services, ACTOR, school_id)
        except NotFound:
            return
        log.info("roster.issued", school=school_id, version=version)
