"""The school's own network in a simulated month: what tills hear of each other, and their way to the hub.

Rule: the hub's broker is all there is between two tills; without the hub, or off it, nobody hears anybody. Who comes
back is told what it missed, each epoch in its order, and some of it twice.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from edge_agent.journal.entry import Entry
from schemas.structs import Frame
from simulators.month_machine import Machine

LOST, ANSWER_LOST, TWICE = 0.01, 0.01, 0.05  # chances of a question, of its answer, and of a record
Heard = tuple[str, Entry]


@dataclass(slots=True)
class Lan:
    """The network; `hub` is the machine whose broker it is."""

    hub: str
    rng: Random
    machines: dict[str, Machine] = field(default_factory=dict)
    parted: set[str] = field(default_factory=set)
    is_hub_down: bool = False
    is_calm: bool = False  # nothing is lost on the way
    _told: list[Heard] = field(default_factory=list)
    _known: set[tuple[str, str, int]] = field(default_factory=set)
    _untold: dict[str, list[Entry]] = field(default_factory=dict)
    _heard_upto: dict[str, int] = field(default_factory=dict)

    def is_near(self, device: str) -> bool:
        """Tell whether a machine is on the hub's broker, and so is the hub."""
        return not self.is_hub_down and device not in self.parted and self._is_on(self.hub) and self._is_on(device)

    def near(self) -> Collection[str]:
        """Return the machines that hear each other."""
        return [device for device in self.machines if self.is_near(device)]

    def joined(self, device: str) -> None:
        """Forget what a machine has heard: it was switched on, and remembers nothing of the others."""
        self._heard_upto[device] = 0

    def write(self, device: str, entries: Sequence[Entry]) -> None:
        """Take records that are durable at a machine."""
        self._untold.setdefault(device, []).extend(entries)

    def share(self) -> None:
        """Let all that are near hear what they have not heard."""
        near = self.near()
        for device in near:
            for entry in self._untold.pop(device, []):
                place = (device, entry.epoch, entry.seq)
                if place not in self._known:
                    self._known.add(place)
                    self._told.append((device, entry))
        for device in near:
            program = self.machines[device].running
            for sender, entry in self._missed(device):
                if sender != device and entry.record is not None:
                    program.hear(sender, entry.epoch, entry.seq, entry.record)
            self._heard_upto[device] = len(self._told)

    def forget_before(self, kept: int) -> None:
        """Keep only so many of the newest records, as a hub's store keeps some days of them."""
        surplus = max(0, len(self._told) - kept)
        del self._told[:surplus]
        self._heard_upto = {device: max(0, upto - surplus) for device, upto in self._heard_upto.items()}

    def carry(self, sender: str, frame: Frame, to: str) -> bool:
        """Carry a frame of the hub's broker; tell its sender whether it may hope for an answer."""
        if not self.is_near(sender):
            return False
        if to:
            if self.is_near(to):
                self.machines[to].running.claims.heard(self.hub, frame, is_to_us=True)
            return True
        if not self.is_calm and self.rng.random() < LOST:
            return False
        self.machines[self.hub].running.claims.heard(sender, frame, is_to_us=False)
        return self.is_calm or self.rng.random() >= ANSWER_LOST

    def _is_on(self, device: str) -> bool:
        machine = self.machines.get(device)
        return machine is not None and machine.program is not None

    def _missed(self, device: str) -> Iterator[Heard]:
        for heard in self._told[self._heard_upto.get(device, 0) :]:
            yield heard
            if self.rng.random() < TWICE:
                yield heard


@dataclass(frozen=True, slots=True)
class LanLine:
    """One machine's way to the hub, as its claims see it."""

    lan: Lan
    device: str

    @property
    def is_hub(self) -> bool:
        return self.lan.hub == self.device

    @property
    def is_hub_near(self) -> bool:
        return self.lan.is_near(self.device)

    def send(self, frame: Frame, to: str = "") -> bool:
        """Send a frame; tell whether there was a way."""
        return self.lan.carry(self.device, frame, to)
