"""All epochs a journal still holds, oldest first, each with its outbox: which one is sent, which are greeted with."""

from collections.abc import Iterable
from dataclasses import dataclass

from edge_agent.sync.outbox import Outbox
from edge_agent.sync.ports import Entry, EpochState

HELLO_EPOCHS_MAX = 16


@dataclass(frozen=True, slots=True)
class Begun:
    """The state of an epoch at its first record."""

    epoch: str
    tail_digest: bytes
    tail: int = 1
    head: int = 0


class Backlog:
    """The outboxes of one connection."""

    def __init__(self) -> None:
        self.newest: Entry | None = None  # what was appended last
        self._boxes: dict[str, Outbox] = {}

    def reload(self, states: Iterable[EpochState]) -> None:
        """Take the journal's epochs for a new connection; only the count of what was once sent outlives the old one."""
        known = list(states)
        highest = {box.epoch: box.highest_sent for box in self._boxes.values()}
        self._boxes = {state.epoch: Outbox(state, is_live=state is known[-1]) for state in known}
        for box in self._boxes.values():
            box.highest_sent = highest.get(box.epoch, 0)
        live = self.find(self.newest.epoch) if self.newest is not None else None
        if live is not None and self.newest is not None:  # It may have become durable while the journal was asked.
            live.head = max(live.head, self.newest.seq)

    def find(self, epoch: str | None) -> Outbox | None:
        return self._boxes.get(epoch or "")

    def begin(self, epoch: str, genesis: bytes) -> Outbox:
        """Add the epoch that the journal began while we were connected; the cloud cannot have any of it."""
        for box in self._boxes.values():
            box.is_live = False
        box = Outbox(Begun(epoch, genesis), is_live=True)
        box.place(0, genesis)
        self._boxes[epoch] = box
        return box

    def current(self) -> Outbox | None:
        """Return the oldest epoch that still has something to bring; older ones drain first."""
        return next((box for box in self._boxes.values() if not box.is_stuck and not box.is_finished), None)

    def greeted(self) -> list[Outbox]:
        """Return what a hello names: the oldest epochs that are not done, and the live one last."""
        closed = [box for box in self._boxes.values() if not box.is_live and not box.is_stuck and not box.is_finished]
        return closed[: HELLO_EPOCHS_MAX - 1] + [box for box in self._boxes.values() if box.is_live]

    def rewind(self) -> None:
        """Begin again after what is committed, in every epoch."""
        for box in self._boxes.values():
            if box.is_placed and not box.is_verifying:
                box.rewind()

    @property
    def unsent(self) -> int:
        return sum(box.unsent for box in self._boxes.values())
