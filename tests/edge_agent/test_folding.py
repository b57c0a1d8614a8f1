"""A fold reads the records of its own kinds, and passes over what it cannot read."""

import msgspec
import pytest

from edge_agent.folding import read_if
from schemas.structs import Collected

BEGINS = b'{"k":"collected"'
_decode = msgspec.json.Decoder(Collected).decode


def test_a_record_of_its_kind_is_read() -> None:
    whole = Collected(monotonic_ms=1, wall_ms=2, clock="ntp", gate="main", person="aliya0000000", staff="guard0000000")

    assert read_if(BEGINS, _decode, msgspec.json.encode(whole)) == whole


@pytest.mark.parametrize("record", [b"", b'{"k":"visitor"}', BEGINS, BEGINS + b"}", BEGINS + b',"x":"\xff"}'])
def test_what_is_another_or_cannot_be_read_is_passed_over(record: bytes) -> None:
    assert read_if(BEGINS, _decode, record) is None
