"""The command `esik`: finds the program that was asked for, and imports no other one."""

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from esik import __version__
from esik.starting import without_collecting

USAGE_ERROR = 2


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the project: the module whose `app` runs it, and what it is for."""

    module: str
    purpose: str


PROGRAMS = {
    "edge": Program("edge_agent.cli", "the agent at a school: reads cards, opens gates, journals and syncs"),
    "cloud": Program("cloud.cli", "the service: takes records in, shows pages, keeps devices and backups"),
    "device": Program("firmware.tools.cli", "boards on the bench: writes MicroPython and our files on them"),
    "cards": Program("edge_agent.cards.cli", "the station where cards are made that cannot be copied, and their keys"),
    "demo": Program("simulators.demo", "a whole school on this machine, with its pages"),
}


def main(words: Sequence[str] | None = None, out: TextIO | None = None) -> int:
    """Run `esik WORDS`; return its exit status. A program's own exits pass through."""
    asked = list(sys.argv[1:] if words is None else words)
    page = sys.stdout if out is None else out
    match asked:
        case [] | ["--help" | "-h" | "help"]:
            page.write(usage())
            return 0
        case ["--version"]:
            page.write(f"esik {__version__}\n")
            return 0
        case [name, *rest] if name in PROGRAMS:
            return _run(name, rest)
    sys.stderr.write(f"esik: there is no program {asked[0]!r}.\n\n{usage()}")
    return USAGE_ERROR


def usage() -> str:
    """Return the page that --help prints."""
    rows = "".join(f"  {name:8}{program.purpose}\n" for name, program in PROGRAMS.items())
    return f"Usage: esik PROGRAM ...\n\n{rows}\nesik PROGRAM --help tells more. esik --version prints the version.\n"


def _run(name: str, words: Sequence[str]) -> int:
    program = PROGRAMS[name]
    if not _is_installed(program.module):
        sys.stderr.write(
            f"esik: the program {name!r} is not part of this installation ({program.module} is missing).\n"
        )
        return USAGE_ERROR
    try:
        with without_collecting():
            app = importlib.import_module(program.module).app
    except ModuleNotFoundError as error:
        if error.name is None or _is_ours(error.name):
            raise
        sys.stderr.write(
            f"esik: the program {name!r} wants {error.name}, which is not installed here;"
            " `requirements/install.sh runtime` brings what the cloud and the tools run on.\n"
        )
        return USAGE_ERROR
    app(list(words), prog_name=f"esik {name}")
    return 0


def _is_ours(module: str) -> bool:
    return (Path(__file__).parents[1] / module.partition(".")[0]).is_dir()


def _is_installed(module: str) -> bool:
    package, _, _ = module.rpartition(".")
    return importlib.util.find_spec(package) is not None and importlib.util.find_spec(module) is not None
