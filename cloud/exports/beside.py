"""An export is written beside the worker, by a program of its own: it holds up no tap, and gives way to all others.

Rule: the program ends with whoever began it: told to, or when its input ends because that process is no more. The order
goes through the pipe, since it holds passwords; nothing of it stands on a command line or in an environment.

`python -m cloud.exports.beside` reads one line of JSON; its exit status is 1 when it has not made the export, and its
output is then what the error was.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import replace

from cloud.core.beside import end
from cloud.core.errors import kinds_of
from cloud.core.logs import configure
from cloud.core.services import Services, open_services
from cloud.core.settings import Settings
from cloud.exports.finishing import Claimed, finish, held

MODULE = "cloud.exports.beside"  # under this name also where it is the program itself
NICE = 10
CONNECTIONS_MAX = 4
ORDER_MAX = 64 << 10  # bytes
TOLD_MAX = 2_000  # bytes of what the program says of its failure
PATIENCE_S = 15.0


class NotMade(Exception):
    """The program has not made the export; `kinds` are those of its error."""

    def __init__(self, kinds: list[str]) -> None:
        super().__init__(", ".join(kinds))
        self.kinds = kinds


class Left(Exception):
    """Whoever began this program is no more."""


async def finish_beside(services: Services, job: Claimed) -> None:
    """Let a program of its own finish a job, and end it when this is cancelled. Raises NotMade."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", MODULE, stdin=PIPE, stdout=PIPE, start_new_session=True
    )  # in a session of its own: Ctrl-C is for the service, which ends it
    try:
        told = await _told(program, _order(services.settings, job))
    finally:
        await end(program)
    if program.returncode:
        raise NotMade(told or [f"exit status {program.returncode}"])


def _order(settings: Settings, job: Claimed) -> bytes:
    own = replace(settings, database_connections_max=CONNECTIONS_MAX)
    return json.dumps({"settings": own.as_environment(), "export": job.id, "tries": job.tries}).encode() + b"\n"


async def _told(program: Process, order: bytes) -> list[str]:
    """Give the order and return the kinds of the error that the program tells of, once it has ended."""
    assert program.stdin is not None  # noqa: S101 (a pipe)
    assert program.stdout is not None  # noqa: S101 (a pipe)
    program.stdin.write(order)
    with suppress(ConnectionError):  # it has ended already, and its status says how
        await program.stdin.drain()
    words = await program.stdout.read(TOLD_MAX)
    await program.wait()
    return words.decode(errors="replace").splitlines()


# The program


def main() -> int:
    """Make the export that the input orders; return the exit status."""
    os.nice(NICE)
    try:
        asyncio.run(_work())
    except asyncio.CancelledError:
        return 1  # told to end
    except Exception as error:  # noqa: BLE001 - the program's outermost: whoever began it notes what it was
        one: BaseException = error
        while isinstance(one, BaseExceptionGroup):
            one = one.exceptions[0]
        sys.stdout.write("\n".join(kinds_of(one)))
        return 1
    return 0


async def _work() -> None:
    orders = asyncio.StreamReader(ORDER_MAX)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    working = asyncio.current_task()
    assert working is not None  # noqa: S101 (this runs in one)
    loop.add_signal_handler(signal.SIGTERM, working.cancel)
    order = json.loads(await orders.readline())
    settings = Settings.from_environment(order["settings"])
    configure(settings.log_level, settings.log_style)
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(_until_left(orders), name="export.beginner")
        async with open_services(settings, patience_s=PATIENCE_S) as services:
            await finish(services, await held(services, order["export"], order["tries"]))
        watching.cancel()


async def _until_left(orders: asyncio.StreamReader) -> None:
    await orders.read(1)
    raise Left


if __name__ == "__main__":
    sys.exit(main())
