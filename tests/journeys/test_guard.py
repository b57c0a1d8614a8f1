"""A guard's order at one gate goes to the others over the hub with the cloud cut off, and a fire opens them all."""

from pathlib import Path

from tests.edge_agent.guard.guard_kit import DESK, PERSON, GuardKit
from tests.edge_agent.school_kit import SchoolKit, ref_of, uid_of
from tests.journeys.test_hub import decision, is_together
from tests.servers.process import free_port
from tests.waiting import until

STRANGER = bytes.fromhex("04ffffffffffff")


def test_an_order_at_one_desk_is_gone_by_at_the_other_gate_without_the_cloud(tmp_path: Path) -> None:
    school = SchoolKit(
        tmp_path, gates={"north": "gate-1", "south": "gate-2"}, policy={"hub": "gate-1"}, more=[PERSON], desk=DESK
    )
    hub = {"device": "gate-1", "mqtt_host": "127.0.0.1", "mqtt_port": free_port(), "mqtt_tls": False}
    north, south = (
        GuardKit(school.agent(name, hub=hub), '[hub]\nhost = "127.0.0.1"\n') for name in ("gate-1", "gate-2")
    )
    for desk in (north, south):
        desk.kit.server.start()
    try:
        for desk in (north, south):
            until(lambda desk=desk: is_together(desk.kit), 30, "the agents to find each other")  # type: ignore[misc]
        north.sign_in()
        south.sign_in()

        assert north.post("/act/order", mode="lock_down") == 200
        until(lambda: "The way in is closed" in south.page("/"), what="the lockdown at the other desk")
        south.kit.tap("south-in", uid_of(1))
        assert decision(south.kit, 0)["w"] == "lock_down"
        south.kit.tap("south-out", uid_of(1))
        assert decision(south.kit, 1)["o"] == "allowed"

        assert south.post("/act/order", mode="fire") == 200
        until(lambda: "all gates are open" in north.page("/"), what="the fire at the first desk")
        north.kit.tap("north-in", STRANGER)
        assert decision(north.kit, 0)["w"] == "fire"

        assert south.post("/act/hand", ref=ref_of(2), gate="south", way="in", reason="lost") == 200
        assert south.post("/act/call", key=ref_of(2), call="here") == 200
        until(lambda: 'data-state="here"' in north.page("/muster"), what="the call at the first desk")

        assert north.post("/act/order", mode="normal") == 200
        until(lambda: "all gates are open" not in south.page("/"), what="the end at the other desk")
        alarms = until(
            lambda: found if len(found := south.kit.records("alarm")) == 2 else [], what="the alarm and its end"
        )
    finally:
        for desk in (north, south):
            desk.kit.server.stop()

    assert [each["w"] for each in alarms] == ["fire_on", "fire_off"]
    assert [each["o"] for each in north.kit.records("regime")] == ["lock_down", "normal"]
    assert [each["o"] for each in south.kit.records("regime")] == ["fire"]
