"""What readers type is read back into the card's bytes, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.readers.credentials import ByteOrder, Spelling, UidFormat
from edge_agent.readers.tap import Medium
from tests.servers.node import ROOT

UIDS = st.sampled_from([4, 7, 10]).flatmap(lambda length: st.binary(min_size=length, max_size=length))
DIGITS = {4: 10, 7: 17, 10: 25}


@given(UIDS, st.sampled_from(ByteOrder))
def test_hexadecimal_is_read_back(uid: bytes, order: ByteOrder) -> None:
    written = uid if order is ByteOrder.CARD else uid[::-1]

    assert Spelling(UidFormat.HEX, order).read(written.hex()) == uid
    assert Spelling(UidFormat.HEX, order).read(written.hex(":").upper()) == uid


@given(UIDS, st.sampled_from(ByteOrder))
def test_decimal_with_its_leading_zeros_is_read_back(uid: bytes, order: ByteOrder) -> None:
    number = int.from_bytes(uid if order is ByteOrder.CARD else uid[::-1])

    assert Spelling(UidFormat.DECIMAL, order).read(f"{number:0{DIGITS[len(uid)]}}") == uid


@given(st.text(max_size=40), st.sampled_from(UidFormat))
def test_any_other_text_is_a_uid_or_refused_and_never_an_error(text: str, form: UidFormat) -> None:
    uid = Spelling(form).read(text)

    assert uid is None or len(uid) in DIGITS


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (UidFormat.HEX, ""),
        (UidFormat.HEX, "04A1B2"),
        (UidFormat.HEX, "04A1B2C"),
        (UidFormat.HEX, "04A1B2C3D"),
        (UidFormat.HEX, "04A1B2CG"),
        (UidFormat.HEX, "٠٤٠٤٠٤٠٤"),
        (UidFormat.DECIMAL, ""),
        (UidFormat.DECIMAL, "4294967296"),
        (UidFormat.DECIMAL, "-1"),
        (UidFormat.DECIMAL, "1_000"),
        (UidFormat.DECIMAL, "٤٢"),
        (UidFormat.DECIMAL, "9" * 26),
    ],
)
def test_what_spells_no_uid_is_refused(form: UidFormat, text: str) -> None:
    assert Spelling(form).read(text) is None


def test_a_code_on_a_screen_is_its_text() -> None:
    spelling = Spelling(medium=Medium.QR)

    assert spelling.read("esik:Қазақ") == "esik:Қазақ".encode()
    assert spelling.read("x" * 513) is None
    assert spelling.read("a\x00b") is None


@pytest.mark.parametrize(
    ("typed", "form", "order"),
    [
        ("04A1B2C3", UidFormat.HEX, ByteOrder.CARD),
        ("C3B2A104", UidFormat.HEX, ByteOrder.REVERSED),
        ("0077705923", UidFormat.DECIMAL, ByteOrder.CARD),
        ("3283263748", UidFormat.DECIMAL, ByteOrder.REVERSED),
    ],
)
def test_the_table_of_the_manual_is_right(typed: str, form: UidFormat, order: ByteOrder) -> None:
    assert Spelling(form, order).read(typed) == bytes.fromhex("04A1B2C3")
    assert f"`{typed}` | `{form.value}` | `{order.value}`" in (ROOT / "docs/readers.md").read_text()
