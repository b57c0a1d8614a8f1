"""Tills as agents in processes of their own; their pages are asked as a browser asks them."""

import os
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import httpx2

from schemas.roster import row
from tests.edge_agent.school_kit import AgentKit, SchoolKit, ref_of, uid_of
from tests.edge_agent.till.bench import PIN, STAFF
from tests.edge_agent.till.canteen import CASHIER, LUNCH_TIYN, dish, names
from tests.servers.process import free_port
from tests.waiting import until

TOUCH = {"x-requested-by": "esik-till", "sec-fetch-site": "same-origin"}
FREE, PAYING = 1, 2  # numbers of people


def canteen_rows(tills: Sequence[str]) -> list[bytes]:
    """Return what a roster tells these tills today, all day long."""
    now_ms = time.time_ns() // 1_000_000
    today = f"{datetime.fromtimestamp(now_ms / 1000, UTC) + timedelta(hours=5):%Y-%m-%d}"
    return [
        *(row("till", till, names("Canteen"), till, "set") for till in tills),
        row("meal", "lunch", names("Lunch"), 0, 1440),
        dish("lunch-set", LUNCH_TIYN, parts=(("bun", 2),)),
        row("menu", f"{today} lunch", ["lunch-set/1"], "lunch-set/1"),
        row("right", ref_of(FREE), [["lunch", "free", "2026-01-01", "2099-12-31", 0]]),
        row("account", ref_of(PAYING), 100_000, 0, -1, [], [], []),
        STAFF[0],
    ]


class TillKit:
    """One till's agent, given its bundle."""

    def __init__(self, kit: AgentKit) -> None:
        self.kit = kit
        self.port = free_port()
        pipe = self.kit.folder / "cards"
        os.mkfifo(pipe)
        self.kit.write_settings(
            more=f'[till]\nport = {self.port}\nclaim_ms = 5000\nreaders = ["cards"]\n[hub]\nhost = "127.0.0.1"\n'
            f'[[readers]]\nname = "cards"\ndriver = "line"\npath = "{pipe}"\n'
        )

    @classmethod
    def of_school(
        cls,
        school: SchoolKit,
        device: str,
        *,
        hub: Mapping[str, object] | None = None,
        pems: Mapping[str, str] = MappingProxyType({}),
    ) -> "TillKit":
        """Return a till of a made-up school."""
        return cls(school.agent(device, hub=hub, pems=pems))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def open(self, staff: str = CASHIER) -> None:
        """Wait for the page with its cashiers, and open a shift."""
        until(lambda: staff in self.page(), 60, what="the till's page with its cashiers")
        assert self.act("open", staff=staff, pin=PIN) == 200

    def act(self, deed: str, **touch: object) -> int:
        return httpx2.post(f"{self.url}act/{deed}", json=touch, headers=TOUCH, trust_env=False).status_code

    def page(self) -> str:
        try:
            return httpx2.get(f"{self.url}?lang=en", trust_env=False).text
        except httpx2.TransportError:
            return ""

    def tap(self, number: int, shows: str) -> str:
        """Show somebody's card and return the page once it shows something."""
        return self.show(uid_of(number), shows)

    def show(self, uid: bytes, shows: str) -> str:
        """Show a card and return the page once it shows something."""
        until(lambda: self.has_tapped(uid), what="the reader to listen")
        return until(lambda: page if shows in (page := self.page()) else "", what=f"the page to show {shows}")

    def sell(self, page: str, amount_tiyn: int = 0) -> int:
        """Touch what a page shows; return the answer's status."""
        turn = int(page.partition('data-turn="')[2].partition('"')[0])
        return self.act("sell", turn=turn, amount=amount_tiyn)

    def has_tapped(self, uid: bytes) -> bool:
        """Show a card; tell whether there was a reader to show it to."""
        return self.kit.has_tapped("cards", uid)
