"""A whole agent with a guard's desk, as a process, with no cloud anywhere, from a cold start and after a kill."""

from pathlib import Path

from tests.edge_agent.guard.guard_kit import DESK, GUARD, PERSON, GuardKit
from tests.edge_agent.school_kit import SchoolKit, ref_of, uid_of
from tests.waiting import until


def test_a_desk_works_without_a_cloud_and_knows_everything_after_a_kill(tmp_path: Path) -> None:
    desk = GuardKit(SchoolKit(tmp_path, more=[PERSON], desk=DESK).agent("gate-1"))
    desk.kit.server.start()
    try:
        desk.sign_in()
        until(lambda: "5A" in desk.page("/panel/hand"), what="the classes of the roster")
        assert desk.post("/act/hand", ref=ref_of(1), gate="north", way="in", reason="forgotten") == 200
        visit = {"gate": "north", "name": "Ерлан", "purpose": "guest", "badge": "17", "stay": 60}
        assert desk.post("/act/visit", **visit) == 200
        assert desk.post("/act/muster", what="begin") == 200
        assert desk.post("/act/call", key=ref_of(1), call="here") == 200
        assert desk.post("/act/order", mode="lock_down") == 200
        desk.kit.server.kill()
        desk.kit.server.start()

        until(lambda: "Who is on duty?" in desk.page("/"), 30, what="the desk's page again")
        desk.sign_in()
        until(lambda: desk.kit.health()["inside"] == 1, what="the view of before")
        assert "Person 1" in desk.page("/muster")
        assert 'data-state="here"' in desk.page("/muster")
        assert "Ерлан" in desk.page("/panel/visitors")
        assert "The way in is closed" in desk.page("/")
        until(lambda: desk.kit.has_tapped("north-in", uid_of(2)), what="the reader to listen")
        refused = until(lambda: desk.kit.records("decision"), what="a decision")
    finally:
        desk.kit.server.stop()

    assert [(each["w"], each["o"]) for each in refused] == [("lock_down", "denied")]
    assert [each["by"] for each in desk.kit.records("hand_pass")] == [GUARD]
    assert "Ерлан" not in desk.kit.server.log.read_text()
    assert "Traceback" not in desk.kit.server.log.read_text()
