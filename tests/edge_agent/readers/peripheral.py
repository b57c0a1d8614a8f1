"""A reader on the wall for tests: libosdp's peripheral side in a process of its own, told what to do."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge_agent.readers.osdp_line import Place

ADDRESS, BAUD = 101, 115_200
KEY = "000102030405060708090a0b0c0d0e0f"


@dataclass(frozen=True, slots=True)
class Peripheral:
    """The process, and where its reader is."""

    process: "subprocess.Popen[str]"
    place: Place
    its_key: Path

    def tell(self, line: str) -> str:
        """Give it a command; return its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


@contextmanager
def peripheral(folder: Path, key: str = KEY) -> Iterator[Peripheral]:
    """Run a reader with a key; without one it is in installation mode."""
    link, its_key = folder / "wall", folder / "its.key"
    if key:
        its_key.write_text(key)
    words = ["osdp", "--address", str(ADDRESS), "--key", str(its_key), "--link", str(link)]
    with subprocess.Popen(
        [sys.executable, "-m", "simulators", *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield Peripheral(process, Place(str(link), BAUD, ADDRESS), its_key)
        finally:
            process.terminate()
            process.wait(10)


def key_file(folder: Path, key: str = KEY) -> Path:
    """Write the agent's key."""
    path = folder / "agent.key"
    path.write_text(key)
    path.chmod(0o600)
    return path
