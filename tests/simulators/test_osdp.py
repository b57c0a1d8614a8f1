"""A simulated reader on the wall takes commands; that it speaks OSDP, the tests of the agent's reader show."""

from pathlib import Path

import pytest

from simulators.osdp import OsdpPeripheral


@pytest.mark.parametrize("line", ["card", "card many 00", "tamper perhaps", "jump"])
async def test_what_is_no_command_is_named(line: str, tmp_path: Path) -> None:
    assert "not understood" in OsdpPeripheral(1, tmp_path / "key").obey(line)


async def test_its_link_is_there_while_the_cable_is_in(tmp_path: Path) -> None:
    reader = OsdpPeripheral(1, tmp_path / "key", tmp_path / "wall")

    assert reader.plug() == reader.plug()
    assert (tmp_path / "wall").is_symlink()
    assert "secure=False" in reader.obey("card 32 04A1B2C3")

    assert "unplugged" in reader.obey("unplug")
    assert not (tmp_path / "wall").is_symlink()
