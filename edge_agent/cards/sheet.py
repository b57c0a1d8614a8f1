"""The list of cards that were made, as a spreadsheet that the office imports; written whole after each card.

Rule: it holds card numbers, so nobody but its owner may read it, and one that is there is never written over.
"""

from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from edge_agent.cards.making import Made

SHEET = "Cards"
HEADINGS = ("Person (IIN or number)", "Card number", "Card kind")  # as the office's template has them


class SheetRefused(ValueError):
    """The list cannot be written there; the text says why, and what to do."""


class Sheet:
    """One list. `people` says whose the cards are to be, in the order that they are made; beyond it the office does."""

    def __init__(self, path: Path, people: Sequence[str] = ()) -> None:
        if path.suffix != ".xlsx":
            raise SheetRefused(f"{path}: the office imports .xlsx files: name the list so")
        if path.exists():
            raise SheetRefused(f"{path}: is there already, and may hold cards that nobody imported yet: name another")
        self._path = path
        self._people = list(people)
        self._made: list[Made] = []

    def add(self, made: Made) -> str:
        """Add a card, and return whose it is to be; a card that was added before stays where it is."""
        if made not in self._made:
            self._made.append(made)
            self._write()
        return self._person(self._made.index(made))

    def _person(self, place: int) -> str:
        return self._people[place] if place < len(self._people) else ""

    def _write(self) -> None:
        new = self._path.with_name(self._path.name + ".new")
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        with xlsxwriter.Workbook(new) as book:
            sheet = book.add_worksheet(SHEET)
            for column, heading in enumerate(HEADINGS):
                sheet.write_string(0, column, heading)
            for row, made in enumerate(self._made, start=1):
                for column, text in enumerate((self._person(row - 1), made.uid.hex().upper(), made.medium.value)):
                    sheet.write_string(row, column, text)
        new.replace(self._path)


def read_people(path: Path) -> list[str]:
    """Return the lines of a list of people: an IIN or a number each, as the office's lists have them."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SheetRefused(f"{path}: cannot be read as text: {error}") from None
    return [line.strip() for line in lines if line.strip()]
