"""A simulated board for tests, and the real programs that flash real ones."""

import asyncio
import sysconfig
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(sysconfig.get_path("scripts"))
PROGRAM_S = 60


@dataclass(frozen=True, slots=True)
class Said:
    """How a program ended, and all it printed."""

    status: int
    text: str


async def run(*words: str, folder: Path | None = None) -> Said:
    """Run a program of this environment: `esptool` (which takes settings from esptool.cfg in `folder`), `mpremote`."""
    command = [str(PROGRAMS / words[0]), *words[1:]]
    program = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PROGRAM_S):
        text, _ = await program.communicate()
    return Said(program.returncode or 0, text.decode())
