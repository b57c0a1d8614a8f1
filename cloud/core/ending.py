"""Whether a task is to end, for loops that go on after an error.

Rule: a loop that outlives errors asks this after each. An error that comes in the instant of a cancellation takes its
place: one of a `finally`, or of a child of a TaskGroup (until Python 3.13); the loop would go on for ever then, and
nobody could end the service.
"""

import asyncio


def is_ended() -> bool:
    """Tell whether this task was cancelled, also when an error has taken the place of being cancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
