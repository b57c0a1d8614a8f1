"""A node's roster: found by its cards, taken in pieces, refused with a reason, and never half of one."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.node.flash import SECTOR, Region
from firmware.node.slots import Slots
from firmware.tools.flash_partitions import ROSTER_SIZE
from schemas.compact import ACTIVE, BLOCKED, CARD_BYTES, CONSENT, PERSON, compact, unpack_card
from schemas.roster import row
from schemas.roster_header import RosterRefused
from simulators.flash import Flash, PowerCut
from tests.edge_agent.school import ALIYA, GONE, MONDAY_8_MS, RULES, SCHOOL, SILENT, card, rows_with, token_of
from tests.firmware.node.node_school import node_file, node_roster, slots_on, take

STRANGER = "0" * 24


def many_cards(count: int) -> list[bytes]:
    return [row("policy", "", RULES), *(row("card", f"{number:024x}", ALIYA, "active", 0) for number in range(count))]


def test_a_card_is_found_by_its_token_with_what_counts_of_its_person() -> None:
    roster = node_roster(rows_with(card(ALIYA, state="blocked", not_after_ms=1_001)))

    assert roster.lookup(token_of(ALIYA)) == (ALIYA, 2, BLOCKED | PERSON | ACTIVE | CONSENT, 0)
    assert roster.lookup(token_of(GONE)) == (GONE, 0, PERSON | CONSENT, 0)
    assert roster.lookup(token_of(SILENT)) == (SILENT, 0, PERSON | ACTIVE, 0)
    assert roster.profile(0) == ([[31, 420, 1140]], ["*"])
    assert roster.lookup(STRANGER) is None
    assert roster.lookup("no token") is None
    assert (roster.version, roster.repeat_ms, roster.is_expiry_denied, roster.utc_offset_min) == (7, 5_000, False, 300)


def test_each_of_ten_thousand_cards_is_found_and_none_besides() -> None:
    rng = Random(1)
    tokens = [rng.randbytes(12).hex() for _ in range(10_000)]
    rows = [row("policy", "", RULES), *(row("card", token, ALIYA, "active", 0) for token in tokens)]
    flash = Flash(ROSTER_SIZE // SECTOR)
    roster = take(slots_on(flash), node_file(rows), chunk=1_000)

    assert all(roster.lookup(token) is not None for token in tokens)
    assert all(roster.lookup(rng.randbytes(12).hex()) is None for _ in range(1_000))
    assert roster.cards == 10_000


@given(st.text("0123456789abcdefghijklmnopqrstuvwxyz", min_size=12, max_size=12), st.integers(0, 4_294_967_295_000))
def test_a_person_and_an_end_stand_in_a_card_as_in_the_snapshot(ref: str, not_after_ms: int) -> None:
    body = compact([row("policy", "", RULES), row("card", "ab" * 12, ref, "active", not_after_ms)])

    token, found, until_s, flags, _ = unpack_card(body[-CARD_BYTES:])

    assert (token, found, flags) == (bytes.fromhex("ab" * 12), ref, 0)
    assert 0 <= until_s * 1000 - not_after_ms < 1_000


@pytest.mark.parametrize("chunk", [1, 511, 512, 513, 99_999])
def test_a_file_may_come_in_pieces_of_any_size(chunk: int) -> None:
    slots = slots_on(Flash(16))

    assert take(slots, node_file(), chunk=chunk).version == 7
    assert slots.roster is not None
    assert slots.roster.lookup(token_of(ALIYA)) is not None


def test_a_roster_is_there_after_a_restart_and_the_newest_counts() -> None:
    flash = Flash(16)
    slots = slots_on(flash)
    for version in (7, 8, 9):
        take(slots, node_file(version=version))

        assert (slots.version, slots_on(flash).version) == (version, version)


def test_a_roster_that_has_run_out_is_loaded_all_the_same() -> None:
    flash = Flash(16)
    take(slots_on(flash), node_file(not_after_ms=1_000))

    assert slots_on(flash).version == 7


@pytest.mark.parametrize(
    ("reason", "file"),
    [
        ("truncated", node_file(version=8)[:-1]),
        ("truncated", node_file(version=8)[:40]),
        ("truncated", b""),
        ("truncated", node_file(version=8) + b"x"),
        ("malformed", b"{" + b" " * 2_000 + b"}\n"),
        ("malformed", b"[]\n"),
        ("signature", node_file(version=8, key=bytes(32))),
        ("signature", node_file(version=8).replace(b'"version":8', b'"version":9') or b""),
        ("school", node_file(version=8, school="other1")),
        ("version", node_file(version=6)),
        ("base", node_file(version=8, base=7)),
        ("expired", node_file(version=8, not_after_ms=MONDAY_8_MS - 1)),
        ("too_large", node_file(many_cards(2_000))),
        ("digest", node_file(version=8)[:-3] + b"xyz"),
        ("empty", node_file([row("policy", "", RULES)], version=8)),
        ("malformed", node_file(body=b"no line of rules", version=8)),
        ("malformed", node_file(body=b'{"form":1}\n', version=8)),
        ("malformed", node_file(body=b'{"form":2,"cards":0,"policy":{},"profiles":[]}\n', version=8)),
        ("malformed", node_file(body=compact(rows_with())[:-1], version=8)),
        ("malformed", node_file(body=compact(rows_with()) + b"x" * 26, version=8)),
    ],
)  # fmt: skip
def test_fault_32_a_file_that_does_not_fit_is_refused_and_the_old_one_stays(reason: str, file: bytes) -> None:
    flash = Flash(16)
    slots = slots_on(flash)
    take(slots, node_file())

    with pytest.raises(RosterRefused) as refused:
        take(slots, file, now_ms=MONDAY_8_MS)

    assert refused.value.reason == reason
    for held in (slots, slots_on(flash)):
        assert held.version == 7
        assert held.roster is not None
        assert held.roster.lookup(token_of(ALIYA)) is not None


def test_fault_32_cards_out_of_order_are_refused_since_a_search_would_miss_them() -> None:
    line, _, cards = compact(rows_with()).partition(b"\n")
    swapped = cards[CARD_BYTES : 2 * CARD_BYTES] + cards[:CARD_BYTES] + cards[2 * CARD_BYTES :]
    doubled = cards[:CARD_BYTES] + cards[:CARD_BYTES] + cards[2 * CARD_BYTES :]
    slots = slots_on(Flash(16))

    for wrong in (swapped, doubled):
        with pytest.raises(RosterRefused, match="malformed"):
            take(slots, node_file(body=line + b"\n" + wrong))


def test_fault_32_a_roster_that_is_meant_to_be_empty_is_taken() -> None:
    assert node_roster([row("policy", "", RULES | {"empty": True})]).lookup(STRANGER) is None


def test_fault_32_a_slot_whose_bits_flipped_gives_way_to_the_other() -> None:
    newest, begin = node_file(version=8), 8 * SECTOR
    line, _, body = newest.partition(b"\n")
    for seed in range(60):
        rng, flash = Random(seed), Flash(16)
        slots = slots_on(flash)
        take(slots, node_file())
        take(slots, newest)

        at = rng.choice([begin + rng.randrange(8 + len(line)), begin + SECTOR + rng.randrange(len(body))])
        flash.flip(at * 8 + rng.randrange(8))

        loaded = slots_on(flash)
        assert loaded.version == 7
        assert loaded.roster is not None
        assert loaded.roster.lookup(token_of(ALIYA)) is not None


def test_fault_33_a_power_cut_while_a_roster_comes_leaves_the_old_or_the_new_one() -> None:
    old, new = node_file(), node_file(rows_with(card(ALIYA, state="blocked")), version=8)
    seen = set()
    for steps in range(0, 1_100, 7):
        flash = Flash(16, steps)
        slots = slots_on(flash)
        take(slots, old)
        flash.cut_after(steps)
        try:
            take(slots, new)
        except PowerCut:
            flash.restore()

        loaded = slots_on(flash)

        assert loaded.roster is not None
        found = loaded.roster.lookup(token_of(ALIYA))
        assert found is not None
        assert bool(found.flags & BLOCKED) == (loaded.version == 8)
        seen.add(loaded.version)
    assert seen == {7, 8}


@settings(max_examples=30)
@given(st.lists(st.integers(1, 1_000), min_size=1, max_size=6), st.integers(0, 2**16))
def test_fault_33_versions_only_grow_whatever_is_cut(gaps: list[int], seed: int) -> None:
    rng, flash = Random(seed), Flash(16, seed)
    versions = [7]
    take(slots_on(flash), node_file())
    for gap in gaps:
        slots = slots_on(flash)
        flash.cut_after(rng.randrange(1_300))
        try:
            take(slots, node_file(version=slots.version + gap))
        except PowerCut:
            flash.restore()
        versions.append(slots_on(flash).version)

    assert all(later >= earlier for earlier, later in pairwise(versions))


def test_fault_11_flash_that_fails_leaves_the_old_roster() -> None:
    flash = Flash(16)
    slots = slots_on(flash)
    take(slots, node_file())
    flash.is_failing = True

    with pytest.raises(OSError, match="5"):
        take(slots, node_file(version=8))

    assert slots.version == slots_on(flash).version == 7


def test_another_devices_key_opens_nothing() -> None:
    flash = Flash(16)
    take(slots_on(flash), node_file())

    other = Slots(Region(flash), SCHOOL, bytes(32))

    assert other.load() is None
    assert other.refusals == ["signature"]
    assert slots_on(flash).version == 7
