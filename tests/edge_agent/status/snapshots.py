"""Snapshots to show: an agent that is well, one in trouble, one that has just begun."""

from dataclasses import replace

from edge_agent.status.snapshot import (
    ClockStatus,
    GateStatus,
    HubStatus,
    JournalStatus,
    LinkStatus,
    PartStatus,
    ReaderStatus,
    RosterStatus,
    Snapshot,
    TillStatus,
)

NAMES = {"kk": "Солтүстік қақпа", "ru": "Северный вход", "en": "North gate"}
GATE = GateStatus(
    id="north",
    names=NAMES,
    mode="normal",
    is_burning=False,
    has_sensor=True,
    readers=[ReaderStatus("north-in", "in", "ready"), ReaderStatus("north-out", "out", "ready")],
    allowed=412,
    denied=9,
    passed=409,
    last_decision_s=4,
)
WELL = Snapshot(
    device="gate-1",
    school="alm005",
    firmware="0.1.0",
    uptime_s=93_000,
    utc_offset_min=300,
    inside=398,
    gates=[GATE, replace(GATE, id="south", names={}, last_decision_s=None, allowed=0, denied=0, passed=0)],
    link=LinkStatus("flowing", "cloud", 3, 0, counters={"hellos": 2, "acks_accepted": 420}),
    journal=JournalStatus(42, 1_000_000, "", 0),
    roster=RosterStatus(17, 3_700, 29, 475),
    clock=ClockStatus("ntp", 1_790_000_000_000, 0),
    hub=HubStatus("peer", "gate-2", is_connected=True, is_caught_up=True),
    parts=[PartStatus("sync", 0, "")],
)
TROUBLED = replace(
    WELL,
    gates=[
        replace(GATE, is_burning=True, readers=[ReaderStatus("north-in", "in", "lost")]),
        replace(GATE, id="south", mode="lock_down", readers=[ReaderStatus("south-in", "in", "starting")]),
    ],
    link=LinkStatus("offline", "", None, 12_345, last_error="esik.example:8883 did not answer within 10 s"),
    journal=JournalStatus(850_000, 1_000_000, "disk_full", 7),
    roster=RosterStatus(17, 40 * 86_400, -10, 475),
    clock=ClockStatus("floor", 1_760_000_000_000, 2),
    hub=HubStatus("hub", "gate-1", trouble="mosquitto is not installed"),
    parts=[PartStatus("status", 3, "the status page cannot listen")],
)
NEW = replace(
    WELL,
    inside=0,
    gates=[replace(GATE, names={}, allowed=0, denied=0, passed=0, last_decision_s=None, has_sensor=False)],
    link=LinkStatus("refused", "cloud", None, 1, refused_code="device_unknown"),
    roster=RosterStatus(0, 0, 0, 0),
    hub=HubStatus("none"),
)
TILL = replace(WELL, device="till-1", gates=[], till=TillStatus([ReaderStatus("till", "", "lost")], has_shift=True))
EVERY = {"till": TILL, "well": WELL, "troubled": TROUBLED, "new": NEW}
