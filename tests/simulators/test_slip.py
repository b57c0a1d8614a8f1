"""Packets between bytes."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.slip import PACKET_MAX, SlipReader, slip

packets = st.binary(min_size=1, max_size=40)


@given(st.lists(packets, max_size=5), st.integers(1, 7))
def test_packets_come_out_as_they_went_in_however_they_are_cut(sent: list[bytes], cut: int) -> None:
    line = b"".join(map(slip, sent))

    reader = SlipReader()
    got = [packet for at in range(0, len(line), cut) for packet in reader.feed(line[at : at + cut])]

    assert got == sent


def test_noise_between_packets_is_passed_over() -> None:
    assert SlipReader().feed(b"boot: noise" + slip(b"\xc0\xdb") + b"\r\n" + slip(b"two")) == [b"\xc0\xdb", b"two"]


def test_a_packet_without_an_end_is_forgotten() -> None:
    reader = SlipReader()

    assert reader.feed(b"\xc0" + bytes(PACKET_MAX + 1) + b"\xc0") == []
    assert reader.feed(b"\xc0next\xc0") == [b"next"]
