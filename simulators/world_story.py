"""The story of a simulated world: how big it is, how bad its network is, and which faults befall it when.

Rule: every fault is drawn before the world begins; who is hit by it is a number, not a choice made in the heat.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from simulators.loop import running
from simulators.network import FAIR, FOUL, Weather
from simulators.world_cloud import Blow
from simulators.world_machine import Moment

if TYPE_CHECKING:
    from simulators.world import World
    from simulators.world_device import WorldDevice

AFTER_S = 20.0  # people still come so long after everything was mended
_YEAR_MS = 365 * 86_400_000
_DRIZZLE = Weather(loss=0.02, duplicate=0.02, reorder=0.02, delay_ms_max=80)
_STORM = Weather(loss=0.3, duplicate=0.3, reorder=0.3, delay_ms_max=2_000)
_TAPS = (8, 12, 20, 30, 120)  # of all devices together, while the story lasts
_WEATHERS = (FAIR, FAIR, _DRIZZLE, FOUL, _STORM)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens, when, to whom, for how long; `chance` is for whatever else it draws.

    `act` does what none of `FAULTS` does; a test tells a story of its own with it.
    """

    name: str
    at_s: float
    victim: int
    lasts_s: float
    chance: Random
    act: "Happening | None" = None


@dataclass(slots=True)
class Story:
    """One world's circumstances."""

    devices: int
    workers: int
    weather: Weather
    crowd_s: float
    lasts_s: float
    down_s_max: float
    faults: list[Fault]
    told: list[str] = field(default_factory=list)

    @staticmethod
    def drawn(rng: Random) -> "Story":
        """Draw a story."""
        lasts_s, devices = rng.uniform(20, 90), rng.choice((1, 1, 2, 2, 3, 4))
        count = min(8, int(rng.expovariate(1 / 3)))
        names = sorted(FAULTS)
        return Story(
            devices=devices,
            workers=rng.choice((1, 1, 1, 2)),
            weather=rng.choice(_WEATHERS),
            crowd_s=lasts_s * devices / rng.choice(_TAPS),
            lasts_s=lasts_s,
            down_s_max=rng.choice((0.5, 5.0, 30.0)),
            faults=sorted(
                (
                    Fault(
                        rng.choice(names), rng.uniform(0, lasts_s), rng.randrange(100), rng.uniform(0.5, 30),
                        Random(rng.random()),
                    )
                    for _ in range(count)
                ),
                key=lambda fault: fault.at_s,
            ),
        )  # fmt: skip

    def begin(self, world: "World") -> None:
        """Set everything in motion: each fault at its time, and the mending of it all at the end."""
        for fault in self.faults:
            running().call_later(fault.at_s, self._befall, world, fault)
        running().call_later(self.lasts_s, self.mend, world)

    def _befall(self, world: "World", fault: Fault) -> None:
        device = world.devices[fault.victim % len(world.devices)]
        text = f"{fault.name} at {fault.at_s:.1f} s"
        self.told.append(text)
        world.trace(f"--- {fault.name}: {device.place} for {fault.lasts_s:.1f} s")
        (fault.act or FAULTS[fault.name])(world, device, fault)

    def mend(self, world: "World") -> None:
        """Put everything right again."""
        world.trace("--- everything is mended")
        world.wire.network.weather = FAIR
        world.wire.start()
        for worker in world.workers:
            worker.blows.clear()
        for device in world.devices:
            world.wire.join(device.place)
            device.mend()


# The faults of agents


def _kill(_world: "World", device: "WorldDevice", fault: Fault) -> None:
    device.kill(fault.chance.choice((None, *Moment)))


def _kill_twice(_world: "World", device: "WorldDevice", fault: Fault) -> None:
    """Kill it, and again over its own start."""
    device.kill()
    device.kill(fault.chance.choice(tuple(Moment)))


def _lying_disk(_world: "World", device: "WorldDevice", fault: Fault) -> None:
    device.lie()
    running().call_later(fault.lasts_s, device.cut_power)


def _old_image(_world: "World", device: "WorldDevice", fault: Fault) -> None:
    device.back_up()
    running().call_later(fault.lasts_s, device.restore)


def _deleted_journal(_world: "World", device: "WorldDevice", _fault: Fault) -> None:
    device.delete()


def _flipped_bits(_world: "World", device: "WorldDevice", fault: Fault) -> None:
    device.flip(fault.chance.choice((1, 1, 3)))


def _slow_disk(_world: "World", device: "WorldDevice", fault: Fault) -> None:
    device.slow_down(fault.chance.choice((90, 500, 2_000, 5_000)))
    running().call_later(fault.lasts_s, device.slow_down, 0)


def _full_disk(_world: "World", device: "WorldDevice", fault: Fault) -> None:
    device.fill_disk()
    running().call_later(fault.lasts_s, device.mend_disk)


def _read_only_disk(_world: "World", device: "WorldDevice", fault: Fault) -> None:
    device.forbid_writes()
    running().call_later(fault.lasts_s, device.mend_disk)


def _wrong_clock(_world: "World", device: "WorldDevice", fault: Fault) -> None:
    device.set_clock(fault.chance.choice((-100 * _YEAR_MS, _YEAR_MS, -14 * 86_400_000, 3_600_000)))


def _clone(world: "World", device: "WorldDevice", _fault: Fault) -> None:
    world.clone(device)


def _poison(_world: "World", device: "WorldDevice", fault: Fault) -> None:
    """Write what a newer program would: a kind, or a version, that nobody knows."""
    what = fault.chance.choice((b'{"k":"comet","m":1}', b'{"k":"decision","v":2,"m":1}', b"not even JSON"))
    device.write(what)


# The faults of the wire


def _broker_restart(world: "World", _device: "WorldDevice", fault: Fault) -> None:
    world.wire.stop()
    running().call_later(min(fault.lasts_s, 10.0), world.wire.start)


def _cut_cable(world: "World", device: "WorldDevice", fault: Fault) -> None:
    world.wire.part(device.place, silently=fault.chance.random() < 0.5)
    running().call_later(fault.lasts_s, world.wire.join, device.place)


def _flapping(world: "World", device: "WorldDevice", fault: Fault) -> None:
    """One second there, five seconds gone."""
    for turn in range(int(fault.lasts_s // 6) + 1):
        running().call_later(6 * turn, world.part_for, device, 5.0)


# The faults of the cloud


def _blow(world: "World", _device: "WorldDevice", fault: Fault) -> None:
    worker = world.workers[fault.victim % len(world.workers)]
    worker.blows += [fault.chance.choice(tuple(Blow)) for _ in range(fault.chance.randrange(1, 4))]


def _killed_worker(world: "World", _device: "WorldDevice", fault: Fault) -> None:
    world.workers[fault.victim % len(world.workers)].kill()


def _restored_database(world: "World", _device: "WorldDevice", fault: Fault) -> None:
    world.database.back_up()
    running().call_later(fault.lasts_s, world.restore_database)


Happening = Callable[["World", "WorldDevice", Fault], None]
FAULTS: dict[str, Happening] = {
    "kill": _kill,
    "kill twice": _kill_twice,
    "lying disk": _lying_disk,
    "old image": _old_image,
    "deleted journal": _deleted_journal,
    "flipped bits": _flipped_bits,
    "slow disk": _slow_disk,
    "full disk": _full_disk,
    "read-only disk": _read_only_disk,
    "wrong clock": _wrong_clock,
    "clone": _clone,
    "poison": _poison,
    "broker restart": _broker_restart,
    "cut cable": _cut_cable,
    "flapping": _flapping,
    "blow to the cloud": _blow,
    "killed worker": _killed_worker,
    "restored database": _restored_database,
}
