"""Puts a demonstration on: starts everything in order, lets people come, and takes all of it down in reverse.

Rule: whatever happens, also while it starts, every program that was started is ended before we are.
"""

import asyncio
import contextlib
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import httpx2
from rich.console import Console

from cloud.core.errors import Refused
from edge_agent.readers.opening import DEVICE_PATH
from simulators.control import port_of, serve_control
from simulators.demo_agents import DemoAgent
from simulators.demo_children import Child, ChildEnded
from simulators.demo_cloud import DemoCloud, watching
from simulators.demo_control import DemoRuns, Held, State, fresh_folder, write_state
from simulators.demo_people import DemoPerson, draw_people
from simulators.demo_progress import Progress, Words, introduce, tell
from simulators.demo_seed import TILL, ImportFailed, Seeded, seed_school
from simulators.demo_street import Street, Wires, demo_day
from simulators.demo_till import DemoTill, Lunch
from simulators.demo_time import Plan, plan_around

GATES = {"north": "gate-north", "south": "gate-south"}  # gate -> device
HTTP_PORT, BROKER_PORT, STATUS_PORT, TILL_PORT, GUARD_PORT = 8000, 8883, 8451, 8460, 8470
PORTS_TRIED = 100
READY_S, ANSWER_S = 120.0, 2.0
QUIET_S_MAX = 600.0
CHILDREN_MS = (75_000, 150_000)  # when the parent's children come: time enough to open the page
FAST, FAST_QUIET_S_MAX = 30.0, 1.0


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line."""

    folder: Path
    words: Words
    seed: int
    for_s: float | None = None
    port: int = HTTP_PORT
    is_fast: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that stands when people may come."""

    plan: Plan
    people: Sequence[DemoPerson]
    street: Street
    cloud: DemoCloud
    seeded: Seeded
    children: Sequence[Child]
    till: DemoTill
    progress: Progress


class NotReady(Exception):
    """Something did not begin in time; the message has the end of its log."""


EXPECTED = (ChildEnded, DemoRuns, ImportFailed, NotReady, Refused, OSError)  # told in one line


async def show(options: Options, console: Console) -> None:
    """Run a demonstration until SIGINT or SIGTERM, or for as long as was asked.

    Raises DemoRuns; ChildEnded and NotReady in groups.
    """
    with fresh_folder(options.folder.absolute()) as held:
        async with asyncio.TaskGroup() as group:
            acting = group.create_task(_act(options, held, console), name="demo")
            _end_by_signal(acting)
    console.print("Everything has ended.", style="dim")


async def _act(options: Options, held: Held, console: Console) -> None:
    async with AsyncExitStack() as stack:
        stack.callback(console.print, "Ending: gates first, then the cloud ...", style="dim")
        stage = await _set_up(options, held, console, stack)
        stack.callback(console.print)  # below the line that tells how it goes
        await _play(options, stage, console)


def _end_by_signal(acting: asyncio.Task[None]) -> None:
    """Let the first signal end everything in order; more of them change nothing."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, lambda: None)
        acting.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)


# Setting up


async def _set_up(options: Options, held: Held, console: Console, stack: AsyncExitStack) -> Stage:
    """Start everything, told step by step; the stack takes it down in the reverse order."""
    folder, rng = held.folder, Random(options.seed)
    plan = plan_around(datetime.now(UTC))  # noqa: TID251 # a demonstration takes place now
    people = draw_people(rng, plan.today)
    http_port, broker_port, till_port, *more_ports = _free_ports(
        options.port, BROKER_PORT, TILL_PORT, *[GUARD_PORT] * 2 * len(GATES), *[STATUS_PORT] * (len(GATES) + 1)
    )
    desk_ports, status_ports = more_ports[: 2 * len(GATES)], more_ports[2 * len(GATES) :]
    cloud = DemoCloud(folder / "cloud", http_port, broker_port)
    client = await stack.enter_async_context(
        httpx2.AsyncClient(verify=False, trust_env=False, timeout=ANSWER_S)  # plain HTTP, on loopback only
    )
    with _step(console, "starting the cloud: database, broker, pages"):
        cloud_child = await stack.enter_async_context(_running(cloud.child(folder / "cloud.log"), held))
        await _in_time(cloud.until_ready(cloud_child, client), cloud_child)
    with _step(console, f"importing the school: {len(people)} people from a spreadsheet"):
        seeded = await seed_school(cloud, plan, people, GATES, folder / "school.xlsx")
    wires = await stack.enter_async_context(_wires(cloud))
    with _step(console, "starting two gates and a till: readers, turnstiles, agents"):
        street = await stack.enter_async_context(_street(folder, rng))
        till = DemoTill(TILL, (), folder / TILL, status_ports.pop(), page_port=till_port, reader=street.till_link)
        agents = [*_gate_agents(folder, street, status_ports, desk_ports), till]
        pairs = await _start_agents(held, agents, seeded.bundles, wires, stack)
        for agent, child in pairs:
            await _in_time(_until_ready(agent, child, client), child)
        await _in_time(till.open(client, seeded.shift), pairs[-1][1])
    watch = await stack.enter_async_context(watching(cloud, plan.today))
    progress = Progress(wires, agents, watch, client, options.words)
    control = await serve_control(progress, 0)
    stack.callback(control.close)
    write_state(folder, State(os.getpid(), port_of(control), cloud.url))
    return Stage(plan, people, street, cloud, seeded, [cloud_child, *(child for _, child in pairs)], till, progress)


def _gate_agents(folder: Path, street: Street, ports: Sequence[int], desk_ports: Sequence[int]) -> Iterator[DemoAgent]:
    desks = zip(desk_ports[::2], desk_ports[1::2], strict=True)
    for port, (desk, listed), (gate, device) in zip(ports, desks, GATES.items(), strict=True):
        lanes = [lane for lane in street.lanes if lane.gate == gate]
        yield DemoAgent(device, lanes, folder / device, port, desk, listed)


async def _start_agents(
    held: Held,
    agents: Sequence[DemoAgent],
    bundles: Mapping[str, Mapping[str, object]],
    wires: Wires,
    stack: AsyncExitStack,
) -> list[tuple[DemoAgent, Child]]:
    started = []
    for agent in agents:
        agent.write(bundles[agent.device], wires)
        started.append((agent, await stack.enter_async_context(_running(agent.child(), held))))
    return started


async def _until_ready(agent: DemoAgent, child: Child, client: httpx2.AsyncClient) -> None:
    """Wait until an agent has its roster and all its readers."""
    while True:
        figures = await agent.figures(client)
        if figures is not None and figures.roster and figures.readers_ready == agent.readers:
            return
        child.check()
        await asyncio.sleep(0.1)


async def _in_time(waiting: Coroutine[object, object, None], child: Child) -> None:
    """Wait for a program. Raises NotReady."""
    try:
        async with asyncio.timeout(READY_S):
            await waiting
    except TimeoutError:
        told = f"{child.name} is not ready after {READY_S:.0f} s. {child.log} ends:\n{child.tail()}"
        raise NotReady(told) from None


@asynccontextmanager
async def _running(child: Child, held: Held) -> AsyncIterator[Child]:
    child.keeps = (held.lock,)
    await child.start()
    try:
        yield child
    finally:
        await child.stop()


@asynccontextmanager
async def _wires(cloud: DemoCloud) -> AsyncIterator[Wires]:
    wires = Wires(cloud.broker_port, cloud.http_port)
    await wires.open()
    try:
        yield wires
    finally:
        await wires.close()


@asynccontextmanager
async def _street(folder: Path, rng: Random) -> AsyncIterator[Street]:
    with _links(folder) as links:
        street = Street(list(GATES), links, rng)
        await street.open()
        try:
            yield street
        finally:
            await street.close()


@contextmanager
def _links(folder: Path) -> Iterator[Path]:
    """Give the readers a folder: the demonstration's own, or where its path is none for a reader, a temporary one."""
    links = folder / "readers"
    if not DEVICE_PATH.fullmatch(str(links)):
        with tempfile.TemporaryDirectory(prefix="esik-demo-") as elsewhere:
            yield Path(elsewhere)
        return
    links.mkdir()
    yield links


def _free_ports(*wanted: int) -> list[int]:
    """Return for each loopback port the first one from there on that is free. Raises OSError.

    None of them is drawn by the kernel: it might give the same number to somebody else meanwhile.
    """
    chosen: list[int] = []
    for first in wanted:
        free = (port for port in range(first, first + PORTS_TRIED) if port not in chosen and _is_free(port))
        if (port := next(free, None)) is None:
            raise OSError(f"no port of 127.0.0.1 from {first} to {first + PORTS_TRIED - 1} is free")
        chosen.append(port)
    return chosen


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


@contextmanager
def _step(console: Console, what: str) -> Iterator[None]:
    """Show that something is being done, and afterwards that it was, with its seconds."""
    began_s = asyncio.get_running_loop().time()
    shown = console.status(f"{what} ...") if console.is_terminal else contextlib.nullcontext()
    with shown:
        yield
    console.print(f"demo: {what}: {asyncio.get_running_loop().time() - began_s:.0f} s")


# Playing


async def _play(options: Options, stage: Stage, console: Console) -> None:
    """Let people come until the time is over; tell how it goes. Raises ChildEnded when a program ends for good."""
    introduce(
        console, stage.progress, stage.cloud.url, stage.till.page, stage.seeded.sign_ins, stage.seeded.shift.pin,
        stage.plan.first_min(1),
    )  # fmt: skip
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(options.for_s), asyncio.TaskGroup() as group:
            group.create_task(_live(options, stage, console), name="crowd")
            group.create_task(tell(stage.progress, console), name="tell")
            for child in stage.children:
                group.create_task(child.keep(console.print), name=f"keep.{child.name}")


async def _live(options: Options, stage: Stage, console: Console) -> None:
    """Let one school day happen."""
    rng = Random(options.seed)
    parent = stage.people[0].guardian
    ours = [person.number for person in stage.people if person.guardian == parent]
    begins_ms = stage.plan.since_midnight_ms(datetime.now(UTC))  # noqa: TID251 # a demonstration takes place now
    awaited_ms = dict(zip(ours, (0, 0) if options.is_fast else CHILDREN_MS, strict=False))
    members = stage.plan.members(stage.people)
    day = demo_day(members, len(GATES), rng, begins_ms=begins_ms, awaited_ms=awaited_ms)
    factor, quiet_s_max = (FAST, FAST_QUIET_S_MAX) if options.is_fast else (1.0, QUIET_S_MAX)
    eaters = {person.number: person.uid for person in stage.people if not person.is_staff}
    lunch = Lunch(stage.street.till, eaters, Random(options.seed), awaited=ours, factor=factor)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(lunch.serve(), name="lunch")
        await stage.street.crowd(rng, lunch.saw).live(day, factor=factor, quiet_s_max=quiet_s_max)
        serving.cancel()
    console.print("The school day is over. Ctrl-C ends everything; started again, a new day begins.")
