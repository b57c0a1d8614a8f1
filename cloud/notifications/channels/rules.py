"""Which channels a notice goes by, when, and what becomes of a delivery. Pure.

Rule: a notice goes by each channel to each address once; what is late goes by none; what comes in quiet hours waits for
their end unless its kind was chosen as urgent.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from random import Random
from zoneinfo import ZoneInfo

DAY_MIN = 1_440
AFTER_S_MIN, AFTER_S, AFTER_S_MAX = 60, 60, 3_600  # how long a channel is waited for before the next one
STEPS_MAX = 2
TRIES_MAX = 8
PAUSES_S = (5, 15, 60, 180, 600, 1_800, 3_600)
# The kinds that are urgent until a guardian chooses: where a child is, or is not.
URGENT = frozenset({"absent", "left_early", "without_card", "card_doubled"})
NOT_BY_ITSELF = frozenset({"sms"})  # each costs the school: only where it was chosen


class State(StrEnum):
    """What became of a delivery."""

    QUEUED = "queued"
    HELD = "held"  # until quiet hours end
    FAILED = "failed"  # to be tried again
    SENT = "sent"
    CONFIRMED = "confirmed"
    DEAD = "dead"  # given up: the office may let it be tried again
    SKIPPED = "skipped"  # nothing was to be sent


class Why(StrEnum):
    """Why a delivery is as it is, where no channel's own word says so."""

    LATE = "late"  # told so long after it happened that nobody is disturbed
    NO_RIGHT = "no_right"  # who was to be told may not be any more
    NO_ADDRESS = "no_address"  # removed, or its session ended
    REACHED = "reached"  # by a channel before this one
    CAP = "sms_cap"  # the school's month has no parts of SMS left
    TOO_LATE = "too_late"  # it waited for longer than its channel's messages last
    TRIES = "tries"
    UNKNOWN = "unknown"  # the worker died, perhaps after it was sent
    UNANSWERED = "unanswered"
    UNDELIVERED = "sms_undelivered"  # the gateway said so after it had taken it


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nobody is disturbed, in minutes of the school's day; they may go over midnight."""

    from_min: int
    until_min: int

    def end(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Return when the quiet hours that it is now are over; None outside of them."""
        local = now.astimezone(zone)
        minute = local.hour * 60 + local.minute
        length = (self.until_min - self.from_min) % DAY_MIN
        if (minute - self.from_min) % DAY_MIN >= length:
            return None
        on = local.date() + timedelta(days=1 if self.until_min <= minute else 0)
        wall = datetime.combine(on, time(self.until_min // 60 % 24, self.until_min % 60))
        return max(now, wall.replace(tzinfo=zone).astimezone(now.tzinfo))


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for one kind; no channels: nothing but the page."""

    channels: frozenset[str]
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """How a guardian wants to be told of a child; as it stands here where nothing was chosen."""

    quiet: Quiet | None = None
    steps: tuple[str, ...] = ()  # channels that are tried in turn where nothing before was confirmed
    after_s: int = AFTER_S
    choices: Mapping[str, Choice] = field(default_factory=dict)

    def chosen(self, kind: str, connected: Collection[str]) -> frozenset[str]:
        """Return the channels that a kind goes by at once."""
        choice = self.choices.get(kind)
        wanted = frozenset(connected) - NOT_BY_ITSELF if choice is None else choice.channels
        return wanted.intersection(connected)

    def is_wanted(self, kind: str) -> bool:
        """Tell whether a kind goes anywhere but to the page."""
        choice = self.choices.get(kind)
        return choice is None or bool(choice.channels)

    def is_urgent(self, kind: str) -> bool:
        """Tell whether a kind comes also in quiet hours."""
        choice = self.choices.get(kind)
        return kind in URGENT if choice is None else choice.is_urgent


@dataclass(frozen=True, slots=True)
class Wanted:
    """A notice that is to be delivered, and to whom."""

    notice_id: int
    school_id: int
    kind: str  # whose choices it goes by
    may_push: bool
    scope: Scope
    addresses: Mapping[str, Sequence[int]]  # by channel
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Planned:
    """A delivery as it begins."""

    notice_id: int
    school_id: int
    channel: str
    address_id: int
    state: State
    why: str
    step: int  # 0: at once; 1, 2: when nothing before it was confirmed
    next_at: datetime | None
    held_until: datetime | None
    expires_at: datetime
    wait_s: int
    is_urgent: bool


def planned(wanted: Wanted, lasts: Mapping[str, timedelta], now: datetime) -> list[Planned]:
    """Return the deliveries of a notice; `lasts` holds the channels there are. None where it goes to the page alone."""
    connected = {channel: ids for channel, ids in wanted.addresses.items() if ids and channel in lasts}
    at_once = wanted.scope.chosen(wanted.kind, connected)
    steps = [each for each in wanted.scope.steps[:STEPS_MAX] if each in connected and each not in at_once]
    if not wanted.scope.is_wanted(wanted.kind):
        steps = []
    if not wanted.may_push:
        return [
            _planned(wanted, channel, address_id, (State.SKIPPED, Why.LATE), 0, None, None, now)
            for channel in sorted(at_once) for address_id in connected[channel]
        ]  # fmt: skip
    quiet = None if wanted.scope.is_urgent(wanted.kind) else wanted.scope.quiet
    held_until = quiet.end(now, wanted.zone) if quiet else None
    begins_at, state = held_until or now, (State.HELD if held_until else State.QUEUED, "")
    made: list[Planned] = []
    for step, channel in _in_turn(at_once, steps):
        turn_at = begins_at + timedelta(seconds=(step if at_once else step - 1) * wanted.scope.after_s)
        made += [
            _planned(wanted, channel, address_id, state, step, turn_at, held_until, turn_at + lasts[channel])
            for address_id in connected[channel]
        ]
    return made


def pause_s(tries: int, after_s: float | None, rng: Random) -> float:
    """Return how long to wait after a try that failed; a carrier's own word is kept to, and a little more."""
    if after_s is not None:
        return max(1.0, after_s) * rng.uniform(1.0, 1.1)
    return PAUSES_S[min(tries, len(PAUSES_S)) - 1] * rng.uniform(0.5, 1.5)


def _in_turn(at_once: Collection[str], steps: Sequence[str]) -> Iterator[tuple[int, str]]:
    yield from ((0, channel) for channel in sorted(at_once))
    yield from enumerate(steps, start=1)


def _planned(
    wanted: Wanted, channel: str, address_id: int, became: tuple[State, str], step: int,
    next_at: datetime | None, held_until: datetime | None, expires_at: datetime,
) -> Planned:  # fmt: skip
    return Planned(
        wanted.notice_id, wanted.school_id, channel, address_id, became[0], str(became[1]), step, next_at, held_until,
        expires_at, wanted.scope.after_s, wanted.scope.is_urgent(wanted.kind),
    )  # fmt: skip
