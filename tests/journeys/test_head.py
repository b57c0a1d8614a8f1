"""A card at a reader head whose firmware runs on MicroPython, through an agent, to the turnstile and the journal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.edge_agent.school_kit import AgentKit, SchoolKit, ref_of, uid_of
from tests.servers.head import HeadProgram
from tests.waiting import until

STRANGER = "04ffffffffffff"
DEADLINE_S = 30.0  # five programs run here, on a machine that may be busy


def soon(predicate: Callable[[], bool], what: str = "") -> None:
    until(predicate, DEADLINE_S, what)


class Place:
    """One gate: a head, what hangs on it, and its agent."""

    def __init__(self, folder: Path, agent: AgentKit) -> None:
        self.agent = agent
        self.head = HeadProgram(folder / "board", folder / "line")

    def show(self, uid: str) -> None:
        """Show another card."""
        self.head.tell(f"present {uid}")

    def decisions(self) -> list[tuple[str, str | None]]:
        return [(record["w"], record.get("p")) for record in self.agent.records("decision")]

    def passages(self) -> list[str]:
        return [record["o"] for record in self.agent.records("passage")]

    def is_lit(self, *names: str) -> bool:
        return self.head.lit() & {"green", "red"} == set(names)

    def is_ready(self) -> bool:
        return 'reader="north-in"} 1.0' in self.agent.metrics()


def settings(folder: Path, agent: AgentKit, direction: str, alone: str) -> str:
    return f"""bundle = "bundle.json"
folder = "kept"
[status]
port = {agent.port}
[log]
format = "text"
[[readers]]
name = "north-in"
driver = "head"
path = "{folder / "line"}"
alone = "{alone}"
[[gates]]
id = "north"
readers = [{{ name = "north-in", direction = "{direction}" }}]
actuator = {{ kind = "head", reader = "north-in", has_sensor = true, has_fire = true }}
"""


@contextmanager
def placed(folder: Path, direction: str = "in", alone: str = "closed") -> Iterator[Place]:
    agent = SchoolKit(folder).agent("gate-1")
    agent.config.write_text(settings(folder, agent, direction, alone))
    place = Place(folder, agent)
    try:
        agent.server.start()
        soon(place.is_ready, what="the head to be ready")
        yield place
    finally:
        agent.server.stop()
        place.head.stop()


@pytest.mark.requirement("KZ456-33-1.1", part="visits")
def test_a_card_at_a_head_is_decided_opens_the_turnstile_and_its_passage_is_recorded(tmp_path: Path) -> None:
    with placed(tmp_path) as place:
        place.show(uid_of(1).hex())
        soon(lambda: bool(place.passages()), what="a passage")
        assert (place.passages(), place.decisions()) == (["passed"], [("ok", ref_of(1))])
        assert place.head.count("opened") == 1

        place.show(STRANGER)
        soon(lambda: place.is_lit("red"))
        soon(lambda: place.decisions() == [("ok", ref_of(1)), ("card_unknown", None)], what="its record")

        place.head.tell("fire on")
        soon(lambda: [record["w"] for record in place.agent.records("alarm")] == ["fire_on"])

    assert uid_of(1).hex() not in place.agent.server.log.read_text().lower()
    assert "Traceback" not in place.agent.server.log.read_text()


def test_noise_and_lost_frames_cost_no_tap_and_none_is_decided_twice(tmp_path: Path) -> None:
    with placed(tmp_path) as place:
        for number, trouble in enumerate(["garbage 200", "deaf 1"], start=1):
            place.head.tell(trouble)
            place.show(uid_of(number).hex())
            soon(lambda number=number: len(place.decisions()) == number)  # type: ignore[misc]

        soon(lambda: len(place.passages()) == 2)

    assert [person for _, person in place.decisions()] == [ref_of(number) for number in (1, 2)]


def test_with_its_agent_dead_a_head_shows_red_and_keeps_the_way_in_closed(tmp_path: Path) -> None:
    with placed(tmp_path) as place:
        place.agent.server.kill()
        place.show(uid_of(1).hex())
        soon(lambda: place.is_lit("red"), what="red, since nobody answers")
        soon(lambda: place.is_lit("red", "green"), what="amber, since nobody is there")
        place.show(uid_of(2).hex())
        soon(lambda: place.is_lit("red"), what="red at once")
        assert place.head.count("opened") == 0

        place.agent.server.start()
        soon(place.is_ready)
        place.show(uid_of(3).hex())
        soon(lambda: place.head.count("opened") == 1)

    assert place.decisions() == [("ok", ref_of(3))]


def test_with_its_agent_dead_a_head_at_the_way_out_lets_out_if_its_door_is_set_so(tmp_path: Path) -> None:
    with placed(tmp_path, direction="out", alone="open_out") as place:
        place.agent.server.kill()
        soon(lambda: place.is_lit("red", "green"), what="amber")
        place.show(STRANGER)

        soon(lambda: place.head.count("out") == 1)

        assert place.head.count("in") == 0


def test_a_head_that_loses_its_power_is_told_and_serves_again_with_it(tmp_path: Path) -> None:
    with placed(tmp_path) as place:
        boots = int((tmp_path / "board/boots").read_text())
        place.head.tell("power off")
        soon(lambda: "reader_lost" in [record["w"] for record in place.agent.records("alarm")])
        place.head.tell("power on")
        soon(place.is_ready)
        place.show(uid_of(1).hex())

        soon(lambda: place.head.count("opened") == 1)

    assert int((tmp_path / "board/boots").read_text()) == boots + 1
