"""The program of the solver, `python -m cloud.timetable.program`: `beside` begins it, and it ends with who began it.

It reads one line of JSON, tells of its progress in lines, and of the outcome in the last one; its exit status is 1 when
it has found none.
"""

import os
import resource
import sys
from threading import Thread

import msgspec

from cloud.timetable.problem import LINE_MAX, Problem, Told
from cloud.timetable.solving import solve

NICE = 10
# Of addresses: a school of 40 classes was seen to take 0.4 GB. Without a limit, a problem that nobody foresaw would
# take the memory of the worker beside it.
MEMORY_MAX = 4 << 30


def main() -> int:
    """Solve what the input asks for; return the exit status."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    problem = msgspec.json.decode(sys.stdin.buffer.readline(LINE_MAX), type=Problem)
    Thread(target=_leave_with_beginner, daemon=True).start()
    outcome = solve(problem, lambda progress: _tell(Told(progress=progress)))
    _tell(Told(outcome=outcome))
    return 0


def _leave_with_beginner() -> None:
    """End when whoever began this is no more: the input ends then."""
    sys.stdin.buffer.read(1)
    os._exit(1)


def _tell(told: Told) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
