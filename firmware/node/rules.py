"""What a stand-alone gate goes by: the compact roster in its flash, or none, and what its settings say of that."""

from firmware.node.decision import Question, decide

REPEAT_MS = 5_000  # while there is no roster that says another

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.node.clock import Stamp
    from firmware.node.decision import Decision, PassShown
    from firmware.node.slots import Slots


class Rules:
    """The roster as the gate asks it; the newest one that has come, from one card to the next."""

    def __init__(self, slots: "Slots", gate: str, roster_missing: str) -> None:
        """`roster_missing` is allow or deny: what is done on the way in while there is no roster."""
        self._slots = slots
        self._gate = gate
        self._roster_missing = roster_missing

    @property
    def version(self) -> int:
        """Return the roster's version, 0 without one."""
        return self._slots.version

    @property
    def issued_ms(self) -> int:
        """Return when the roster was issued, which has surely passed; 0 without one."""
        return self._slots.roster.issued_ms if self._slots.roster is not None else 0

    @property
    def repeat_ms(self) -> int:
        """Return within what time the same person the same way is a repeat."""
        return self._slots.roster.repeat_ms if self._slots.roster is not None else REPEAT_MS

    def decide(
        self, card: str, direction: str, stamp: "Stamp", *, is_burning: bool, mode: str,
        shown: "PassShown | None" = None,
    ) -> "Decision":  # fmt: skip
        """Return what the roster says of a card's token, or of what a pass stands for."""
        question = Question(
            card, self._gate, direction, stamp, is_burning=is_burning, mode=mode, roster_missing=self._roster_missing,
            shown=shown,
        )  # fmt: skip
        return decide(question, self._slots.roster)
