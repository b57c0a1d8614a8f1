"""A whole agent that is a till, as a process, with no cloud anywhere: it sells, and knows what it sold after a kill."""

from pathlib import Path

import pytest

from edge_agent.readers.tap import Medium, Tap, Verdict
from edge_agent.till.till import Till
from tests.edge_agent.school import ALIYA, GONE
from tests.edge_agent.school_kit import SchoolKit
from tests.edge_agent.till.bench import TillBench
from tests.edge_agent.till.till_kit import FREE, PAYING, TillKit, canteen_rows
from tests.waiting import until


def test_a_till_sells_from_a_cold_start_without_a_cloud_and_knows_it_after_a_kill(tmp_path: Path) -> None:
    till = TillKit.of_school(SchoolKit(tmp_path, gates={}, more=canteen_rows(["till-1"])), "till-1")
    till.kit.server.start()
    try:
        till.open()
        assert 'esik_edge_reader_ready{gate="",reader="cards"} 1.0' in till.kit.metrics()
        assert till.sell(till.tap(FREE, "Person 1")) == 200

        till.kit.server.kill()
        till.kit.server.start()

        until(lambda: "Show a card" in till.page(), 20, what="the till's page again")
        assert "Already had it today" in till.tap(FREE, "Person 1")
        assert "577" in till.tap(PAYING, "Person 2")
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
