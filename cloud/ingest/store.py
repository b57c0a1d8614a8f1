"""What ingest asks of its store: devices by name, and windows, each one transaction that holds its shards' heads.

Rule: between `window` and the end of `commit` nobody else writes records or watermarks of those shards, so that the
order of positions is the order of commits.
"""

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from cloud.ingest.messages import Batched, Greeted, Message, Missing, Refused, Sender, Stated
from cloud.ingest.plan import Plan
from cloud.ingest.state import Key, State, Stretch


class StoreFailed(Exception):
    """The window was not committed, or nobody knows whether it was; its messages will come again."""


class StoreRefused(StoreFailed):
    """The window was not committed, and will not be as it is: one of its messages holds what no row can."""


@dataclass(slots=True)
class Needs:
    """What a judge must know before it can look at some messages."""

    shards: set[int] = field(default_factory=set)
    keys: set[Key] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    schools: set[str] = field(default_factory=set)

    @staticmethod
    def of(messages: Iterable[Message]) -> "Needs":
        needs = Needs()
        for message in messages:
            needs._add(message)
        return needs

    def _add(self, message: Message) -> None:
        sender = message.sender
        if sender is None:
            return
        self.shards.add(sender.shard)
        self.devices.add(sender.name)
        match message:
            case Batched():
                self.keys.add((sender.name, message.header.epoch))
            case Missing():
                self.keys.add((sender.name, message.gap.epoch))
            case Greeted():
                self.keys.update((sender.name, epoch.epoch) for epoch in message.hello.epochs)
                self.schools.add(sender.school)
            case Stated() | Refused():
                pass


class Window(Protocol):
    """One open transaction."""

    @property
    def state(self) -> State: ...

    async def load(self, needs: Needs) -> None:
        """Put the heads, marks, boots and roster versions that are needed into the state."""
        ...

    async def look_up(self, keys: Collection[Key], stretches: Collection[Stretch]) -> None:
        """Put further marks, and the digests of stored stretches, into the state."""
        ...

    async def commit(self, plan: Plan) -> None:
        """Write a plan and commit it; then let the state take it over. Raises StoreFailed."""
        ...


class Store(Protocol):
    """Where records, watermarks and the rest are kept."""

    async def senders(self, names: Collection[str]) -> Mapping[str, Sender | None]:
        """Return the devices of these names; None is not known. A revocation is seen within seconds."""
        ...

    def window(self, shards: Collection[int]) -> AbstractAsyncContextManager[Window]:
        """Open a transaction that holds these shards' heads. Raises StoreFailed."""
        ...
