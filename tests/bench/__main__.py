"""Measures the agent and the cloud: prints one table, writes build/bench.json and, with --write, docs/benchmarks.md."""

import argparse
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from tests.bench.table import Figure, commit_of_now, document, machine, run

DOCUMENT = Path("docs/benchmarks.md")
ABOUT = """# Benchmarks

What `make bench` measured, last on {day}: {machine}. Broker, database and load generator run on the same
machine; targets are ratios to a probe of the same run where a figure would say more about the machine than about us.
`held` tells whether the target was met; `measured` names the measurement (`make bench ARGS="--only NAME"`) and the
commit. Written by `python -m tests.bench --write`, which keeps the rows of what it does not measure; do not edit.

"""
PARTS = (
    "tests.bench.edge",
    "tests.bench.firmware",
    "tests.bench.node",
    "tests.bench.node_memory",
    "tests.bench.head",
    "tests.bench.till",
    "tests.bench.guard",
    "tests.bench.rights",
    "tests.bench.signing_in",
    "tests.bench.audit",
    "tests.bench.cloud",
    "tests.bench.ledger",
    "tests.bench.reports",
    "tests.bench.counted",
    "tests.bench.exports",
    "tests.bench.backups",
    "tests.bench.builder",
    "tests.bench.journal",
    "tests.bench.quarter",
    "tests.bench.assessments",
    "tests.bench.timetable",
    "tests.bench.notices",
    "tests.bench.handoff",
    "tests.bench.month",
    "tests.bench.app",
)
Measurement = Callable[[], list[Figure]]


def measurements(listed: str = "MEASUREMENTS") -> dict[str, Measurement]:
    """Return what each part lists under a name, by names as `edge.decisions`."""
    parts = [import_module(part) for part in PARTS]
    return {
        f"{part.__name__.rpartition('.')[2]}.{each.__name__}": each
        for part in parts
        for each in getattr(part, listed, ())
    }


def main() -> int:
    """Measure what the arguments choose; the exit status is 1 when a figure misses its target."""
    usual = measurements()
    known = usual | measurements("LONG")  # those only when they are named
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="one of: " + ", ".join(known))
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT}, too")
    arguments = parser.parse_args()
    chosen = arguments.only or list(usual)
    unknown = [name for name in chosen if name not in known]
    if unknown:
        parser.error(f"there is no measurement {', '.join(unknown)}; there are {', '.join(known)}")
    found = run({name: known[name] for name in chosen})
    if arguments.write:
        about = ABOUT.format(machine=machine(), day=time.strftime("%Y-%m-%d"))
        DOCUMENT.write_text(about + document(DOCUMENT.read_text(), found, known, commit_of_now()))
    return int(any(figure.held is False for figures in found.values() for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
