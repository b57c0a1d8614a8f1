"""`python -m tests.soak`: go on with the soak for as long as there is time, and write its summary."""

import argparse
import sys
import time

from tests.soak.soak import KILLS, SUMMARY, WORLDS, Soak, soak_storms, soak_worlds, summary


def main() -> int:
    """Run worlds, then storms; return 1 if anything was ever wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--worlds", type=int, default=WORLDS, help="until there were so many")
    parser.add_argument("--kills", type=int, default=KILLS, help="until there were so many")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="for each of both at most")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    soak = Soak.read()
    soak_worlds(soak, chosen.worlds, chosen.processes, time.monotonic() + 60 * chosen.minutes)
    soak_storms(soak, chosen.kills, time.monotonic() + 60 * chosen.minutes)
    SUMMARY.parent.mkdir(exist_ok=True)
    SUMMARY.write_text(summary(soak))
    sys.stdout.write(SUMMARY.read_text())
    return 1 if soak.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
