"""What the agent tells of its machine is what Linux tells, and nothing where Linux tells nothing."""

from pathlib import Path

import pytest

from edge_agent.scribe import signal_dbm, wear_pct

HEAD = "Inter-| sta-|   Quality        |   Discarded packets\n face | tus | link level noise |  nwid  crypt\n"


@pytest.mark.parametrize(
    ("text", "pct"),
    [("0x01 0x02\n", 20), ("0x0a 0x01\n", 100), ("0x0b 0x0b\n", 100), ("0x00 0x00\n", None), ("", None), ("?", None)],
)
def test_wear_is_that_of_the_cells_that_are_worn_most(tmp_path: Path, text: str, pct: int | None) -> None:
    file = tmp_path / "life_time"
    file.write_text(text)

    assert wear_pct(file) == pct


@pytest.mark.parametrize(
    ("text", "dbm"),
    [
        (HEAD + " wlan0: 0000   54.  -56.  -256        0      0\n", -56),
        (HEAD + " wlan0: 0000   54.  200.  -256        0      0\n", None),
        (HEAD, None),
        (HEAD + " wlan0:\n", None),
        ("", None),
    ],
)
def test_signal_is_that_of_the_first_wifi(tmp_path: Path, text: str, dbm: int | None) -> None:
    file = tmp_path / "wireless"
    file.write_text(text)

    assert signal_dbm(file) == dbm


def test_a_machine_without_either_tells_nothing(tmp_path: Path) -> None:
    assert (wear_pct(tmp_path / "none"), signal_dbm(tmp_path / "none")) == (None, None)
