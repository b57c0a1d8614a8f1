"""A simulated reader head as a process of its own, so that nothing a test waits for holds it up."""

import re
import subprocess
import sys
from pathlib import Path

from tests.servers.process import leash

ROOT = Path(__file__).parents[2]


class HeadProgram:
    """`python -m simulators head`; its commands are obeyed before `tell` returns."""

    def __init__(self, folder: Path, link: Path) -> None:
        self.board = folder
        self._program = subprocess.Popen(
            [*leash(None), sys.executable, "-m", "simulators", "head", "--folder", str(folder), "--link", str(link)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            cwd=ROOT,
        )  # fmt: skip
        assert self._read() == str(link), "the simulated head did not start: has `make setup` brought MicroPython?"

    def tell(self, line: str) -> str:
        """Give a command; return its answer."""
        assert self._program.stdin is not None
        self._program.stdin.write(line + "\n")
        self._program.stdin.flush()
        return self._read()

    def lit(self) -> set[str]:
        """Return which outputs are on."""
        return set(self._status("lit").split(",")) - {"none"}

    def count(self, what: str) -> int:
        """Return how often it was opened, or how many went in or out."""
        return int(self._status(what))

    def stop(self) -> None:
        self._program.terminate()
        self._program.wait(10)
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.close()
        self._program.stdout.close()

    def _status(self, what: str) -> str:
        found = re.search(rf"\b{what}=(\S+)", status := self.tell("status"))
        assert found is not None, status
        return found[1]

    def _read(self) -> str:
        assert self._program.stdout is not None
        return self._program.stdout.readline().strip()
