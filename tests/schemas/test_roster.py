"""Rosters are believed only when everything about them fits."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from schemas.compact import ACTIVE, CARD_BYTES, CONSENT, PERSON, compact, unpack_card
from schemas.roster import RosterRefused, body_of, difference, members_of, open_file, pack, row, rows_of
from schemas.structs import AnyRow, GateRow
from tests.schemas.till_vectors import desk_rows, till_rows

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
RULES = {"passback": "soft", "passback_reset_ms": 0, "repeat_ms": 5000, "expired": "allow"}
POLICY = row("policy", "", RULES)
REF = "k3v9x0a7m2qd"
ROWS = [
    POLICY,
    row("gate", "main", {"kk": "Басты есік", "ru": "Главный вход", "en": "Main door"}, "gate-1"),
    row("profile", "day", [[31, 420, 1140]], ["*"]),
    row("person", REF, "Әлия Қасымова", "1А", "student", 1, 1, "day"),
    row("card", "ab" * 12, REF, "active", 0),
    *till_rows(REF, "zr81mmv0c5tb", "till-1"),
    *desk_rows(REF, "zr81mmv0c5tb")[2:],
]
HEADER: dict[str, object] = {"school": "school1", "version": 7, "base": 0, "issued_ms": 1000, "not_after_ms": 9000}


def test_the_compact_form_of_the_vectors_is_what_their_rows_make() -> None:
    vectors = json.loads((Path(__file__).parents[2] / "schemas/vectors/rosters.json").read_text())

    body = bytes.fromhex(vectors["compact_hex"]).partition(b"\n")[2]

    assert compact([line.encode() for line in vectors["rows"]]) == body


def test_a_person_without_a_card_stands_in_the_compact_form_under_a_token_of_no_card() -> None:
    newcomer = row("person", "dana00000000", "Дана", "1А", "student", 1, 1, "day")

    cards = compact([*ROWS, newcomer]).partition(b"\n")[2]

    found = [unpack_card(cards[at : at + CARD_BYTES]) for at in range(0, len(cards), CARD_BYTES)]
    assert [(each[0].hex()[:8], each[1], each[3]) for each in found] == [
        ("00000000", "dana00000000", ACTIVE | CONSENT | PERSON), ("abababab", REF, ACTIVE | CONSENT | PERSON),
    ]  # fmt: skip
    assert len({each[0] for each in found}) == 2


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([row("profile", f"p{number}", [], []) for number in range(256)], "at most 255 profiles"),
        ([row("profile", f"p{number}", [[1, 2, 3]] * 64, []) for number in range(20)], "at most 8192 bytes"),
    ],
)
def test_what_does_not_fit_into_the_compact_form_is_said(rows: list[bytes], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        compact([POLICY, *rows])


def verify(signature: bytes, message: bytes) -> bool:
    try:
        KEY.public_key().verify(signature, message)
    except InvalidSignature:
        return False
    return True


def snapshot(rows: list[bytes] = ROWS, **changes: object) -> bytes:
    body = body_of(rows)
    return pack(HEADER | changes, body, body, KEY.sign)


def test_a_snapshot_gives_its_rows_back() -> None:
    header, body = open_file(snapshot(), verify, "school1", 6, 5000)

    assert rows_of(header, body, 0, []) == sorted(ROWS)


def test_a_delta_gives_the_new_rows() -> None:
    new = [POLICY, row("card", "ab" * 12, REF, "blocked", 0), row("card", "cd" * 12, REF, "active", 0)]
    delta = b"".join(line + b"\n" for line in difference(ROWS, new))
    data = pack(HEADER | {"base": 7, "version": 8}, delta, body_of(new), KEY.sign)

    header, body = open_file(data, verify, "school1", 7, 5000)

    assert rows_of(header, body, 7, ROWS) == sorted(new)


def test_a_delta_on_a_wrong_base_is_refused() -> None:
    delta = b"".join(line + b"\n" for line in difference(ROWS, [POLICY]))
    header, body = open_file(pack(HEADER | {"base": 7}, delta, body_of([POLICY]), KEY.sign), verify, "school1", 7, 0)

    with pytest.raises(RosterRefused, match="base"):
        rows_of(header, body, 6, ROWS)
    with pytest.raises(RosterRefused, match="digest"):
        rows_of(header, body, 7, [*ROWS, row("card", "ef" * 12, REF, "active", 0)])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda data: data[:-10], "truncated"),
        (lambda data: data[:20], "truncated"),
        (lambda _data: b"", "truncated"),
        (lambda data: data.replace(b'"version":7', b'"version":9'), "signature"),
        (lambda _data: b"[]\n", "malformed"),
        (lambda _data: b"{}\n", "malformed"),
        (lambda _: snapshot(school="school2"), "school"),
        (lambda _: snapshot(version=5), "version"),
        (lambda _: snapshot(not_after_ms=4999), "expired"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason(spoil: Callable[[bytes], bytes], reason: str) -> None:
    with pytest.raises(RosterRefused) as refused:
        open_file(spoil(snapshot()), verify, "school1", 6, 5000)

    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "malformed"),
        ([POLICY], "empty"),
        ([row("policy", "", {})], "malformed"),
        ([*ROWS, row("policy", "", RULES | {"repeat_ms": 1})], "malformed"),
    ],
)
def test_a_roster_without_rules_or_cards_is_never_an_empty_allow_list(rows: list[bytes], reason: str) -> None:
    header, body = open_file(snapshot(rows), verify, "school1", 6, 5000)

    with pytest.raises(RosterRefused) as refused:
        rows_of(header, body, 0, [])

    assert refused.value.reason == reason


def test_a_school_without_cards_says_so() -> None:
    rows = [row("policy", "", RULES | {"empty": True})]

    assert rows_of(*open_file(snapshot(rows), verify, "school1", 6, 5000), 0, []) == rows


@pytest.mark.parametrize(
    "line", [b"[]", b"{}", b"5", b'["+"]', b'["-","card"]', b'["*","card","ab"]', b"[", b'["+",5]']
)
def test_a_delta_of_something_else_is_refused(line: bytes) -> None:
    data = pack(HEADER | {"base": 7}, line + b"\n", body_of(ROWS), KEY.sign)

    with pytest.raises(RosterRefused, match="malformed"):
        rows_of(*open_file(data, verify, "school1", 7, 5000), 7, ROWS)


@pytest.mark.parametrize("line", ROWS)
def test_rows_are_read_alike_with_types_and_without(line: bytes) -> None:
    members = members_of(line)
    typed = msgspec.json.decode(msgspec.json.encode(msgspec.json.decode(line, type=AnyRow)))

    assert row(*members) == line
    assert typed[: len(members)] == members
    assert not any(typed[len(members) :]), "what was added later is empty where it does not stand"


def test_what_was_added_to_a_row_later_is_read_where_it_stands_and_passed_over_by_who_does_not_know_it() -> None:
    line = row("gate", "main", {"kk": "Есік", "ru": "Вход", "en": "Door"}, "gate-1", "usual", "shut_both")
    typed = msgspec.json.decode(line, type=AnyRow)

    assert isinstance(typed, GateRow)
    assert (typed.fire, typed.lockdown) == ("usual", "shut_both")
    assert members_of(line)[-2:] == ["usual", "shut_both"]


@pytest.mark.parametrize(
    "line",
    [
        row("card", "ab" * 12, REF, "active"),
        row("card", "AB" * 12, REF, "active", 0),
        row("card", "ab" * 12, REF, "lost", 0),
        row("person", REF, "", "1А", "student", 1, 1, "day"),
        row("person", REF, "Әлия", "1А", "student", 2, 1, "day"),
        row("gate", "main", {"kk": "Есік"}, "gate-1"),
        row("policy", "", {"passback": "soft"}),
        row("till", "till-1", {"kk": "Асхана", "ru": "Столовая", "en": "Canteen"}, "till-1", "no touch"),
        row("dish", "soup/3", {"kk": "Көже", "ru": "Суп", "en": "Soup"}, -1, "first", [], "", "", []),
    ],
)
def test_a_row_that_breaks_the_schema_is_refused_with_types_and_without(line: bytes) -> None:
    with pytest.raises(RosterRefused, match="malformed"):
        members_of(line)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(line, type=AnyRow)


def test_a_row_of_an_unknown_kind_and_further_members_are_left_to_later_programs() -> None:
    longer = row("card", "ab" * 12, REF, "active", 0, "new")

    assert members_of(row("photo", "x", 1)) == ["photo", "x", 1]
    assert members_of(longer)[-1] == "new"
    assert msgspec.json.decode(longer, type=AnyRow)


@given(st.integers(0, len(snapshot()) - 1), st.integers(1, 255))
def test_no_changed_byte_is_believed(position: int, flip: int) -> None:
    data = bytearray(snapshot())
    data[position] ^= flip

    with pytest.raises(RosterRefused):
        rows_of(*open_file(bytes(data), verify, "school1", 6, 5000), 0, [])
