"""One lane as a state machine: what it is told and what its contacts say go in, what its relays should do comes out.

Rule: one grant at a time. A grant ends by a passage, or when its time is up; only then the next one opens. A passage
nobody was let through for is forced. Contacts count when they have stood still for a while.
"""

from collections import deque
from dataclasses import dataclass, field

from edge_agent.actuators.actuator import Direction, FireChanged, PassageOutcome, Passed

WAITING_MAX = 4
FIRE_STILL_MS = 300


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds: the relay's pulse, how long somebody may take, how long a contact must stand still, the red light.

    A turnstile's own window should be shorter than `passage_ms`; usual are 5 s.
    """

    pulse_ms: int = 200
    passage_ms: int = 6_000
    still_ms: int = 30
    red_ms: int = 800


@dataclass(frozen=True, slots=True)
class Relay:
    """A relay should be on or off; direction None is the red light."""

    direction: Direction | None
    is_on: bool


Effect = Relay | Passed | FireChanged


@dataclass(slots=True)
class Contact:
    """A contact that bounces: a change counts when it has lasted `still_ms`."""

    still_ms: int
    is_closed: bool = False
    _seen: bool = False
    _since_ms: int | None = None

    def change(self, now_ms: int, *, is_closed: bool) -> None:
        """Take what the contact says now."""
        if is_closed == self._seen:
            return
        self._seen = is_closed
        self._since_ms = None if is_closed == self.is_closed else now_ms

    def settled(self, now_ms: int) -> bool:
        """Take over a change that has lasted; tell whether there was one."""
        due_ms = self.due_ms
        if due_ms is None or now_ms < due_ms:
            return False
        self.is_closed, self._since_ms = self._seen, None
        return True

    @property
    def due_ms(self) -> int | None:
        return None if self._since_ms is None else self._since_ms + self.still_ms


@dataclass(frozen=True, slots=True)
class _Grant:
    direction: Direction
    number: int


@dataclass(slots=True)
class Lane:
    """The lane. Every call returns what follows from it; `wake_at_ms` says when to call `tick` at the latest."""

    timing: Timing = field(default_factory=Timing)
    has_sensor: bool = True
    is_burning: bool = False
    _grant: _Grant | None = None
    _grant_ends_ms: int = 0
    _waiting: deque[_Grant] = field(default_factory=deque)
    _off_ms: dict[Direction | None, int] = field(default_factory=dict)
    _contacts: dict[Direction, Contact] = field(default_factory=dict)
    _fire: Contact = field(default_factory=lambda: Contact(FIRE_STILL_MS))

    def __post_init__(self) -> None:
        self._contacts = {"in": Contact(self.timing.still_ms), "out": Contact(self.timing.still_ms)}

    def open(self, direction: Direction, number: int, now_ms: int) -> list[Effect]:
        """Let one person through, now or after those before; one too many is told as nobody's passage."""
        if len(self._waiting) >= WAITING_MAX:
            return [Passed(PassageOutcome.NO_PASSAGE, direction, number, now_ms)]
        self._waiting.append(_Grant(direction, number))
        return [*self.tick(now_ms), *self._next(now_ms)]

    def deny(self, now_ms: int) -> list[Effect]:
        """Show the red light."""
        return self._pulse(None, self.timing.red_ms, now_ms)

    def contact(self, direction: Direction, now_ms: int, *, is_closed: bool) -> list[Effect]:
        """Hear the passage contact of one direction."""
        effects = self.tick(now_ms)
        self._contacts[direction].change(now_ms, is_closed=is_closed)
        return effects

    def fire(self, now_ms: int, *, is_burning: bool) -> list[Effect]:
        """Hear the fire panel's contact."""
        effects = self.tick(now_ms)
        self._fire.change(now_ms, is_closed=is_burning)
        return effects

    def tick(self, now_ms: int) -> list[Effect]:
        """Do what is due by now."""
        effects: list[Effect] = []
        for relay, off_ms in list(self._off_ms.items()):
            if now_ms >= off_ms:
                del self._off_ms[relay]
                effects.append(Relay(relay, is_on=False))
        if self._fire.settled(now_ms):
            self.is_burning = self._fire.is_closed
            effects.append(FireChanged(self.is_burning, now_ms))
        for direction, contact in self._contacts.items():
            if contact.settled(now_ms) and contact.is_closed and self.has_sensor:
                effects += self._went(direction, now_ms)
        if self._grant is not None and now_ms >= self._grant_ends_ms:
            effects += self._end(PassageOutcome.NO_PASSAGE, self._grant.direction, now_ms)
        return effects

    @property
    def wake_at_ms(self) -> int | None:
        instants = [*self._off_ms.values(), *(contact.due_ms for contact in self._contacts.values()), self._fire.due_ms]
        if self._grant is not None:
            instants.append(self._grant_ends_ms)
        return min((instant for instant in instants if instant is not None), default=None)

    def _next(self, now_ms: int) -> list[Effect]:
        if self._grant is not None or not self._waiting:
            return []
        self._grant = self._waiting.popleft()
        window_ms = self.timing.passage_ms if self.has_sensor else 2 * self.timing.pulse_ms
        self._grant_ends_ms = now_ms + window_ms
        return self._pulse(self._grant.direction, self.timing.pulse_ms, now_ms)

    def _went(self, direction: Direction, now_ms: int) -> list[Effect]:
        """Somebody went through."""
        grant = self._grant
        if grant is None or (self.is_burning and grant.direction != direction):
            return [Passed(PassageOutcome.FORCED, direction, None, now_ms)]
        is_right = grant.direction == direction
        return self._end(PassageOutcome.PASSED if is_right else PassageOutcome.WRONG_DIRECTION, direction, now_ms)

    def _end(self, outcome: PassageOutcome, direction: Direction, now_ms: int) -> list[Effect]:
        assert self._grant is not None, "only a grant ends"  # noqa: S101
        number, self._grant = self._grant.number, None
        told: list[Effect] = [Passed(outcome, direction, number, now_ms)] if self.has_sensor else []
        return [*told, *self._next(now_ms)]

    def _pulse(self, relay: Direction | None, length_ms: int, now_ms: int) -> list[Effect]:
        self._off_ms[relay] = now_ms + length_ms
        return [Relay(relay, is_on=True)]
