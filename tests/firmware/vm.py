"""The MicroPython VM for a test: a board's memory, stand-ins for its hardware, and our code on its path."""

import os
import subprocess
from pathlib import Path

from tests.servers.process import leash

ROOT = Path(__file__).parents[2]
VM = ROOT / "build/micropython/micropython"
VM_32 = ROOT / "build/micropython32/micropython"  # words as a board has them; `requirements/micropython.sh --words32`
STAND_INS = ROOT / "simulators/micropython"
PATH = f"{STAND_INS}:{ROOT}:.frozen"
HEAP = "120k"


class ProgramFailed(Exception):
    """A program on the VM ended with an error; its whole output is the message."""


def vm_command(*arguments: str, heap: str = HEAP, vm: Path = VM) -> list[str]:
    """Return the command that starts the VM. Raises FileNotFoundError when `make setup` has not brought it."""
    if not vm.exists():
        raise FileNotFoundError(f"{vm} is not there: run `make setup`")
    return [*leash(None), str(vm), "-X", f"heapsize={heap}", *arguments]


def vm_environment(board: Path | None = None, path: str = PATH) -> dict[str, str]:
    """Return the environment of a program: where its modules are, and the folder of its simulated board."""
    environment = {"PATH": os.defpath, "MICROPYPATH": path}
    return environment | ({"ESIK_BOARD": str(board)} if board is not None else {})


def run_vm(
    *arguments: str,
    board: Path | None = None,
    path: str = PATH,
    heap: str = HEAP,
    timeout_s: float = 60.0,
    vm: Path = VM,
) -> str:
    """Return what a program printed: `run_vm("-c", text)` or `run_vm("file.py", "argument")`. Raises ProgramFailed."""
    done = subprocess.run(
        vm_command(*arguments, heap=heap, vm=vm),
        capture_output=True, text=True, cwd=ROOT, env=vm_environment(board, path), timeout=timeout_s, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ProgramFailed(f"ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
