"""What the cloud's word does in this agent: its time, its rosters, its commands; and what the uplink asks of the agent.

Rule: a command's counter is on the disk before the command is obeyed, so that no restart obeys it twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Literal, Protocol, get_args

import structlog

from edge_agent.decision import Mode
from edge_agent.gate import Gate
from edge_agent.journal.entry import JournalBroken, JournalUnavailable
from edge_agent.orders import MODE
from edge_agent.roster import Roster
from edge_agent.scribe import Scribe
from edge_agent.slots import Shelf
from edge_agent.sync.session import Session
from edge_agent.timekeeper import BUILD_FLOOR_MS, Stamp, Timekeeper
from schemas.structs import Cmd

COUNTER = "command_counter"
RECALL_S = 10.0
TIME_ERROR_MS_MAX = 10_000
ALARM_AGAIN_MS = 3_600_000
BLINKS, BLINK_S = 20, 1.0
log = structlog.get_logger()


class Notes(Protocol):
    """The journal's small durable values."""

    async def remember(self, name: str, value: str) -> None: ...
    async def recall(self, name: str) -> str | None: ...


class CloudSide:
    """The World of an Uplink."""

    def __init__(
        self, timekeeper: Timekeeper, shelf: Shelf[Roster], scribe: Scribe, notes: Notes, restart: Callable[[], None]
    ) -> None:
        self.session: Session | None = None
        self.gates: Sequence[Gate] = ()
        self.want_roster: Callable[[int], None] = lambda _version: None
        self.want_roster_again: Callable[[], None] = lambda: None
        self._timekeeper = timekeeper
        self._shelf = shelf
        self._scribe = scribe
        self._notes = notes
        self._restart = restart
        self._refused_ms: dict[str, int] = {}
        self._forged = 0
        self._located: Sequence[Gate] = ()
        self._locate = asyncio.Event()

    # What an uplink asks

    def stamp(self) -> Stamp:
        return self._timekeeper.now()

    def is_clock_good(self) -> bool:
        return self._timekeeper.now().is_good

    def floor_ms(self) -> int:
        roster = self._shelf.roster
        return max(BUILD_FLOOR_MS, roster.header.issued_ms if roster is not None else 0)

    def learn_time(self, wall_ms: int, monotonic_ms: int, error_ms: int) -> None:
        """Believe the cloud's clock if the answer was quick enough."""
        if error_ms <= TIME_ERROR_MS_MAX:
            self._timekeeper.learn(wall_ms, monotonic_ms, "ntp")

    def roster_version(self) -> int:
        return self._shelf.version

    def fetch_roster(self, version: int) -> None:
        self.want_roster(version)

    async def report(self, reason: str, detail: str) -> None:
        self._scribe.alarm(reason, detail)

    def notice_forgeries(self) -> None:
        """Tell the cloud, once an hour, that somebody sent what the cloud did not seal."""
        forged = self.session.counters.acks_forged if self.session is not None else 0
        if forged > self._forged and self._is_news("ack_forged"):
            self._scribe.alarm("ack_forged", f"{forged - self._forged} messages")
            self._forged = forged

    # Rosters

    def roster_taken(self, version: int) -> None:
        """Go by a newer roster: it is on the shelf already."""
        if self._shelf.roster is not None:
            self._timekeeper.raise_floor(self._shelf.roster.header.issued_ms)
        if self.session is not None:
            self.session.roster_is(version)

    def roster_refused(self, reason: str, whose: str = "") -> None:
        """Tell the cloud once an hour; a delta that does not fit is followed by a snapshot, and no reason to worry."""
        if reason != "base" and self._is_news(told := whose + reason):
            self._scribe.alarm("roster_refused", told)

    def _is_news(self, reason: str) -> bool:
        """Tell whether this was not told within the hour, and note that it is told now."""
        now_ms = self._timekeeper.now().monotonic_ms
        last_ms = self._refused_ms.get(reason)
        if last_ms is not None and now_ms - last_ms < ALARM_AGAIN_MS:
            return False
        self._refused_ms[reason] = now_ms
        return True

    # Commands

    async def obey(self, cmd: Cmd) -> None:
        """Note the command's counter, then do what it says."""
        try:
            if cmd.counter <= await self._last_counter():
                log.warning("command.repeated", action=cmd.action, id=cmd.id)
                return
            await self._notes.remember(COUNTER, str(cmd.counter))
        except (JournalUnavailable, JournalBroken) as error:
            log.error("command.refused", action=cmd.action, id=cmd.id, error=str(error))  # noqa: TRY400
            return
        log.warning("command.obeyed", action=cmd.action, id=cmd.id, gate=cmd.gate)
        outcome: Literal["done", "failed"] = "done" if await self._do(cmd) else "failed"
        self._scribe.command(cmd, outcome)
        if cmd.action == "restart":
            self._restart()

    async def blink(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Blink at the gates that a command wants to be found, until cancelled."""
        while True:
            await self._locate.wait()
            self._locate.clear()
            for _ in range(BLINKS):
                for gate in self._located:
                    gate.blink()
                await sleep(BLINK_S)

    async def _do(self, cmd: Cmd) -> bool:
        """Do what a command says; tell whether it could be done."""
        match cmd.action:
            case "open_once":
                return self._each(cmd, lambda gate: gate.open_once())
            case "lock_down" | "free_pass" | "normal" as mode:
                return await self._set_mode(cmd, mode)
            case "report":
                unsent = self.session.unsent if self.session is not None else 0
                self._scribe.health(unsent, self._shelf.version)
            case "roster":
                self.want_roster_again()
            case "locate":
                self._located = self._named(cmd)
                self._locate.set()
                return self._each(cmd, lambda gate: gate.blink())
            case "restart":
                pass  # when its answer is written
        return True

    async def restore_modes(self) -> None:
        """Set every gate as it was commanded before the agent started; what cannot be read leaves it as usual."""
        for gate in self.gates:
            with suppress(JournalUnavailable, JournalBroken, TimeoutError):
                async with asyncio.timeout(RECALL_S):
                    said = await self._notes.recall(MODE + gate.settings.id)
                for mode in get_args(Mode):
                    if said == mode:
                        gate.set_mode(mode)

    async def _set_mode(self, cmd: Cmd, mode: Mode) -> bool:
        is_done = self._each(cmd, lambda gate: gate.set_mode(mode))
        for gate in self._named(cmd):
            with suppress(JournalUnavailable, JournalBroken):
                await self._notes.remember(MODE + gate.settings.id, mode)
        return is_done

    def _named(self, cmd: Cmd) -> Sequence[Gate]:
        return [gate for gate in self.gates if cmd.gate is None or gate.settings.id == cmd.gate]

    def _each(self, cmd: Cmd, act: Callable[[Gate], bool]) -> bool:
        """Act on the gate that a command names, or on every gate when it names none; tell whether all could."""
        named = self._named(cmd)
        done = [act(gate) for gate in named]
        if not done or not all(done):
            log.error("command.failed", action=cmd.action, id=cmd.id, gate=cmd.gate, gates=len(named))
            return False
        return True

    async def _last_counter(self) -> int:
        said = await self._notes.recall(COUNTER)
        return int(said) if said is not None and said.isdigit() else 0
