"""The days of a simulated month: machines are switched on, people come, faults strike, and in the evening it is quiet.

Rule: one thing happens after the other, in an order that the seed gives; what every till has heard of the others and
of the cloud at each moment is known to paper, too.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from random import Random

from cloud.core.services import Services
from cloud.menu.kinds import TillMode
from cloud.rosters.kinds import RosterKind
from edge_agent.bundle import read_bundle
from edge_agent.journal.entry import Entry
from edge_agent.till.desk import Desk
from edge_agent.till.rules import available_tiyn
from edge_agent.till.stage import Stage
from simulators.clock import SimulatedClock
from simulators.month_cloud import Cloud
from simulators.month_lan import Lan, LanLine
from simulators.month_machine import Machine, PowerCut, TillParts
from simulators.month_money import Money
from simulators.month_paper import Paper, PriceList, price_list
from simulators.month_plan import Plan, Visit
from simulators.month_school import School
from simulators.month_till import Cashier, Counts
from simulators.month_wire import FAIR, Line, Wires

ZONE = timezone(timedelta(hours=5))
HOUR_S = 3_600
OPENS_S, CLOSES_S = int(8.25 * HOUR_S), int(17.25 * HOUR_S)
BOOT_S = 130.0  # longer than the hub keeps a grant that no sale followed
KEPT_MAX = 60_000  # records that the hub has ready for who comes back
Happens = Callable[[], Awaitable[None]]
Event = tuple[int, Happens]


@dataclass(slots=True)
class Days:
    """A school at work."""

    services: Services
    clock: SimulatedClock
    plan: Plan
    school: School
    cloud: Cloud
    lan: Lan
    wires: Wires
    money: Money
    folder: Path
    paper: Paper
    counts: Counts
    rng: Random
    parts: TillParts
    cashiers: list[Cashier] = field(default_factory=list)
    on: date = date.min
    is_offline: bool = False
    left_open: set[int] = field(default_factory=set)
    _published: PriceList | None = None
    _versions: dict[RosterKind, int] = field(default_factory=dict)

    # Tills

    async def add_till(self, device: str, key: str) -> Cashier:
        """Buy a machine, make it a till, and give it a cashier."""
        await self.school.add_till(device, key, TillMode.SET, self.lan.hub)
        folder = self.folder / device
        bundle = read_bundle(self.school.bundle_file(device, folder))
        machine = Machine(device, key, bundle, folder, self.clock, Random(f"{self.plan.seed} {device}"), self.parts)
        self.lan.machines[device] = machine
        self.wires.lines[device] = Line(machine)
        self.paper.enter(device)
        return Cashier(
            machine, self.plan, self.paper, self.school, self.lan, self.counts,
            Random(f"{self.plan.seed} cashier {device}"),
        )  # fmt: skip

    async def boot(self, machine: Machine) -> None:
        """Switch a machine on; it remembers its own journal, and is told by the hub what it missed."""
        past = await machine.boot(LanLine(self.lan, machine.device))
        machine.running.on_durable = lambda entries: self._durable(machine, entries)
        self.lan.joined(machine.device)
        self.lan.write(machine.device, past)
        line = self.wires.lines[machine.device]
        line.cut()
        if not self.is_offline:
            await line.connect()
        self.share()

    def share(self) -> None:
        """Let tills that hear each other hear the news; paper, too."""
        self.lan.share()
        self.paper.meet(self.lan.near())

    def _durable(self, machine: Machine, entries: Sequence[Entry]) -> None:
        self.lan.write(machine.device, entries)
        self.wires.lines[machine.device].appended(entries)

    # The cloud

    async def publish(self) -> None:
        """Let the cloud meet what it has, and issue what tills must know."""
        await self.cloud.project()
        versions = await self.cloud.publish()
        if versions != self._versions:
            self._versions = versions
            self._published = price_list(self.plan.children, self.school.prices, self.school.names)

    async def sync(self) -> None:
        """Let everybody who reaches the cloud bring what they have, and go by the newest list."""
        await self.wires.deliver()
        await self.publish()
        for device in list(self.wires.lines):
            await self.fetch(device)

    async def fetch(self, device: str) -> None:
        """Let a till go by the newest list, if it reaches the cloud."""
        machine, line = self.lan.machines.get(device), self.wires.lines[device]
        if machine is None or machine.program is None or not line.is_up or line.is_refused:
            return
        for kind, shelf in machine.running.shelves.items():
            if shelf.version != self._versions[kind]:
                await machine.running.take_roster(kind, await self.cloud.roster_file(kind, shelf.version))
        assert self._published is not None, "a list was issued before anybody fetched it"  # noqa: S101
        self.paper.fetched(device, self._published)

    async def go_offline(self) -> None:
        """Lose the internet."""
        self.is_offline = True
        for line in self.wires.lines.values():
            line.cut()

    async def come_back(self) -> None:
        """Have the internet again."""
        self.is_offline = False
        for line in self.wires.lines.values():
            if line.machine.program is not None and not line.is_up:
                await line.connect()
        await self.sync()

    # A day

    def at(self, seconds: float) -> None:
        """Let it be so many seconds after the day's midnight, if it is not later already."""
        wanted = datetime.combine(self.on, datetime.min.time(), ZONE) + timedelta(seconds=seconds)
        self.clock.advance(max(0.0, (wanted - self.clock.now()).total_seconds()))

    async def live(self, on: date, events: Sequence[Event]) -> None:
        """Live a day: `events` are what happens besides people who come, by seconds after midnight."""
        self.on = on
        self.at(OPENS_S - 1_800)
        await self._morning()
        visits: list[Event] = [(visit.at_s, _Serves(self, visit)) for visit in self.plan.visits(on)]
        every_s = self.plan.size.sync_s
        syncs: list[Event] = [(at_s, self.sync) for at_s in range(OPENS_S + every_s, CLOSES_S, every_s)]
        for at_s, happens in sorted([*events, *visits, *syncs], key=lambda event: event[0]):
            self.at(at_s)
            await happens()
        self.at(CLOSES_S)
        await self._evening()

    async def _morning(self) -> None:
        """Switch on, go by the newest list, and open the shifts."""
        await self.publish()
        for cashier in self.cashiers:
            await self.boot(cashier.machine)
        if not self.is_offline:
            await self.sync()
        for cashier in self.cashiers:
            cashier.on = self.on
            await cashier.open()
        self.share()

    async def _evening(self) -> None:
        """Close the shifts; what is mended by now is put right, and the machines are switched off."""
        self.lan.parted.clear()
        self.lan.is_hub_down = False
        self.share()
        for number, cashier in enumerate(self.cashiers):
            if number not in self.left_open:
                await cashier.close()
        self.left_open.clear()
        self.share()
        if not self.is_offline:
            await self.sync()
            self.look_closely()
        self.wires.weather = FAIR
        for cashier in self.cashiers:
            self.wires.lines[cashier.till].cut()
            cashier.machine.switch_off()
            cashier.machine.clock.wrong_by_ms = 0
        self.lan.forget_before(KEPT_MAX)
        await self.money.evening(self.on)

    def look_closely(self) -> None:
        """Compare what a till tells about each child's money with paper, now that all know everything."""
        cashier = self.rng.choice(self.cashiers)
        desk, accounts = cashier.machine.running.desk, self.paper.accounts
        for child in self.plan.children:
            shown = _money_shown(desk, child.ref) if child.is_here else None
            if shown is not None and shown != accounts[child.number]:
                told = f"child {child.number} has {shown}, on paper {accounts[child.number]}"
                self.counts.accuse(f"{self.on} {cashier.till}: {told}")
        self.counts.happened["looks at every child's money"] += 1

    # Trouble

    async def revive(self, machine: Machine) -> None:
        """Switch a machine on again after its power failed."""
        self.counts.happened["power cuts"] += 1
        self.share()  # the hub is gone, or the others go on
        self.clock.advance(BOOT_S)
        await self.boot(machine)


@dataclass(frozen=True, slots=True)
class _Serves:
    """One visit, as something that happens."""

    days: Days
    visit: Visit

    async def __call__(self) -> None:
        days, cashier = self.days, self.days.cashiers[self.visit.till]
        try:
            await cashier.serve(self.visit)
        except PowerCut:
            await days.revive(cashier.machine)
            await cashier.again()
        cashier.machine.doom = None  # it struck, or nothing was written
        days.share()
        await cashier.give_back()
        days.share()


def _money_shown(desk: Desk, ref: str) -> int | None:
    """Return what the till knows that a child has, without letting it stand there; nothing where it is unknown."""
    before = desk.stage
    desk.stage = Stage("buyer", before.turn, ref)
    look = desk.look()
    desk.stage = before
    return None if look.buyer is None else available_tiyn(look.buyer, look.known)
