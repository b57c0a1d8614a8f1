"""`python -m simulators crowd`: a school's day at readers and turnstiles that other processes simulate."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

from edge_agent.clock import SystemClock
from simulators.crowd import Crowd, Gate, Visit
from simulators.crowd_places import FarControl, FarReader, TurnstileWalk
from simulators.school import Act, Movement

NAME = "python -m simulators crowd"
LINES_MAX = 1_000_000


class DayRefused(ValueError):
    """A line of the day is wrong; the message names it."""


def main(words: Sequence[str]) -> int:
    """Live one day."""
    chosen = _parser().parse_args(words)
    try:
        with chosen.day.open(encoding="utf-8") as lines:
            movements = read_day(lines)
    except (OSError, DayRefused) as refused:
        print(f"{NAME}: {refused}", file=sys.stderr)
        return 2
    try:
        asyncio.run(_live(chosen, movements))
    except ExceptionGroup as troubles:
        known, others = troubles.split((OSError, ValueError))
        if known is None or others is not None:
            raise
        print(f"{NAME}: a reader or a gate is not there: {_first(known)}", file=sys.stderr)
        return 1
    return 0


def _first(troubles: BaseException) -> BaseException:
    """Return the first trouble itself, out of the groups of tasks around it."""
    return _first(troubles.exceptions[0]) if isinstance(troubles, BaseExceptionGroup) else troubles


async def _live(chosen: argparse.Namespace, movements: list[Movement]) -> None:
    clock = SystemClock()
    gates = [_gate(ports, clock) for ports in chosen.gate]
    crowd = Crowd(gates, clock, Random(chosen.seed), on_visit=_tell)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(crowd.live(movements, factor=chosen.factor, quiet_s_max=chosen.quiet), name="crowd")
        for stop in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(stop, task.cancel)
    counts = ", ".join(f"{ending.value} {count}" for ending, count in sorted(crowd.endings.items(), key=str))
    print(f"visits {sum(crowd.endings.values())}: {counts or 'none'}", file=sys.stderr)


def read_day(lines: Iterable[str]) -> list[Movement]:
    """Return the movements of a day as `python -m simulators school` prints it. Raises DayRefused."""
    movements: list[Movement] = []
    for number, line in enumerate(lines, start=1):
        if number > LINES_MAX:
            raise DayRefused(f"the day has more than {LINES_MAX} lines")
        try:
            movements.append(_movement(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise DayRefused(f"line {number} of the day is no movement: {error!r}") from None
    return sorted(movements, key=lambda movement: movement.at_ms)


def _movement(row: dict[str, object]) -> Movement:
    match row:
        case {
            "at_ms": int(at_ms),
            "gate": int(gate),
            "direction": "in" | "out" as direction,
            "act": str(act),
            "person": str(person),
            "uid": str(uid),
        }:
            return Movement(at_ms, gate, direction, Act(act), person, bytes.fromhex(uid))
        case _:
            raise ValueError("it needs at_ms, gate, direction, act, person and uid")


def _gate(ports: tuple[int, ...], clock: SystemClock) -> Gate:
    reader_in, reader_out, *turnstile = ports
    walkway = TurnstileWalk(FarControl(turnstile[0]), clock) if turnstile else None
    return Gate({"in": FarReader(reader_in), "out": FarReader(reader_out)}, walkway)


def _tell(visit: Visit) -> None:
    movement = visit.movement
    with suppress(BrokenPipeError):
        print(
            json.dumps(
                {
                    "at_ms": movement.at_ms,
                    "gate": movement.gate,
                    "direction": movement.direction,
                    "act": movement.act.value,
                    "person": movement.person,
                    "ending": visit.ending.value,
                    "late_ms": visit.late_ms,
                }
            ),
            flush=True,
        )


def _ports(text: str) -> tuple[int, ...]:
    ports = text.split(":")
    if len(ports) not in {2, 3} or not all(port.isdigit() and 0 < int(port) < 65_536 for port in ports):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not READER_IN:READER_OUT[:TURNSTILE], control ports")
    return tuple(int(port) for port in ports)


def _above_zero(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e9:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a number above 0")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="People hold cards to simulated readers and walk through simulated turnstiles. Prints each visit.",
        epilog="Example: python -m simulators school | python -m simulators crowd --gate 4001:4002:4003 --factor 60",
    )
    parser.add_argument(
        "--gate",
        type=_ports,
        action="append",
        required=True,
        metavar="IN:OUT[:TURNSTILE]",
        help="the control ports of a gate's readers and turnstile; repeat it for each gate",
    )
    parser.add_argument(
        "--day",
        type=Path,
        default=Path("/dev/stdin"),
        metavar="FILE",
        help="movements, as `school` prints them (standard input)",
    )
    parser.add_argument("--factor", type=_above_zero, default=1.0, help="how many times as quick the day passes (1)")
    parser.add_argument("--quiet", type=_above_zero, default=60.0, metavar="SECONDS", help="the longest wait (60)")
    parser.add_argument("--seed", type=int, default=1, help="what people's reactions are drawn from (1)")
    return parser
