"""What a guard's order for all gates does at the gates of this agent.

Rule: a fire opens without a disk, a network or anybody signed in, and shuts no gate. A lockdown closes the way in, and
the way out only where the school has set it so. Of a cloud's command and a guard's order the later one counts; a
restart obeys neither anew.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

import msgspec
import structlog

from edge_agent.decision import Mode
from edge_agent.gate import Gate
from edge_agent.journal.entry import JournalBroken, JournalUnavailable
from edge_agent.regime import GateRule, LockdownRule, Ordered, OrderedMode, Regimes
from edge_agent.scribe import Scribe
from edge_agent.view import View

MODE = "mode:"  # with the gate's id: what was last commanded or ordered there
ORDERED = "ordered"  # the last order that was gone by, as JSON
DESK = "*"  # stands for a gate where a fire is the desk's word
RECALL_S = 10.0
_LOCKED: dict[LockdownRule, Mode] = {
    "shut": "lock_down", "shut_both": "lock_both", "open": "free_pass", "usual": "normal",
}  # fmt: skip
log = structlog.get_logger()


class Notes(Protocol):
    """The journal's small durable values."""

    async def remember(self, name: str, value: str) -> None: ...
    async def recall(self, name: str) -> str | None: ...


class Orders:
    """Goes by what was ordered last."""

    def __init__(
        self, regimes: Regimes, gates: Sequence[Gate], view: View, notes: Notes, scribe: Scribe, device: str,
        rule: Callable[[str], GateRule],
    ) -> None:  # fmt: skip
        """`rule` gives what the school has set for a gate, by its id."""
        self._rule = rule
        self._regimes = regimes
        self._gates = gates
        self._view = view
        self._notes = notes
        self._scribe = scribe
        self._device = device
        self._gone_by = ""
        self._is_burning = False
        self._has_raised = False  # the alarm of a fire that this device's desk ordered
        self._news = asyncio.Event()
        regimes.listeners.append(self._news.set)

    async def restore(self) -> None:
        """Go by what the journal tells, as if there had been no restart."""
        with suppress(JournalUnavailable, JournalBroken, TimeoutError, msgspec.MsgspecError):
            async with asyncio.timeout(RECALL_S):
                last = msgspec.json.decode(await self._notes.recall(ORDERED) or "null", type=Ordered | None)
                if last is not None:
                    self._gone_by = last.name
                    self._regimes.take(last)  # the journal may be too short to tell of it
        self._news.set()

    async def run(self) -> None:
        """Go by each order as it comes, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            self.burn(burning=self._regimes.mode == "fire")
            current = self._regimes.current
            if current is not None and current.name != self._gone_by:
                self._gone_by = current.name
                log.warning("order.gone_by", mode=current.mode, device=current.device)
                await self._set_modes(current.mode)
                await self._note(ORDERED, msgspec.json.encode(current).decode())
            self._tell_of_fire()

    def burn(self, *, burning: bool) -> None:
        """Let everybody pass, or do so no more; at once, whatever is on the disk."""
        if burning == self._is_burning:
            return
        self._is_burning = burning
        self._view.set_fire(DESK, burning=burning)
        for gate in self._gates:
            gate.hold(is_open=burning and self._rule(gate.settings.id).fire == "open")

    def _tell_of_fire(self) -> None:
        """Write the alarm for those that know no `regime`: peers of before, and the cloud's list of alarms."""
        current = self._regimes.current
        is_ours = current is not None and current.device == self._device and current.mode == "fire"
        if is_ours and not self._has_raised:
            self._scribe.alarm("fire_on", "ordered at the guard's desk")
        elif self._has_raised and not is_ours:
            self._scribe.alarm("fire_off", "ended at a guard's desk")
        self._has_raised = is_ours

    async def _set_modes(self, ordered: OrderedMode) -> None:
        modes = {gate: self._mode(gate, ordered) for gate in self._gates}
        for gate, mode in modes.items():
            gate.set_mode(mode)
        for gate, mode in modes.items():
            await self._note(MODE + gate.settings.id, mode)

    def _mode(self, gate: Gate, ordered: OrderedMode) -> Mode:
        return _LOCKED[self._rule(gate.settings.id).lockdown] if ordered == "lock_down" else "normal"

    async def _note(self, name: str, value: str) -> None:
        with suppress(JournalUnavailable, JournalBroken):
            await self._notes.remember(name, value)
