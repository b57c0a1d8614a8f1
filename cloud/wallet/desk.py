"""The seam to the wallet: what it is asked, whoever answers. Today that is a folder of files; a live one comes here.

Rule: not tested against the live system: its interface is not public.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cloud.core.files import whole
from cloud.wallet.kinds import FileKind
from cloud.wallet.reading import FILE_MAX
from cloud.wallet.writing import Row, meals_csv

FILES_MAX = 100
DIGEST_CHARS = 16
_NAME = re.compile(r"(?P<kind>vouchers|tabel)[\w.-]*\.(csv|jsonl)", re.ASCII)


class WalletAway(Exception):
    """The wallet did not answer; what was told it may know or not, and is told again another time."""


@dataclass(frozen=True, slots=True)
class Told:
    """A recorded meal, or that one was taken back, under a number of ours; the same again is the same."""

    sale: str
    is_back: bool
    row: Row

    @property
    def number(self) -> str:
        return f"{self.sale}-back" if self.is_back else self.sale


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that waits at the wallet."""

    name: str
    kind: FileKind
    content: bytes


class WalletDesk(Protocol):
    """Who speaks for the wallet."""

    async def send(self, school: str, meals: Sequence[Told]) -> Mapping[str, str]:
        """Tell meals; return by their numbers why one was refused, empty for one that was taken. Raises WalletAway."""
        ...

    async def fetch(self, school: str) -> Sequence[Fetched]:
        """Return the files that wait for a school, the oldest first. Raises WalletAway."""
        ...

    async def has_taken(self, school: str, name: str) -> None:
        """Tell that a file was taken, and need not be given again. Raises WalletAway."""
        ...


class FolderDesk:
    """The wallet as a folder: files come in `in`, go to `taken`, and meals go out to `out`, a file for each sending."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, school: str, meals: Sequence[Told]) -> Mapping[str, str]:
        """Write a file of meals and one of those taken back, named by first sale, count and content."""
        await asyncio.to_thread(self._write, school, meals)
        return {each.number: "" for each in meals}

    async def fetch(self, school: str) -> Sequence[Fetched]:  # noqa: ARG002 (a school has a folder of its own)
        """Return the files in `in` that are named as vouchers or tabel, by name."""
        return await asyncio.to_thread(self._read)

    async def has_taken(self, school: str, name: str) -> None:  # noqa: ARG002 (as above)
        """Move a file to `taken`; one of the same name there is kept beside it."""
        await asyncio.to_thread(self._move, name)

    def _write(self, school: str, meals: Sequence[Told]) -> None:
        for is_back, word in ((False, "meals"), (True, "back")):
            told = [each for each in meals if each.is_back is is_back]
            if told:
                self._put(f"{word}-{school}-{told[0].sale}-{len(told)}", meals_csv([each.row for each in told]))

    def _put(self, name: str, content: bytes) -> None:
        file = self._made("out") / f"{name}-{hashlib.sha256(content).hexdigest()[:DIGEST_CHARS]}.csv"
        if not file.exists():  # else the very same is there, from a run that ended before it was noted
            with whole(file) as handle:
                handle.write(content)

    def _read(self) -> list[Fetched]:
        named = [(path, _NAME.fullmatch(path.name)) for path in sorted(self._made("in").iterdir())]
        found = [(path, FileKind(name["kind"])) for path, name in named if name is not None and path.is_file()]
        return [Fetched(path.name, kind, _bytes_of(path)) for path, kind in found[:FILES_MAX]]

    def _move(self, name: str) -> None:
        to, place = self._made("taken") / name, 1
        while to.exists():
            place += 1
            to = to.with_name(f"{name}.{place}")
        (self._made("in") / name).rename(to)

    def _made(self, name: str) -> Path:
        made = self._folder / name
        made.mkdir(parents=True, exist_ok=True)
        return made


def _bytes_of(path: Path) -> bytes:
    """Return a file's bytes, one more than are taken at most, so that a bigger one is refused as such."""
    with path.open("rb") as file:
        return file.read(FILE_MAX + 1)
