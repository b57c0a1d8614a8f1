"""A reader is given its first key, and the next one; whatever is cut in between, it is understood afterwards."""

from pathlib import Path

import pytest

from edge_agent.clock import SystemClock
from edge_agent.readers.osdp_giving import GivingRefused, _talk, install, rotate
from edge_agent.readers.osdp_key import make_pending, pending, read_key
from edge_agent.readers.osdp_line import Key, OsdpLine
from edge_agent.readers.supervised import DeviceLost
from tests.edge_agent.readers.peripheral import KEY, Peripheral, key_file, peripheral

CLOCK = SystemClock()


def proves(wall: Peripheral, keys: Path) -> bool:
    """Tell whether a reader opens the channel with the agent's key."""
    _talk(wall.place, read_key(keys), CLOCK, Key.PROVEN, None)
    return True


def test_a_new_reader_gets_a_key_of_its_own(tmp_path: Path) -> None:
    keys = tmp_path / "agent.key"
    with peripheral(tmp_path, key="") as wall:
        install(wall.place, keys, CLOCK)

        assert wall.its_key.read_text() == read_key(keys).hex()
        assert not pending(keys).exists()
        with pytest.raises(GivingRefused, match="holds a key already"):
            install(wall.place, keys, CLOCK)


def test_a_key_is_changed_within_the_channel(tmp_path: Path) -> None:
    keys = key_file(tmp_path)
    with peripheral(tmp_path) as wall:
        rotate(wall.place, keys, CLOCK)

        assert wall.its_key.read_text() == read_key(keys).hex() != KEY
        assert proves(wall, keys)


@pytest.mark.parametrize("has_new", [False, True])
def test_a_change_that_was_cut_is_completed_whichever_key_the_reader_has(tmp_path: Path, has_new: bool) -> None:
    keys = key_file(tmp_path)
    new = make_pending(keys)
    with peripheral(tmp_path, key=new.hex() if has_new else KEY) as wall:
        rotate(wall.place, keys, CLOCK)

        assert read_key(keys) == new
        assert wall.its_key.read_text() == new.hex()


def test_nothing_is_changed_for_a_reader_that_has_another_key(tmp_path: Path) -> None:
    keys = key_file(tmp_path, "f0" * 16)
    with peripheral(tmp_path) as wall:
        with pytest.raises(DeviceLost, match="does not prove"):
            rotate(wall.place, keys, CLOCK)

        assert read_key(keys).hex() == "f0" * 16
        assert wall.its_key.read_text() == KEY


def test_a_line_that_the_agent_has_is_left_to_it(tmp_path: Path) -> None:
    keys = key_file(tmp_path)
    with peripheral(tmp_path) as wall:
        line = OsdpLine(wall.place, read_key(keys), CLOCK, lambda _: None, Key.PROVEN)
        try:
            with pytest.raises(DeviceLost, match="is the agent running"):
                rotate(wall.place, keys, CLOCK)
        finally:
            line.close()
