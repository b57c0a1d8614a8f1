"""How a message was delivered: by channel how many arrived, went, wait or were given up, and the same by guardian.

Rule: whoever wrote sees channels and states, never an address, nor why somebody was not told: that may be a court's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from cloud.core.formats import Formats
from cloud.core.i18n import translate
from cloud.notifications.channels.rules import State
from cloud.notifications.channels.words import STATES, TONES, channel_name

DELIVERIES_MAX = 50_000
_OF_MESSAGE = """
SELECT told.account_id, channel, state, delivery.held_until, coalesce(confirmed_at, sent_at) AS went_at
FROM (SELECT DISTINCT account_id FROM announcement_reader WHERE announcement_id = $1) AS told
LEFT JOIN notice ON notice.account_id = told.account_id AND notice.fact = 'announcement:' || $1::bigint
  AND notice.school_id = $2
LEFT JOIN delivery ON delivery.notice_id = notice.id
ORDER BY told.account_id, delivery.step, delivery.id LIMIT $3
"""
WAITING = (State.QUEUED, State.FAILED)
REACHING = (State.CONFIRMED, State.SENT, State.HELD, *WAITING)  # it came, may have come, or will yet be tried


@dataclass(frozen=True, slots=True)
class Went:
    """One delivery to a guardian."""

    channel: str
    state: State
    at: datetime | None  # when it went, or arrived; of what is held, until when

    def words(self, formats: Formats) -> str:
        """Return it in words: SMS: Arrived, 12:03."""
        name, state = (translate(formats.language, each) for each in (channel_name(self.channel), STATES[self.state]))
        return f"{name}: {state}" if self.at is None else f"{name}: {state}, {formats.moment(self.at)}"

    @property
    def tone(self) -> str:
        return TONES[self.state]


@dataclass(frozen=True, slots=True)
class ByChannel:
    """How many deliveries of a channel stand how."""

    channel: str
    counts: Mapping[State, int]
    held_until: datetime | None  # the latest

    @property
    def waiting(self) -> int:
        return sum(self.counts.get(state, 0) for state in WAITING)

    def of(self, state: str) -> int:
        """Return how many are in a state, by its word."""
        return self.counts.get(State(state), 0)

    def tone(self, state: str) -> str:
        """Return the theme's tone of a state, by its word."""
        return TONES[State(state)]


@dataclass(frozen=True, slots=True)
class Delivered:
    """How a message went: by channel, by account, and how many accounts have it on their page alone."""

    channels: Sequence[ByChannel] = ()
    accounts: Mapping[int, Sequence[Went]] = field(default_factory=dict)
    page_only: int = 0


async def delivered_of(pool: asyncpg.Pool, school_id: int, number: int) -> Delivered:
    """Return how a message was delivered. Who may ask is the caller's to check."""
    accounts: dict[int, list[Went]] = {}
    counts: dict[str, dict[State, int]] = {}
    held: dict[str, datetime] = {}
    for row in await pool.fetch(_OF_MESSAGE, number, school_id, DELIVERIES_MAX):
        went = accounts.setdefault(row["account_id"], [])
        if row["channel"] is None:
            continue
        channel, state = row["channel"], State(row["state"])
        of_channel = counts.setdefault(channel, {})
        of_channel[state] = of_channel.get(state, 0) + 1
        is_held = state is State.HELD and row["held_until"] is not None
        if is_held:
            held[channel] = max(row["held_until"], held.get(channel, row["held_until"]))
        went.append(Went(channel, state, row["held_until"] if is_held else row["went_at"]))
    page_only = sum(not any(each.state in REACHING for each in went) for went in accounts.values())
    channels = [ByChannel(channel, counts[channel], held.get(channel)) for channel in sorted(counts)]
    return Delivered(channels, accounts, page_only)
