"""A node's roster and its decisions, the same on CPython and MicroPython."""

from binascii import hexlify
from hashlib import sha256

from firmware.node.clock import Stamp
from firmware.node.decision import Question, decide
from firmware.node.flash import Region
from firmware.node.slots import Slots
from schemas.compact import CARD_BYTES, pack_card
from schemas.roster_header import RosterRefused, signed_part
from schemas.seal import mac
from simulators.flash import Flash, PowerCut

KEY = bytes(range(32))
MONDAY_8_MS = 1_788_145_200_000  # in Almaty
RULES = (
    b'{"cards":120,"form":1,"policy":{"expired":"deny","repeat_ms":5000,"utc_offset_min":300},'
    b'"profiles":[["day",[[31,420,1140]],["*"]]]}\n'
)


def token(number: int) -> str:
    return "%024x" % (number * 7919)


def file_of(version: int, state: str = "active") -> bytes:
    person = ["person", "k3v9x0a7m2qd", "", "", "student", 1, 1, "day"]
    body = RULES
    for number in range(120):
        body += pack_card(["card", token(number), "k3v9x0a7m2qd", state, 0], person, {"day": 0})
    header = {
        "school": "alm005", "version": version, "base": 0, "issued_ms": 0, "not_after_ms": MONDAY_8_MS + 1000,
        "length": len(body), "digest": hexlify(sha256(body).digest()).decode(),
    }  # fmt: skip
    header["signature"] = hexlify(mac(KEY, signed_part(header))).decode()
    return signed_part(header) + b"\n" + body


def taken(slots: Slots, file: bytes) -> None:
    intake = slots.begin(0)
    for at in range(0, len(file), 300):
        intake.feed(file[at : at + 300])
    slots.flip(intake)


def decided(slots: Slots, number: int, wall_ms: int = MONDAY_8_MS) -> "tuple[bool, str, str | None]":
    found = decide(Question(token(number), "main", "in", Stamp(0, wall_ms, "ntp")), slots.roster)
    return found.is_allowed, found.reason, found.person


def test_a_card_is_found_and_decided_on() -> None:
    slots = Slots(Region(Flash(4)), "alm005", KEY)
    assert decided(slots, 0) == (False, "roster_missing", None)
    taken(slots, file_of(7))

    assert decided(slots, 0) == decided(slots, 119) == (True, "ok", "k3v9x0a7m2qd")
    assert decided(slots, 120) == (False, "card_unknown", None)
    assert decided(slots, 5, MONDAY_8_MS - 3_600_001) == (False, "wrong_time", "k3v9x0a7m2qd")
    assert decided(slots, 5, MONDAY_8_MS + 1001) == (False, "roster_expired", "k3v9x0a7m2qd")


def test_what_does_not_fit_leaves_the_old_one() -> None:
    slots = Slots(Region(Flash(4)), "alm005", KEY)
    taken(slots, file_of(7))

    assert refused(slots, file_of(6)) == "version"
    assert refused(slots, file_of(8)[:-1] + b"\xff") == "digest"
    assert refused(slots, file_of(8)[:-CARD_BYTES]) == "truncated"
    assert slots.version == 7
    assert decided(slots, 3)[0]


def refused(slots: Slots, file: bytes) -> str:
    try:
        taken(slots, file)
    except RosterRefused as error:
        return str(error.reason)
    return "taken"


def test_fault_33_a_power_cut_leaves_the_old_one_or_the_new() -> None:
    old, new = file_of(7), file_of(8, "blocked")
    for steps in (0, 1, 4_000, len(new) + 3, len(new) + 12, len(new) + 100):
        flash = Flash(4)
        taken(Slots(Region(flash), "alm005", KEY), old)
        slots = Slots(Region(flash), "alm005", KEY)
        slots.load()
        flash.cut_after(steps)
        try:
            taken(slots, new)
        except PowerCut:
            flash.restore()
        slots = Slots(Region(flash), "alm005", KEY)
        slots.load()
        assert decided(slots, 7)[:2] == ((True, "ok") if slots.version == 7 else (False, "card_blocked"))
