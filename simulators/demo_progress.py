"""How a demonstration goes: what is counted at the gates and in the cloud, told in one line and to other commands."""

import asyncio
import contextlib
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from rich.console import Console
from rich.table import Table

from simulators.demo_agents import AgentFigures, DemoAgent
from simulators.demo_cloud import CloudFigures, CloudWatch
from simulators.demo_control import COMMANDS
from simulators.demo_seed import SignIn
from simulators.demo_street import Wires

TELL_S = 0.5
QUIET_TELL_S = 10.0


@dataclass(frozen=True, slots=True)
class Words:
    """How this demonstration's commands are typed, from where it was started."""

    program: str
    folder: str = ""

    def command(self, name: str) -> str:
        """Return a command line that can be copied."""
        return f"{self.program} demo {name}{self.folder}"


def words_of(folder: Path, usual: Path) -> Words:
    """Return the words for a demonstration in a folder; the usual folder need not be named."""
    started = Path(sys.argv[0])
    with contextlib.suppress(ValueError):
        started = started.absolute().relative_to(Path.cwd())
    program = str(started) if started.name == "esik" else "esik"
    return Words(program, "" if folder == usual else f" --data {shlex.quote(str(folder))}")


@dataclass(slots=True)
class Progress:
    """The figures of now, and what another command may ask."""

    wires: Wires
    agents: Sequence[DemoAgent]
    watch: CloudWatch
    client: httpx2.AsyncClient
    words: Words
    at_gates: dict[str, AgentFigures] = field(default_factory=dict)
    before: Counter[str] = field(default_factory=Counter)  # what agents that ended had opened and refused
    in_cloud: CloudFigures = field(default_factory=CloudFigures)

    async def look(self) -> None:
        """Take the figures anew; those of who does not answer stay."""
        for agent in self.agents:
            if (figures := await agent.figures(self.client)) is not None:
                self._take(agent.device, figures)
        self.in_cloud = await self.watch.figures()

    def _take(self, device: str, figures: AgentFigures) -> None:
        """Keep an agent's figures; those of one that started again begin anew, so add to what it had."""
        last = self.at_gates.get(device, figures)
        if figures.taps < last.taps:
            self.before.update(opened=last.opened, refused=last.refused)
        self.at_gates[device] = figures

    @property
    def unsent(self) -> int:
        """How many records wait at the gates."""
        return sum(each.unsent for each in self.at_gates.values())

    def obey(self, line: str) -> str:
        """Do what another command asks; return the answer, one line."""
        match line.split():
            case ["unplug"]:
                self.wires.unplug()
                plug = self.words.command("plug")
                return f"The cable is out. The gates go on; watch the records wait. Put it back: {plug}"
            case ["plug"]:
                self.wires.plug()
                return "The cable is in. Within half a minute the gates find the cloud; every record arrives, once."
            case ["status"]:
                return self.told()
            case _:
                return f"not understood: {line.strip()[:40]!r}; commands: {COMMANDS}"

    def told(self) -> str:
        """Return how it goes in one line."""
        opened = self.before["opened"] + sum(each.opened for each in self.at_gates.values())
        refused = self.before["refused"] + sum(each.refused for each in self.at_gates.values())
        cable = "in" if self.wires.is_plugged else "OUT"
        return (
            f"taps {opened + refused} · opened {opened} · refused {refused} · inside {self.in_cloud.inside} · "
            f"meals {self.in_cloud.meals} · "
            f"sent {self.in_cloud.records} · unsent {self.unsent} · cable {cable}"
        )


async def tell(progress: Progress, console: Console) -> None:
    """Keep the figures, and show them: in place on a terminal, now and then in a file."""
    told_s = -QUIET_TELL_S
    with contextlib.ExitStack() as stack:
        line = stack.enter_context(console.status("", spinner="dots")) if console.is_terminal else None
        while True:
            await progress.look()
            now_s = asyncio.get_running_loop().time()
            if line is not None:
                line.update(progress.told())
            elif now_s - told_s >= QUIET_TELL_S:
                told_s = now_s
                console.print(progress.told(), soft_wrap=True)
            await asyncio.sleep(TELL_S)


def introduce(
    console: Console, progress: Progress, cloud_url: str, till_url: str, sign_ins: Sequence[SignIn], pin: str,
    bell_min: int,
) -> None:  # fmt: skip
    """Say where to look and as whom, and how to pull the network."""
    table = Table(
        "sign in as", "password", "and see", box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim"
    )
    for each in sign_ins:
        table.add_row(each.login, each.password, each.sees)
    lines = (
        "",
        f"[bold]The school wakes up.[/bold] First bell at {bell_min // 60:02}:{bell_min % 60:02}; people come already.",
        "",
        f"Open [bold]{cloud_url}[/bold] in a private window for each of these:",
        "",
        table,
        "",
        f"The canteen's till, as its cashier sees it: [bold]{till_url}[/bold]",
        f"The guard's desks at the gates, PIN [bold]{pin}[/bold]: "
        + ", ".join(f"[bold]{agent.guard_url}[/bold]" for agent in progress.agents if agent.guard_url),
        f"The own pages of gates and till: {', '.join(agent.url for agent in progress.agents)}",
        "In another terminal, from this folder:",
        f"  [bold]{progress.words.command('unplug')}[/bold]  pulls the network between school and cloud",
        f"  [bold]{progress.words.command('plug')}[/bold]    puts it back",
        "[dim]Ctrl-C ends everything.[/dim]",
        "",
    )
    for line in lines:
        console.print(line, soft_wrap=True)
