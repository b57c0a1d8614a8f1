"""What each fault of a simulated month does, and how it is mended."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import msgspec

from cloud.devices.actions import revoke
from schemas.structs import Sale
from simulators.month_cloud import SYSTEM
from simulators.month_days import Days, Event
from simulators.month_faults import Fault, Strike
from simulators.month_lan import LanLine
from simulators.month_machine import Machine, Moment
from simulators.month_plan import BAR, FREE, GRADES_THAT_EAT_FREE, LUNCH, Child, Visit, menu_of
from simulators.month_till import Cashier
from simulators.month_wire import POOR

HOUR_MS = 3_600_000


@dataclass(slots=True)
class Trouble:
    """Strikes, as they happen to a school's days."""

    days: Days
    strikes: Sequence[Strike]

    def events_of(self, on: date) -> list[Event]:
        """Return what goes wrong while people come, and what is mended, by seconds after midnight."""
        events: list[Event] = []
        for strike in self._of(on):
            if strike.fault in _DURING:
                events.append((strike.at_s, partial(self._strike, strike)))
            if strike.fault in _MENDED:
                events.append((strike.at_s + strike.lasts_s, partial(self._mend, strike)))
        if self.days.is_offline:
            events.append((13 * 3_600, self.days.come_back))  # since the day before
        return events

    async def before(self, on: date) -> None:
        """Let strike what befalls machines that are off."""
        for strike in self._of(on):
            if strike.fault in _AT_START:
                await self._strike(strike)

    async def after(self, on: date) -> None:
        """Let strike what happens when the canteen is closed."""
        for strike in self._of(on):
            if strike.fault in _AT_NIGHT:
                await self._strike(strike)

    def _of(self, on: date) -> list[Strike]:
        return [strike for strike in self.strikes if strike.on == on]

    async def _strike(self, strike: Strike) -> None:
        self.days.counts.happened[f"fault: {strike.fault.value}"] += 1
        await _DEEDS[strike.fault](self, strike)

    async def _mend(self, strike: Strike) -> None:
        days = self.days
        match strike.fault:
            case Fault.INTERNET_DOWN | Fault.PRICE_CHANGED_OFFLINE:
                await days.come_back()
            case Fault.HUB_DOWN:
                days.lan.is_hub_down = False
            case Fault.TILL_PARTED:
                days.lan.parted.discard(self._cashier(strike).till)
            case Fault.DISK_REFUSES:
                self._mend_disk(self._cashier(strike).machine)
            case _:
                pass
        days.share()

    @staticmethod
    def _mend_disk(machine: Machine) -> None:
        if machine.file is not None:  # else its power failed meanwhile, and it has another disk
            machine.file.take_writes()

    def _cashier(self, strike: Strike) -> Cashier:
        return self.days.cashiers[strike.till % len(self.days.cashiers)]

    # The network

    async def internet_down(self, _strike: Strike) -> None:
        await self.days.go_offline()

    async def hub_down(self, _strike: Strike) -> None:
        self.days.share()
        self.days.lan.is_hub_down = True

    async def till_parted(self, strike: Strike) -> None:
        self.days.share()
        self.days.lan.parted.add(self._cashier(strike).till)

    async def line_poor(self, _strike: Strike) -> None:
        self.days.wires.weather = POOR

    # Clocks and power

    async def clock_jumps(self, strike: Strike) -> None:
        clock = self._cashier(strike).machine.clock
        clock.wrong_by_ms += self.days.rng.choice((-HOUR_MS, HOUR_MS))

    async def clock_an_hour_off(self, strike: Strike) -> None:
        await self.days.go_offline()
        self._cashier(strike).machine.clock.wrong_by_ms = self.days.rng.choice((-HOUR_MS, HOUR_MS))

    async def clock_at_floor(self, strike: Strike) -> None:
        await self.days.go_offline()
        self._cashier(strike).machine.clock.wrong_by_ms = -self.days.clock.wall_ms()

    async def power_cut(self, strike: Strike) -> None:
        cashier, rng = self._cashier(strike), self.days.rng

        async def arm() -> None:
            cashier.machine.doom = rng.choice(list(Moment))
            cashier.machine.doom_after = rng.randrange(2) if cashier.till == self.days.lan.hub else 0

        cashier.between.append(arm)

    async def power_cut_idle(self, strike: Strike) -> None:
        machine = self._cashier(strike).machine
        self._mend_disk(machine)
        machine.cut_power()
        await self.days.revive(machine)

    async def disk_refuses(self, strike: Strike) -> None:
        file = self._cashier(strike).machine.file
        if file is not None:
            file.refuse_writes(is_full=self.days.rng.random() < 0.5)

    # What is sold

    async def renamed(self, _strike: Strike) -> None:
        days = self.days
        food = days.rng.choice(menu_of(days.on, LUNCH).foods)
        await days.school.rename(food, f"{days.school.names[food][:40]} №{days.rng.randrange(100)}", days.on)
        await days.sync()

    async def price_changed(self, _strike: Strike) -> None:
        await self._another_price()
        await self.days.sync()

    async def price_changed_offline(self, _strike: Strike) -> None:
        await self.days.go_offline()
        await self._another_price()
        await self.days.publish()

    async def price_changed_at_the_touch(self, strike: Strike) -> None:
        async def change() -> None:
            await self.price_changed(strike)

        self._cashier(strike).between.append(change)

    async def _another_price(self) -> None:
        days = self.days
        food = days.rng.choice((*menu_of(days.on, LUNCH).foods[:1], *BAR))
        await days.school.set_price(food, days.rng.randrange(1, 900_00), days.on)

    # Children

    async def moved(self, _strike: Strike) -> None:
        child = self.days.rng.choice(self._here())
        grades = sorted({grade for grade, _ in self.days.school.classes})
        eats_free = child.grade in GRADES_THAT_EAT_FREE
        others = [grade for grade in grades if (grade in GRADES_THAT_EAT_FREE) != eats_free] or grades
        await self.days.school.move(child, self.days.rng.choice(others))
        await self.days.sync()

    async def card_lost(self, _strike: Strike) -> None:
        days = self.days
        lost = [child for child in self._here() if not child.has_card]
        for child in lost:
            await days.school.give_card(child, b"\x04" + days.rng.randbytes(6))
        child = days.rng.choice([child for child in self._here() if child.has_card])
        await days.school.lose_card(child)
        await days.sync()

    async def card_of_a_friend(self, strike: Strike) -> None:
        """Let a child show another's card; the cashier looks at the photo, and sends it away."""
        desk = self._cashier(strike).desk
        program = self._cashier(strike).machine.running
        await desk.tap(program.tap(self.days.rng.choice(self._here()).uid))
        desk.clear()

    async def two_tills(self, _strike: Strike) -> None:
        """Let somebody stand at two tills at once; whoever touches first sells the meal that the right gives."""
        days = self.days
        first, second = days.rng.sample(days.cashiers, 2)
        days.share()
        if first.between or second.between or not {first.till, second.till} <= set(days.lan.near()):
            return
        entitled = [child for child in self._here() if self._may_eat_free(child, first, second)]
        if not entitled:
            return
        child = days.rng.choice(entitled)
        days.lan.is_calm = True  # no question is lost just now
        await first.serve(Visit(0, 0, LUNCH, child.number))
        sold = days.paper.is_used(first.till, child.number, LUNCH, days.on)
        refused = await second.sell_unheard(child)  # without a moment in which it could have heard of the first
        days.lan.is_calm = False
        if sold and refused != "had_it":
            days.counts.accuse(f"{days.on}: child {child.number} at two tills, and the second says {refused or 'sold'}")
        days.share()

    def _may_eat_free(self, child: Child, *cashiers: Cashier) -> bool:
        on, paper = self.days.on, self.days.paper
        foods = [(menu_of(on, LUNCH).set, 1)]
        return all(paper.dues(cashier.till, child.number, LUNCH, on, foods)[0].kind == FREE for cashier in cashiers)

    def _here(self) -> list[Child]:
        return [child for child in self.days.plan.children if child.is_here]

    # At night

    async def left_open(self, strike: Strike) -> None:
        self.days.left_open.add(strike.till % len(self.days.cashiers))

    async def leaver(self, _strike: Strike) -> None:
        if not self.days.is_offline:
            await self.days.money.leave(self.days.rng.choice(self._here()))

    async def transfer(self, _strike: Strike) -> None:
        await self.days.money.transfer()

    async def another_sum(self, _strike: Strike) -> None:
        if (result := await self.days.money.another_sum()) != 5:
            self.days.counts.accuse(f"{self.days.on}: a payment told with another sum is answered {result}")

    async def stolen(self, strike: Strike) -> None:
        """Let a till be stolen; it is revoked, and another one is bought."""
        days = self.days
        if days.is_offline:
            return  # what it did not bring yet would be gone
        stolen = days.cashiers[strike.till]
        line = days.wires.lines[stolen.till]
        days.lan.machines.pop(stolen.till)
        await revoke(days.services, SYSTEM, stolen.till)
        await days.cloud.senders.check()
        await self._use(stolen.machine)
        if not line.is_refused:
            days.counts.accuse(f"{days.on}: the cloud listens to {stolen.till}, which was stolen")
        days.wires.lines.pop(stolen.till)
        bought = days.cashiers[strike.till] = await days.add_till(f"{stolen.till}b", stolen.machine.key)
        await days.boot(bought.machine)  # so that it goes by a list already, should the internet be down tomorrow
        await days.sync()
        days.wires.lines[bought.till].cut()
        bought.machine.switch_off()

    async def _use(self, machine: Machine) -> None:
        """Let a thief who has the machine and its secrets write sales of the last shift, and send them."""
        days, line = self.days, self.days.wires.lines[machine.device]
        await machine.boot(LanLine(days.lan, machine.device))
        last = next(sale for sale in days.paper.newest(10_000) if sale.till == machine.device)
        now = machine.running.timekeeper.now()
        forged = Sale(
            monotonic_ms=now.monotonic_ms, wall_ms=now.wall_ms, clock=now.quality, id="f" * 16, shift=last.shift,
            meal=last.meal, amount_tiyn=1_000_00, payment="account", person=self._here()[0].ref,
        )  # fmt: skip
        await machine.running.journal.append(msgspec.json.encode(forged))
        await line.connect()
        await days.wires.deliver()


_DEEDS: dict[Fault, Callable[[Trouble, Strike], Awaitable[None]]] = {
    Fault.INTERNET_DOWN: Trouble.internet_down,
    Fault.INTERNET_DOWN_OVERNIGHT: Trouble.internet_down,
    Fault.HUB_DOWN: Trouble.hub_down,
    Fault.TILL_PARTED: Trouble.till_parted,
    Fault.CLOCK_JUMPS: Trouble.clock_jumps,
    Fault.CLOCK_AN_HOUR_OFF: Trouble.clock_an_hour_off,
    Fault.CLOCK_AT_FLOOR: Trouble.clock_at_floor,
    Fault.POWER_CUT: Trouble.power_cut,
    Fault.POWER_CUT_IDLE: Trouble.power_cut_idle,
    Fault.DISK_REFUSES: Trouble.disk_refuses,
    Fault.LINE_POOR: Trouble.line_poor,
    Fault.RENAMED: Trouble.renamed,
    Fault.PRICE_CHANGED: Trouble.price_changed,
    Fault.PRICE_CHANGED_OFFLINE: Trouble.price_changed_offline,
    Fault.PRICE_CHANGED_AT_THE_TOUCH: Trouble.price_changed_at_the_touch,
    Fault.MOVED: Trouble.moved,
    Fault.CARD_LOST: Trouble.card_lost,
    Fault.CARD_OF_A_FRIEND: Trouble.card_of_a_friend,
    Fault.LEFT_OPEN: Trouble.left_open,
    Fault.TWO_TILLS: Trouble.two_tills,
    Fault.LEAVER: Trouble.leaver,
    Fault.TRANSFER: Trouble.transfer,
    Fault.ANOTHER_SUM: Trouble.another_sum,
    Fault.STOLEN: Trouble.stolen,
}
_AT_START = frozenset({Fault.CLOCK_AN_HOUR_OFF, Fault.CLOCK_AT_FLOOR, Fault.LINE_POOR, Fault.LEFT_OPEN})
_AT_NIGHT = frozenset({Fault.STOLEN, Fault.TRANSFER, Fault.LEAVER, Fault.ANOTHER_SUM})
_DURING = frozenset(_DEEDS) - _AT_START - _AT_NIGHT
_MENDED = frozenset(
    {Fault.INTERNET_DOWN, Fault.HUB_DOWN, Fault.TILL_PARTED, Fault.PRICE_CHANGED_OFFLINE, Fault.DISK_REFUSES}
)
