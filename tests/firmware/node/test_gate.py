"""The stand-alone gate on a table: what it decides, writes and opens, and what it does when something fails."""

import msgspec
import pytest

from firmware.node.actions import Command
from firmware.node.ring import JournalUnavailable
from schemas.structs import AnyRecord
from tests.firmware.node.gate_bench import BLOCKED, OTHER, PUPIL, STRANGE, Table


def told(table: Table) -> list[tuple[str, ...]]:
    """Return the journal's records as (kind, outcome or reason, ...)."""
    return [
        (record["k"], record.get("o", ""), record.get("w", ""))
        for record in table.records("decision", "passage", "alarm", "loss")
    ]


def test_a_known_card_opens_the_way_and_is_written_before() -> None:
    table = Table()

    shown = table.gate.show("uid", PUPIL)

    assert (shown.reason, shown.is_opened) == ("ok", True)
    assert table.lit() == {"relay_in", "green", "buzzer"}
    assert table.records() == [
        {"k": "decision", "m": 0, "t": 1_790_000_000_000, "q": "ntp", "g": "main", "d": "in", "o": "allowed", "w": "ok",
         "r": 12, "p": "k3v9x0a7m2qd"},
    ]  # fmt: skip
    assert table.told == 1


def test_the_relay_falls_back_after_its_pulse() -> None:
    table = Table(open_ms=300)
    table.gate.show("uid", PUPIL)

    table.wait(290)
    still = "relay_in" in table.lit()
    table.wait(20)

    assert still
    assert "relay_in" not in table.lit()


def test_an_unknown_card_is_denied_with_its_token_and_never_its_number() -> None:
    table = Table()

    table.gate.show("uid", STRANGE)

    (record,) = table.records()
    assert (record["o"], record["w"], "p" in record) == ("denied", "card_unknown", False)
    assert len(record["c"]) == 24
    assert STRANGE.hex() not in str(record)
    assert table.lit() == {"red", "buzzer"}


def test_a_code_stands_for_its_person_and_the_record_says_how_it_was_read() -> None:
    table = Table()

    assert table.gate.show("qr", b"a code").is_opened
    assert table.records()[0]["md"] == "qr"


def test_opened_and_passed_are_different_records() -> None:
    table = Table()
    table.gate.show("uid", PUPIL)

    table.wait(1_000)
    table.close_contact("passed_in")

    decision, passage = table.records()
    assert (passage["k"], passage["o"], passage["d"], passage["p"], passage["s"]) == (
        "passage", "passed", "in", decision["p"], 1,
    )  # fmt: skip


def test_nobody_who_comes_in_time_is_told_and_may_show_the_card_again() -> None:
    table = Table(passage_ms=1_000)
    table.gate.show("uid", PUPIL)

    table.wait(1_100)
    again = table.gate.show("uid", PUPIL)

    assert told(table)[1] == ("passage", "no_passage", "")
    assert again.reason == "ok"


def test_going_the_other_way_is_told() -> None:
    table = Table()
    table.gate.show("uid", PUPIL)

    table.close_contact("passed_out")

    assert told(table)[1] == ("passage", "wrong_direction", "")


def test_a_passage_that_nobody_was_let_through_for_is_forced_and_an_alarm() -> None:
    table = Table()

    table.close_contact("passed_in")

    assert told(table) == [("passage", "forced", ""), ("alarm", "", "forced_open")]


def test_the_next_person_waits_for_the_one_before() -> None:
    table = Table(open_ms=300)
    table.gate.show("uid", PUPIL)
    table.wait(500)

    table.gate.show("uid", OTHER)
    waiting = "relay_in" in table.lit()
    table.close_contact("passed_in")
    opened = "relay_in" in table.lit()
    table.close_contact("passed_in")

    assert (waiting, opened) == (False, True)
    assert [record["p"] for record in table.records("passage")] == ["k3v9x0a7m2qd", "o0o0o0o0o0o0"]


def test_fault_40_a_card_shown_twice_opens_once_and_its_repeats_are_counted() -> None:
    table = Table()
    table.gate.show("uid", PUPIL)

    table.wait(200)
    again = table.gate.show("uid", PUPIL)
    table.gate.show("uid", PUPIL)
    table.keep_house(11_000)

    assert (again.reason, again.is_opened) == ("repeat", False)
    assert [(it["w"], it.get("n", 1)) for it in table.records("decision")] == [("ok", 1), ("repeat", 2)]
    assert "red" not in table.lit()


def test_like_denials_become_one_record_with_their_count() -> None:
    table = Table()

    for _ in range(20):
        table.gate.show("uid", BLOCKED)
        table.wait(100)
    table.gate.show("uid", STRANGE)
    table.keep_house(11_000)

    assert [(it["w"], it.get("n", 1)) for it in table.records("decision")] == [
        ("card_blocked", 1), ("card_unknown", 1), ("card_blocked", 19),
    ]  # fmt: skip


def test_a_hundred_strange_cards_cost_no_memory_and_every_one_is_counted() -> None:
    table = Table()

    for number in range(100):
        for _ in range(2):
            table.gate.show("uid", bytes([0x04, number] + [9] * 5))
    table.keep_house(11_000)

    assert sum(it.get("n", 1) for it in table.records("decision")) == 200
    assert len(table.gate._denials._runs) == 0


# Fire, commands


def test_in_a_fire_everybody_passes_and_both_ends_of_it_are_told() -> None:
    table = Table()
    table.inputs["fire"].level = 1
    table.wait(400)

    shown = table.gate.show("uid", STRANGE)
    table.close_contact("passed_in")
    table.close_contact("passed_out")
    table.inputs["fire"].level = 0
    table.wait(400)

    assert (shown.reason, shown.is_opened) == ("fire", True)
    assert told(table) == [
        ("alarm", "", "fire_on"), ("decision", "allowed", "fire"), ("passage", "passed", ""), ("passage", "passed", ""),
        ("alarm", "", "fire_off"),
    ]  # fmt: skip


def command(action: str, gate: str | None = None) -> Command:
    return Command("c" * 16, 1, action, gate)


def test_the_desk_opens_locks_and_frees_the_gate_it_names() -> None:
    table = Table()

    elsewhere = table.gate.obey(command("open_once", "other"))
    assert (elsewhere, table.lit()) == (False, set())
    assert table.gate.obey(command("open_once", "main"))
    assert "relay_in" in table.lit()
    table.close_contact("passed_in")
    table.gate.obey(command("lock_down"))
    locked = table.gate.show("uid", PUPIL)
    table.gate.obey(command("free_pass"))
    free = table.gate.show("uid", STRANGE)

    assert (locked.reason, free.reason, table.gate.mode) == ("lock_down", "free_pass", "free_pass")
    assert told(table)[0] == ("passage", "passed", "")


def test_the_gate_shows_by_its_lights_which_one_it_is() -> None:
    table = Table()

    table.gate.obey(command("locate"))
    seen = set()
    for _ in range(40):
        table.wait(50)
        seen |= table.lit()

    assert seen == {"green", "red"}


# What fails


class FullJournal:
    """A journal that takes nothing, until it does again."""

    def __init__(self, table: Table) -> None:
        self.journal = table.journal
        self.is_full = True

    @property
    def fill(self) -> str:
        return "reserve" if self.is_full else "roomy"

    def append(self, records: list[bytes]) -> list[object]:
        if self.is_full:
            raise JournalUnavailable("disk_full", "no room")
        return list(self.journal.append(records))

    append_urgent = append


def test_fault_10_a_full_journal_opens_or_not_as_the_door_is_set_and_the_loss_is_counted() -> None:
    table = Table()
    full = FullJournal(table)
    table.gate.journal = full  # type: ignore[assignment] # what a gate asks of it

    opened = [table.gate.show("uid", card).is_opened for card in (PUPIL, OTHER)]
    table.keep_house(2_000)
    full.is_full = False
    table.keep_house(2_000)

    assert opened == [True, True]
    (loss,) = table.records("loss")
    assert (loss["w"], loss["n"], loss["f"] <= loss["l"]) == ("disk_full", 2, True)
    assert table.gate.lost == 0


@pytest.mark.parametrize(("direction", "opens"), [("in", False), ("out", True)])
def test_fault_10_a_door_that_wants_a_record_stays_closed_without_one_but_never_to_the_way_out(
    direction: str, opens: bool
) -> None:
    table = Table(disk_full="deny", direction=direction)
    table.gate.journal = FullJournal(table)  # type: ignore[assignment] # as above

    assert table.gate.show("uid", PUPIL).is_opened is opens
    assert ("red" in table.lit()) is not opens


def test_a_crowded_journal_counts_denials_by_their_reason_alone() -> None:
    table = Table(sectors=8)
    while table.journal.fill not in {"collapse", "reserve"}:
        table.journal.append([b'{"k":"alarm","m":1,"t":1,"q":"ntp","w":"tamper","x":"' + b"x" * 40 + b'"}'])
    before = len(table.records())

    for number in range(50):
        table.gate.show("uid", bytes([0x04, number] + [9] * 5))

    assert len(table.records()) == before


def test_fault_10_a_full_journal_tells_of_its_losses_rarely_so_that_its_reserve_lasts() -> None:
    table = Table(sectors=8)
    filling = [b'{"k":"alarm","m":1,"t":1,"q":"ntp","w":"tamper","x":"' + b"x" * 40 + b'"}'] * 10_000
    with pytest.raises(JournalUnavailable):
        table.journal.append(filling)

    for _ in range(1_800):
        table.gate.show("uid", PUPIL)
        table.ticks.ms += 6_000
        table.gate.keep_house()

    losses = table.records("loss")
    assert 3 <= len(losses) <= 19
    assert sum(loss["n"] for loss in losses) + table.gate.lost > 1_000


@pytest.mark.parametrize(
    ("contact", "alarms"), [("fire", ["fire_on", "fire_off"] * 3), ("passed_in", ["forced_open"] * 3)]
)
def test_a_contact_that_chatters_tells_a_few_alarms_and_rarely_more(contact: str, alarms: list[str]) -> None:
    table = Table(sectors=64)

    for number in range(600):
        table.inputs[contact].level = 1 - number % 2
        table.wait(400)
    early = [record["w"] for record in table.records("alarm")]
    table.inputs[contact].level = 0 if contact == "fire" else 1
    table.keep_house(1_300_000)

    late = [record["w"] for record in table.records("alarm")]
    assert early == alarms
    assert late == alarms, "the last word was told before"


def test_a_fire_that_outlasts_a_chatter_is_told_at_last() -> None:
    table = Table()
    for number in range(8):
        table.inputs["fire"].level = 1 - number % 2
        table.wait(400)
    table.inputs["fire"].level = 1
    table.wait(400)
    before = table.records("alarm")[-1]["w"]

    table.keep_house(700_000)

    assert (before, table.records("alarm")[-1]["w"]) == ("fire_off", "fire_on")


def test_every_record_that_a_gate_writes_is_one_of_the_schemas() -> None:
    table = Table()
    for card in (PUPIL, PUPIL, STRANGE, BLOCKED):
        table.gate.show("uid", card)
    table.gate.show("qr", b"a code")
    table.close_contact("passed_in")
    table.close_contact("passed_in")
    table.inputs["fire"].level = 1
    table.wait(400)
    table.gate.alarm("roster_refused", "digest")
    table.keep_house(11_000)

    entries = table.journal.read(table.journal.epoch, 0, 1_000)
    kinds = {type(msgspec.json.decode(entry.record, type=AnyRecord)).__name__ for entry in entries}

    assert kinds == {"Decision", "Passage", "Alarm"}
    assert max(len(entry.record) for entry in entries) <= 200
