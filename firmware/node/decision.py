"""Whether a stand-alone gate opens to a card: a pure function of the question and the roster.

Rule: the same answers as the agent's (`edge_agent/decision.py`), but for what a gate that knows nobody's whereabouts
leaves out: anti-passback. Whether somebody passed here a moment ago is the gate's to know. A doubt never locks a child
out or in: a clock that cannot be trusted judges no hours, and a way out is never refused for hours or an old roster.
"""

from schemas.compact import ACTIVE, BLOCKED, CONSENT, PERSON

_ALLOWED = ("ok", "fire", "free_pass")
_DAY_MS, _MINUTE_MS = 86_400_000, 60_000
_THURSDAY = 3  # 1970-01-01

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.node.clock import Stamp
    from firmware.node.roster import Card, Roster


class PassShown:
    """The card that a signed pass stands for, and whether the pass is over: ended, used up, or of a doubtful time."""

    def __init__(self, card: "Card", is_over: bool) -> None:
        self.card = card
        self.is_over = is_over


class Question:
    """A card at a gate; `mode` is normal, lock_down or free_pass, as was commanded.

    `shown` is the card that a signed pass stands for, which no roster lists.
    """

    def __init__(
        self, token: str, gate: str, direction: str, stamp: "Stamp", *, is_burning: bool = False, mode: str = "normal",
        roster_missing: str = "deny", shown: "PassShown | None" = None,
    ) -> None:  # fmt: skip
        self.token = token
        self.gate = gate
        self.direction = direction
        self.stamp = stamp
        self.is_burning = is_burning
        self.mode = mode
        self.roster_missing = roster_missing
        self.shown = shown

    @property
    def is_exit(self) -> bool:
        """Tell whether the way is out."""
        return self.direction == "out"


class Decision:
    """What the gate does, and why; `person` when the card is known, `token` when it is not."""

    def __init__(self, is_allowed: bool, reason: str, person: "str | None", token: "str | None") -> None:
        self.is_allowed = is_allowed
        self.reason = reason
        self.person = person
        self.token = token


def decide(question: Question, roster: "Roster | None") -> Decision:
    """Return whether the gate opens."""
    commanded = _commanded(question)
    if roster is None:
        is_allowed = question.is_exit or question.roster_missing == "allow"
        if commanded is not None:
            is_allowed = commanded in _ALLOWED
        return Decision(is_allowed, commanded or "roster_missing", None, question.token)
    card = question.shown.card if question.shown is not None else roster.lookup(question.token)
    if card is None:
        reason = commanded or "card_unknown"
        return Decision(reason in _ALLOWED, reason, None, question.token)
    reason = commanded or _card_reason(question, card) or _rule_reason(question, card, roster)
    is_allowed = reason in _ALLOWED or (reason == "roster_expired" and not _expiry_denies(question, roster))
    return Decision(is_allowed, reason, card.ref, None)


def is_within(spans: "list[list[int]]", wall_ms: int, utc_offset_min: int) -> bool:
    """Tell whether an instant is in one of the spans (weekdays, from_min, to_min), in the school's local time."""
    day, of_day_ms = divmod(wall_ms + utc_offset_min * _MINUTE_MS, _DAY_MS)
    weekday, minute = 1 << (day + _THURSDAY) % 7, of_day_ms // _MINUTE_MS
    return any(weekdays & weekday and from_min <= minute < to_min for weekdays, from_min, to_min in spans)


def _commanded(question: Question) -> "str | None":
    """Return what stands above all cards and rules: a fire, or a command; None when nothing does."""
    if question.is_burning:
        return "fire"
    if question.mode == "free_pass":
        return "free_pass"
    return "lock_down" if question.mode == "lock_down" and not question.is_exit else None


def _card_reason(question: Question, card: "Card") -> "str | None":
    """Return what is wrong with a card or its owner, or None."""
    if card.flags & BLOCKED:
        return "card_blocked"
    if question.shown is not None and question.shown.is_over:
        return "card_expired"
    # Also a clock at its floor is never ahead of the truth: what has ended by it has ended.
    if 0 < card.until_s * 1000 < question.stamp.wall_ms and question.stamp.quality != "none":
        return "card_expired"
    if card.flags & (PERSON | ACTIVE) != PERSON | ACTIVE:
        return "person_inactive"
    return None if card.flags & CONSENT else "no_consent"


def _rule_reason(question: Question, card: "Card", roster: "Roster") -> str:
    """Return what the school's rules say of a person who may use the card."""
    profile = roster.profile(card.profile)
    if profile is None:
        return "wrong_place"
    spans, gates = profile
    if "*" not in gates and question.gate not in gates:
        return "wrong_place"
    stamp = question.stamp
    is_expired = stamp.is_good and roster.not_after_ms < stamp.wall_ms
    if is_expired and _expiry_denies(question, roster):
        return "roster_expired"
    is_judged = stamp.is_good and not question.is_exit
    if is_judged and not is_within(spans, stamp.wall_ms, roster.utc_offset_min):
        return "wrong_time"
    return "roster_expired" if is_expired else "ok"


def _expiry_denies(question: Question, roster: "Roster") -> bool:
    return roster.is_expiry_denied and not question.is_exit
