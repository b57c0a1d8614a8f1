"""`python -m simulators school`: what happens at a school's gates on one day, as JSON lines."""

import argparse
import json
from collections.abc import Sequence
from random import Random

from simulators.members import draw_members
from simulators.school import Movement, day


def main(words: Sequence[str]) -> int:
    """Print one day."""
    chosen = _parser().parse_args(words)
    rng = Random(chosen.seed)
    for movement in day(draw_members(chosen.members, rng), chosen.gates, rng):
        print(json.dumps(_row(movement)))
    return 0


def _row(movement: Movement) -> dict[str, object]:
    return {
        "at_ms": movement.at_ms,
        "gate": movement.gate,
        "direction": movement.direction,
        "act": movement.act.value,
        "person": movement.person,
        "uid": movement.uid.hex().upper(),
    }


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a number from 1 to 100000")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators school",
        description="A school's day drawn from a seed: one act at one gate a line; at_ms counts from local midnight.",
    )
    parser.add_argument("--members", type=_count, default=300, help="students and staff (300)")
    parser.add_argument("--gates", type=_count, default=2, help="gates (2)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same day (1)")
    return parser
