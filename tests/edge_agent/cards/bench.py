"""A reader's chip with a simulated card on it, without a line between: what is said is kept, and can be cut off."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from random import Random

from edge_agent.cards.counters import Counters
from edge_agent.cards.link import Link
from edge_agent.cards.making import Made, Maker
from edge_agent.cards.master import Master
from edge_agent.cards.proving import CardProver
from edge_agent.cards.station import Station
from edge_agent.clock import SystemClock
from edge_agent.readers.chip import CardGone, Conversing
from edge_agent.readers.chip import Chip as ChipOnLine
from simulators.desfire import Desfire
from simulators.desfire_chip import Chip
from simulators.desfire_session import CardKey
from simulators.ntag424 import Ntag424

UID = bytes.fromhex("04A1B2C3D4E5F6")
OTHER_UID = bytes.fromhex("04A1B2C3D4E5F7")
RANDOM_UID = bytes.fromhex("08112233")
SCHOOL = "school1"
BARE = Link()


class OnReader:
    """A card that is held to a reader. `leaves_after` so many APDUs it is pulled away, `hears_last` or not."""

    def __init__(self, card: Chip | None, uid: bytes | None = None) -> None:
        self.card = card
        self.uid = uid or (card.uid if card is not None else UID)
        self.leaves_after: int | None = None
        self.hears_last = False
        self.misses = 0  # so many times it does not hear that it is held
        self.heard: list[bytes] = []
        self.is_released = True

    def sense(self) -> bytes | None:
        return None if self.card is None else self.uid

    def hold(self) -> bytes | None:
        if self.card is None:
            return None
        self.card.lose_power()
        if self.misses:
            self.misses -= 1
            return None
        self.heard, self.is_released = [], False
        return self.uid

    def exchange(self, apdu: bytes) -> bytes:
        assert self.card is not None
        assert not self.is_released
        if self.leaves_after is not None and len(self.heard) >= self.leaves_after:
            if self.hears_last:
                self.card.transmit(apdu)
            raise CardGone("the card fell silent")
        self.heard.append(apdu)
        return self.card.transmit(apdu)

    def release(self) -> None:
        self.is_released = True

    def close(self) -> None:
        pass


async def made_on(path: str, maker: Maker, open_chip: Callable[[str], ChipOnLine]) -> Made:
    """Make the card on a line's reader as the station does: a loaded machine stumbles, and it is tried again."""
    chip = await asyncio.to_thread(open_chip, path)
    assert isinstance(chip, Conversing)
    try:
        async with aclosing(Station(chip, maker, SystemClock()).cards()) as cards:
            async for outcome in cards:
                if isinstance(outcome, Made):
                    return outcome
        raise AssertionError("the station goes on until it is stopped")
    finally:
        await asyncio.to_thread(chip.close)


class Playing(Chip):
    """What only sends what another card sent: a function of the APDU."""

    def __init__(self, uid: bytes, play: Callable[[bytes], bytes]) -> None:
        super().__init__(uid, Random(1))
        self.transmit = play  # type: ignore[assignment, method-assign]


def desfire(uid: bytes = UID, **more: bool) -> Desfire:
    return Desfire(uid, Random(uid[-1]), **more)


def ntag(uid: bytes = UID, **more: bool) -> Ntag424:
    return Ntag424(uid, Random(uid[-1]), **more)


class School:
    """A school with a master key of its own: it makes cards, and checks them at a gate."""

    def __init__(self, folder: Path, name: str = SCHOOL, secret: bytes = b"m" * 32) -> None:
        self.folder = folder
        self.name = name
        self.master = Master(secret)
        self.rng = Random(5)
        self.clock = SystemClock()
        self._counters: list[Counters] = []

    def make(self, reader: OnReader, link: Link = BARE) -> Made | None:
        return Maker(self.master, self.name, link, self.clock, self.rng).make(reader)

    def gate(self, kept: int = 1) -> CardProver:
        """Return what a gate checks cards by, as an agent that has just started."""
        self._counters.append(Counters(self.folder))
        return CardProver(self.master.ring(self.name, kept), self._counters[-1], bytes.hex, self.clock, self.rng)

    def close(self) -> None:
        """Let the files of all gates go."""
        for counters in self._counters:
            counters.close()


def keys_of(card: Chip | None) -> list[CardKey]:
    """Return the keys of a card that a school made, whoever it talked to last."""
    if isinstance(card, Desfire):
        (application,) = card.applications.values()
        return application.keys
    assert isinstance(card, Ntag424)
    return card._keys
