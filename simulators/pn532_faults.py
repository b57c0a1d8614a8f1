"""What goes wrong between a PN532 and its host, when it is told to."""

from dataclasses import dataclass, field
from enum import Enum


class Fault(Enum):
    """One way of going wrong; the values are words of the simulator's commands."""

    DROP_ACK = "drop-ack"  # the answer comes without the acknowledgement before it
    NACK = "nack"  # a NACK in place of the acknowledgement, and no answer
    CHECKSUM = "checksum"  # an answer whose data checksum is wrong
    CUT = "cut"  # an answer whose end never comes
    NOISE = "noise"  # bytes of no meaning before the acknowledgement
    SYNTAX = "syntax"  # the frame that says that the command was not understood
    STALL = "stall"  # nothing comes back


@dataclass(slots=True)
class Faults:
    """How many more commands each fault will spoil."""

    _left: dict[Fault, int] = field(default_factory=dict)

    def arm(self, fault: Fault, times: int) -> None:
        self._left[fault] = times

    def clear(self) -> None:
        self._left.clear()

    def strikes(self, fault: Fault) -> bool:
        """Tell whether this command is spoiled so; each time counts."""
        left = self._left.get(fault, 0)
        if left:
            self._left[fault] = left - 1
        return left > 0

    def describe(self) -> str:
        """Return what is armed, in words."""
        armed = [f"{fault.value}={left}" for fault, left in self._left.items() if left]
        return ",".join(armed) or "none"
