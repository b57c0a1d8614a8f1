"""Whether a gate opens to a card: a pure function of the question, the roster and the view of who is inside.

Rule: a doubt never locks a child out or in. A clock that cannot be trusted judges no hours; a view that may be
incomplete makes hard anti-passback soft; a way out is never refused for hours, passback or an old roster.
"""

from dataclasses import dataclass
from typing import Literal

from edge_agent.actuators.actuator import Direction
from edge_agent.roster import Roster
from edge_agent.timekeeper import Stamp
from edge_agent.view import View
from schemas.structs import CardRow, PersonRow, ProfileRow

Reason = Literal[
    "ok",
    "card_unknown",
    "card_blocked",
    "card_expired",
    "card_not_genuine",
    "person_inactive",
    "no_consent",
    "wrong_place",
    "wrong_time",
    "passback_soft",
    "passback_hard",
    "repeat",
    "fire",
    "roster_expired",
    "roster_missing",
    "lock_down",
    "free_pass",
]
# As commanded or ordered. Only `lock_both` locks a way out, where the school has set that a lockdown does.
Mode = Literal["normal", "lock_down", "lock_both", "free_pass"]
Missing = Literal["deny", "allow"]
AHEAD_MS = 60_000  # An entry this much in the future was written by a clock that was wrong.
_DAY_MS, _MINUTE_MS = 86_400_000, 60_000
_THURSDAY = 3  # 1970-01-01


@dataclass(frozen=True, slots=True)
class PassShown:
    """The card that a signed pass stands for, and whether the pass is over: ended, used up, or of a doubtful time."""

    card: CardRow
    is_over: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A card at a gate. `is_view_whole` says that no other gate could know more than the view does.

    `mode` is what was commanded: locked down, nobody comes in; locked both ways, nobody leaves by card, either; in free
    pass everybody passes who shows a card.
    `shown` is the card that a signed pass stands for, which no roster lists. `is_genuine` is false for a card that
    claims to be the school's and could not prove it.
    """

    token: str
    gate: str
    direction: Direction
    stamp: Stamp
    is_view_whole: bool = True
    is_burning: bool = False
    roster_missing: Missing = "deny"
    mode: Mode = "normal"
    shown: PassShown | None = None
    is_genuine: bool = True

    @property
    def is_clock_good(self) -> bool:
        return self.stamp.is_good

    @property
    def is_exit(self) -> bool:
        return self.direction == "out"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate does, and why; `person` when the card is known, `token` when it is not."""

    is_allowed: bool
    reason: Reason
    person: str | None = None
    token: str | None = None
    roster: int = 0


def decide(question: Question, roster: Roster | None, view: View) -> Decision:
    """Return whether the gate opens."""
    if roster is None:
        return _without_roster(question)
    card = question.shown.card if question.shown is not None else roster.card(question.token)
    commanded = _commanded(question)
    if commanded is not None:
        return _decision(roster, question, card, commanded)
    if not question.is_genuine:
        return _decision(roster, question, card, "card_not_genuine")
    if card is None:
        return _decision(roster, question, card, "card_unknown")
    reason = _card_reason(question, card, roster.person(card.ref)) or _rule_reason(question, card.ref, roster, view)
    return _decision(roster, question, card, reason)


def is_within(profile: ProfileRow, wall_ms: int, utc_offset_min: int) -> bool:
    """Tell whether an instant is in one of the profile's spans, in the school's local time."""
    day, of_day_ms = divmod(wall_ms + utc_offset_min * _MINUTE_MS, _DAY_MS)
    weekday, minute = 1 << (day + _THURSDAY) % 7, of_day_ms // _MINUTE_MS
    return any(weekdays & weekday and from_min <= minute < to_min for weekdays, from_min, to_min in profile.spans)


_ALLOWED: tuple[Reason, ...] = ("ok", "passback_soft", "fire", "roster_expired", "free_pass")


def _decision(roster: Roster, question: Question, card: CardRow | None, reason: Reason) -> Decision:
    is_allowed = reason in _ALLOWED and not (reason == "roster_expired" and _expiry_denies(question, roster))
    if card is None:
        return Decision(is_allowed, reason, token=question.token, roster=roster.version)
    return Decision(is_allowed, reason, person=card.ref, roster=roster.version)


def _without_roster(question: Question) -> Decision:
    commanded = _commanded(question)
    if commanded is not None:
        return Decision(is_allowed=commanded in _ALLOWED, reason=commanded, token=question.token)
    if not question.is_genuine and not question.is_exit:
        return Decision(is_allowed=False, reason="card_not_genuine", token=question.token)
    is_allowed = question.is_exit or question.roster_missing == "allow"
    return Decision(is_allowed=is_allowed, reason="roster_missing", token=question.token)


def _commanded(question: Question) -> Reason | None:
    """Return what stands above all cards and rules: a fire, or a command; None when nothing does."""
    if question.is_burning:
        return "fire"
    if question.mode == "free_pass":
        return "free_pass"
    if question.mode == "lock_both":
        return "lock_down"
    return "lock_down" if question.mode == "lock_down" and not question.is_exit else None


def _card_reason(question: Question, card: CardRow, person: PersonRow | None) -> Reason | None:
    """Return what is wrong with a card or its owner, or None."""
    if card.state == "blocked":
        return "card_blocked"
    if question.shown is not None and question.shown.is_over:
        return "card_expired"
    # Also a clock at its floor is never ahead of the truth: what has ended by it has ended.
    if 0 < card.not_after_ms < question.stamp.wall_ms and question.stamp.quality != "none":
        return "card_expired"
    if person is None or not person.active:
        return "person_inactive"
    return None if person.consent else "no_consent"


def _rule_reason(question: Question, ref: str, roster: Roster, view: View) -> Reason:
    """Return what the school's rules say of a person who may use the card."""
    if view.is_repeat(question.gate, question.direction, ref, question.stamp.monotonic_ms, roster.policy.repeat_ms):
        return "repeat"
    person = roster.person(ref)
    profile = roster.profile(person.profile) if person is not None else None
    if profile is None or not {"*", question.gate} & set(profile.gates):
        return "wrong_place"
    is_expired = question.is_clock_good and roster.not_after_ms < question.stamp.wall_ms
    if is_expired and _expiry_denies(question, roster):
        return "roster_expired"
    if not question.is_exit:
        if question.is_clock_good and not is_within(profile, question.stamp.wall_ms, roster.utc_offset_min):
            return "wrong_time"
        passback = _passback_reason(question, ref, roster, view)
        if passback is not None:
            return passback
    return "roster_expired" if is_expired else "ok"


def _expiry_denies(question: Question, roster: Roster) -> bool:
    return roster.policy.expired == "deny" and not question.is_exit


def _passback_reason(question: Question, ref: str, roster: Roster, view: View) -> Reason | None:
    """Return what a second entry without an exit means; None when it is none."""
    policy = roster.policy
    stay = view.whereabouts(ref)
    if policy.passback == "off" or stay is None or not stay.is_inside:
        return None
    age_ms = question.stamp.wall_ms - stay.since_ms
    if 0 < policy.passback_reset_ms < age_ms and question.is_clock_good:
        return None
    is_sure = stay.is_sure and question.is_view_whole and question.is_clock_good and age_ms >= -AHEAD_MS
    return "passback_hard" if policy.passback == "hard" and is_sure else "passback_soft"
