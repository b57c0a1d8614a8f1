"""Who was sent away from a meal, and why: written once for a person, meal, day and reason, however often they try."""

from dataclasses import dataclass, field

REFUSALS_MAX = 2_000
NOBODYS = ("changed", "disk", "no_shift", "empty", "nobody")  # what lies with the till, and not with who stands there


@dataclass(slots=True)
class Refusals:
    """What was written already; the oldest gives way."""

    _known: dict[tuple[str, str, str, str], None] = field(default_factory=dict)

    def is_new(self, person: str, meal: str, day: str, reason: str) -> bool:
        """Tell whether this is to be written, and note that it is."""
        key = (person, meal, day, reason)
        if reason in NOBODYS or key in self._known:
            return False
        if len(self._known) >= REFUSALS_MAX:
            del self._known[next(iter(self._known))]
        self._known[key] = None
        return True
