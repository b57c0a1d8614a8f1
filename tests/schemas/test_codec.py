"""The codec that devices carry and the structs that CPython uses say the same, for every message there is."""

import json
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import structs
from schemas.codec import RECORD_BYTES_MAX, WireError, decode, encode
from schemas.generate import load
from tests.schemas.strategies import SCHEMAS, fields, lines

KINDS = sorted(SCHEMAS)
RECORDS = set(load("records"))
DECODER = msgspec.json.Decoder(structs.AnyRecord | structs.AnyFrame)
# A $ of JSON Schema means the end; in Python it also matches before a last line feed.
STRICT: dict[str, dict[str, Any]] = json.loads(json.dumps(SCHEMAS).replace('$"', r'\\Z"'))
VALIDATORS = {kind: jsonschema.Draft202012Validator(schema) for kind, schema in STRICT.items()}

STRANGE: st.SearchStrategy[Any] = (
    st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.text(max_size=60)
    | st.sampled_from([1.5, [{}], {}, "a" * 12 + "\n"])
)


def struct_of(kind: str, values: dict[str, Any]) -> msgspec.Struct:
    made = getattr(structs, "".join(part.capitalize() for part in kind.split("_")))
    found: msgspec.Struct = msgspec.convert(_shortened(kind, values) | {"k": kind}, type=made)
    return found


def _shortened(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the same message by short names, by the schema and not by the tables under test."""
    return _by_short(SCHEMAS[kind]["properties"], values)


def _by_short(properties: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for short, field in properties.items():
        value = values.get(field["title"])
        if value is not None and field.get("type") == "array":
            out[short] = [_by_short(field["items"]["properties"], item) for item in value]
        elif value is not None:
            out[short] = value
    return out


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(data=st.data())
def test_codec_and_structs_write_the_same_bytes(kind: str, data: st.DataObject) -> None:
    values = data.draw(fields(kind))
    by_structs = msgspec.json.encode(struct_of(kind, values))

    if kind in RECORDS and len(by_structs) > RECORD_BYTES_MAX:
        with pytest.raises(WireError, match="at most 200 bytes"):
            encode(kind, values)
        return
    line = encode(kind, values)

    assert line == by_structs
    assert decode(line) == (kind, values)
    assert b"\n" not in line
    VALIDATORS[kind].validate(json.loads(line))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(data=st.data())
def test_what_one_refuses_the_other_refuses_too(kind: str, data: st.DataObject) -> None:
    spoiled = data.draw(lines(kind))
    name = data.draw(st.sampled_from([*spoiled, "zz"]))
    spoiled[name] = data.draw(STRANGE)
    line = json.dumps(spoiled, separators=(",", ":"), ensure_ascii=False).encode()
    if len(line) > RECORD_BYTES_MAX and kind in RECORDS:
        return

    assert _is_taken_by_codec(line) == _is_taken_by_structs(line) == _is_valid(kind, spoiled)


def _is_taken_by_codec(line: bytes) -> bool:
    try:
        decode(line)
    except WireError:
        return False
    return True


def _is_taken_by_structs(line: bytes) -> bool:
    try:
        DECODER.decode(line)
    except msgspec.MsgspecError:
        return False
    return True


def _is_valid(kind: str, message: dict[str, Any]) -> bool:
    return bool(VALIDATORS[kind].is_valid(message))


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"null", b'"k"', b"{}", b'{"k":5}', b'{"k":"dance"}', b"\xff", b"[" * 5000]
)
def test_what_is_no_message_is_refused_with_a_reason(line: bytes) -> None:
    with pytest.raises(WireError, match=r"JSON|kind"):
        decode(line)


def test_a_later_version_is_not_taken_for_this_one() -> None:
    with pytest.raises(WireError, match="version 2"):
        decode(b'{"k":"ack","v":2,"e":"0011223344556677"}')


def test_an_absent_field_is_absent_and_never_null() -> None:
    with pytest.raises(WireError, match="gate"):
        decode(b'{"k":"cmd","id":"0011223344556677","ct":1,"ex":1,"do":"report","g":null}')


@pytest.mark.parametrize("day", ["2026-9-01x", "----------", "2026/09/01", "20260901", "²026-09-01"])
def test_a_day_is_a_day(day: str) -> None:
    with pytest.raises(WireError, match="day"):
        encode("claim", {**CLAIM, "day": day})


@pytest.mark.parametrize("end", ["\n", "0"])
def test_a_line_feed_does_not_slip_past_a_pattern(end: str) -> None:
    line = json.dumps(_shortened("claim", {**CLAIM, "person": "0" * 12 + end}) | {"k": "claim"}).encode()

    assert not _is_taken_by_structs(line)
    assert not _is_taken_by_codec(line)


CLAIM = {
    "monotonic_ms": 1,
    "wall_ms": 1,
    "clock": "hub",
    "id": "0011223344556677",
    "person": "0" * 12,
    "meal": "lunch",
    "day": "2026-09-01",
    "outcome": "granted",
}


LATE = {"monotonic_ms": 99_999_999_999, "wall_ms": 1_790_000_000_000, "clock": "floor"}
SALE = {"id": "0" * 16, "shift": "0" * 16, "amount_tiyn": 10**9}
DEAR = {"sale": "0" * 16, "dish": "d" * 16, "version": 99_999, "count": 99, "price_tiyn": 10**9}
CLOSED = {"id": "0" * 16, "outcome": "closed", "staff": "z" * 12, "amount_tiyn": 10**10, "cash_tiyn": 10**10}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("sale", SALE | {"meal": "m" * 16, "payment": "subsidised", "person": "z" * 12, "unconfirmed": True}),
        ("item", DEAR),
        ("override", {"sale": "0" * 16, "rule": "offline_limit", "staff": "z" * 12, "why": "ұ" * 32}),
        ("refund", {"id": "0" * 16, "sale": "0" * 16, "amount_tiyn": 10**7, "staff": "z" * 12, "reason": "ұ" * 24}),
        ("refusal", {"meal": "m" * 16, "person": "z" * 12, "reason": "offline_limit"}),
        ("shift", CLOSED | {"till": "till-1", "count": 10**6}),
    ],
)
def test_the_longest_that_a_till_writes_is_a_record(kind: str, values: dict[str, Any]) -> None:
    assert len(encode(kind, LATE | values)) <= RECORD_BYTES_MAX
