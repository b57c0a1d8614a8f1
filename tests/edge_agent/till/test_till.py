"""A whole agent that is a till, as a process, with no cloud anywhere: it sells, and knows what it sold after a kill."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from edge_agent.readers.tap import Medium, Tap, Verdict
from edge_agent.till.till import Till
from schemas.roster import row
from tests.edge_agent.school import ALIYA, GONE
from tests.edge_agent.school_kit import AgentKit, SchoolKit, ref_of, uid_of
from tests.edge_agent.till.bench import PIN, STAFF, TillBench
from tests.edge_agent.till.canteen import CASHIER, LUNCH_TIYN, dish, names
from tests.servers.process import free_port
from tests.waiting import until

TOUCH = {"x-requested-by": "esik-till", "sec-fetch-site": "same-origin"}


class TillKit:
    """One till's agent; its page is asked as a browser asks it."""

    def __init__(self, folder: Path) -> None:
        now_ms = time.time_ns() // 1_000_000
        today = f"{datetime.fromtimestamp(now_ms / 1000, UTC) + timedelta(hours=5):%Y-%m-%d}"
        rows = [
            row("till", "till-1", names("Canteen"), "till-1", "set"),
            row("meal", "lunch", names("Lunch"), 0, 1440),
            dish("lunch-set", LUNCH_TIYN, parts=(("bun", 2),)),
            row("menu", f"{today} lunch", ["lunch-set/1"], "lunch-set/1"),
            row("right", ref_of(1), [["lunch", "free", "2026-01-01", "2099-12-31", 0]]),
            row("account", ref_of(2), 100_000, now_ms, 0, -1, [], [], []),
            STAFF[0],
        ]
        self.kit: AgentKit = SchoolKit(folder, gates={}, more=rows).agent("till-1")
        self.port = free_port()
        pipe = self.kit.folder / "cards"
        os.mkfifo(pipe)
        self.kit.write_settings(
            more=f'[till]\nport = {self.port}\nreaders = ["cards"]\n'
            f'[[readers]]\nname = "cards"\ndriver = "line"\npath = "{pipe}"\n'
        )

    def act(self, deed: str, **touch: object) -> int:
        return httpx2.post(f"{self.url}act/{deed}", json=touch, headers=TOUCH, trust_env=False).status_code

    def page(self) -> str:
        try:
            return httpx2.get(f"{self.url}?lang=en", trust_env=False).text
        except httpx2.TransportError:
            return ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def tap(self, number: int, shows: str) -> str:
        """Show a card and return the page once it shows something."""
        until(lambda: self._has_tapped(number), what="the reader to listen")
        return until(lambda: page if shows in (page := self.page()) else "", what=f"the page to show {shows}")

    def _has_tapped(self, number: int) -> bool:
        try:
            self.kit.tap("cards", uid_of(number))
        except OSError:  # nobody reads the pipe yet
            return False
        return True


def test_a_till_sells_from_a_cold_start_without_a_cloud_and_knows_it_after_a_kill(tmp_path: Path) -> None:
    till = TillKit(tmp_path)
    till.kit.server.start()
    try:
        until(lambda: "Open a shift" in till.page(), what="the till's page")
        assert till.act("open", staff=CASHIER, pin=PIN) == 200
        page = till.tap(1, "Person 1")
        turn = int(page.partition('data-turn="')[2].partition('"')[0])
        assert till.act("sell", turn=turn, amount=0) == 200

        till.kit.server.kill()
        till.kit.server.start()

        until(lambda: "Lunch" in till.page(), what="the till's page again")
        assert "Already had it today" in till.tap(1, "Person 1")
        assert "577" in till.tap(2, "Person 2")
    finally:
        till.kit.server.stop()
    kinds = [record["k"] for record in till.kit.records() if record["k"] in ("shift", "item", "sale")]
    assert kinds == ["shift", "item", "sale"]


class NotingReader:
    """A reader with a light that notes what it is told."""

    name = "till"

    def __init__(self) -> None:
        self.told: list[Verdict] = []

    def answer(self, _tap: Tap, verdict: Verdict) -> None:
        self.told.append(verdict)


@pytest.mark.parametrize(
    ("ref", "verdict"), [(ALIYA, Verdict.GRANTED), ("nobody000000", Verdict.UNKNOWN), (GONE, Verdict.REFUSED)]
)
async def test_a_reader_with_a_light_shows_whether_the_card_was_taken(ref: str, verdict: Verdict) -> None:
    bench, reader = TillBench(), NotingReader()
    stage = await bench.tap(ref)

    Till._answer(reader, Tap("till", ref.encode(), Medium.UID, 0), stage)  # type: ignore[arg-type] # its light is all that is asked

    assert reader.told == [verdict]
