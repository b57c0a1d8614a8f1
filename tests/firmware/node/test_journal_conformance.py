"""The ring journal passes the suite that the agent's journal passes."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from typing_extensions import override

from edge_agent.journal.entry import Entry, EpochState
from firmware.node.flash import SECTOR, Region
from firmware.node.journal import Journal
from firmware.node.shorthand import shorten
from simulators.flash import Flash
from tests.edge_agent.journal.conformance import DEVICE, Conformance


class Adapted:
    """A node's journal, answering in the agent's words."""

    def __init__(self, flash: Flash, seed: int) -> None:
        self._journal = Journal(Region(flash), DEVICE, Random(seed).randbytes)

    @property
    def epoch(self) -> str:
        return str(self._journal.epoch)

    @property
    def head(self) -> int:
        return int(self._journal.head)

    @property
    def digest(self) -> bytes:
        return bytes(self._journal.digest)

    @property
    def held(self) -> int:
        return int(self._journal.held)

    def append(self, records: Sequence[bytes]) -> list[Entry]:
        return [Entry(*entry) for entry in self._journal.append(records)]

    def epochs(self) -> list[EpochState]:
        return [EpochState(*state) for state in self._journal.epochs()]

    def read(self, epoch: str, after_seq: int, limit: int) -> list[Entry]:
        return [Entry(*entry) for entry in self._journal.read(epoch, after_seq, limit)]

    def trim(self, epoch: str, upto: int, digest: bytes | None) -> bool:
        return bool(self._journal.trim(epoch, upto, digest))

    def close(self) -> None:
        self._journal.close()


class TestRing(Conformance):
    _flashes: dict[Path, Flash] = {}  # noqa: RUF012 - the flash of a folder outlives its journals

    @pytest.fixture(autouse=True)
    def _blank(self) -> None:
        """Begin without flash: another test's folder may have had the same path."""
        self._flashes.clear()

    @override
    def open(self, folder: Path, seed: int = 1) -> Adapted:
        return Adapted(self._flashes.setdefault(folder, Flash(32)), seed)

    @override
    def spoil(self, folder: Path, entry: Entry) -> None:
        flash, record = self._flashes[folder], entry.record or b""
        cells = bytearray(flash.sectors * SECTOR)
        for sector in range(flash.sectors):
            flash.readblocks(sector, memoryview(cells)[sector * SECTOR : (sector + 1) * SECTOR])  # type: ignore[arg-type]
        flash.flip(cells.index(shorten(record) or record) * 8)
