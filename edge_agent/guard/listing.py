"""The muster list as HTML and as what changes in it, for the desk and for phones."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from edge_agent.guard.board import Board
from edge_agent.guard.page import Screen
from edge_agent.guard.roll import Entry, Roll
from edge_agent.guard.texts import TEXTS
from edge_agent.status.snapshot import Language
from edge_agent.till.watching import Watching

States = dict[str, tuple[str, str]]
LISTS_MAX = 48  # open at a time, at the desk and on phones


@dataclass(slots=True)
class Listing:
    """Writes the list."""

    screen: Screen
    board: Board
    watching: Watching
    _said: dict[Language, tuple[Roll | None, States]] = field(default_factory=dict)

    async def whole(self, language: Language, *, is_desk: bool) -> str:
        """Return the page; a phone is shown no visitor's name."""
        roll = await self.board.roll()
        stamp = self.screen.desk.around.timekeeper.now()

        def told(entry: Entry) -> str:
            return self._told(entry, language)

        return await asyncio.to_thread(
            self.screen.write, "muster.html", language, roll=roll, is_desk=is_desk, stamp=stamp, told=told
        )

    async def changes(self, language: Language) -> AsyncIterator[bytes]:
        """Stream the states that changed, anew at each change."""
        sent: States = {}
        async for _ in self.watching.turns():
            roll = await self.board.roll()
            states = self._states(roll, language)
            news = {key: state for key, state in states.items() if sent.get(key) != state}
            sent = states
            yield b"data: " + json.dumps(self._news(roll, news, language), ensure_ascii=False).encode() + b"\n\n"

    def _states(self, roll: Roll | None, language: Language) -> States:
        """Return everybody's state and how it is told, by key; put together once for all who read that language."""
        if roll is None:
            return {}
        of, states = self._said.get(language, (None, {}))
        if of is not roll:
            states = {each.key: (each.state, self._told(each, language)) for each in roll.entries}
            self._said[language] = roll, states
        return states

    def _news(self, roll: Roll | None, news: States, language: Language) -> dict[str, object]:
        if roll is None:
            return {"muster": ""}
        t = TEXTS[language]
        missing = t["counts_missing"].format(roll.missing) if roll.missing else ""
        found = t["counts"].format(found=roll.found, total=roll.total)
        return {"muster": roll.muster.id, "states": news, "found": found, "missing": missing}

    def _told(self, entry: Entry, language: Language) -> str:
        """Return a state as a guard reads it."""
        text = TEXTS[language][f"s_{entry.state}"].format(self.screen.clock(entry.at_ms))
        return f"{text}, {self.screen.gate_name(entry.gate, language)}" if entry.gate else text
