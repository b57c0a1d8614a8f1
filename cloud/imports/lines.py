"""A row of a sheet that becomes something, and what is wrong in it by cell: for imports of one table."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from cloud.core.messages import Message
from cloud.imports.cells import CellWrong, text_of
from cloud.imports.columns import plain
from cloud.imports.onesheet import OneSheet
from cloud.imports.report import Problem
from cloud.imports.spreadsheet import SheetRow

T = TypeVar("T")


class Deed(StrEnum):
    """What is done with a file."""

    CHECK = "check"  # it is read, and nothing is changed
    TAKE = "take"


class Line:
    """A row, its cells as texts, and what is wrong."""

    def __init__(self, sheet: OneSheet, row: SheetRow) -> None:
        self._sheet, self.row = sheet, row
        self.problems: list[Problem] = []

    def text(self, key: str) -> str:
        """Return a cell's text; of one that cannot be read none, and it is told."""
        try:
            return text_of(self.row.cells.get(key))
        except CellWrong as wrong:
            self.wrong(key, wrong.message)
            return ""

    def one_of(self, key: str, words: Mapping[str, T], told: Message) -> T | None:
        """Return what a cell's word stands for; of none that is known nothing, and it is told."""
        found = words.get(plain(self.text(key)))
        if found is None:
            self.wrong(key, told)
        return found

    def wrong(self, key: str, told: Message) -> None:
        """Tell that a cell is wrong; with an empty key, that the row is."""
        self.problems.append(Problem(self._sheet.name, self.row.number, self._sheet.headings.get(key, ""), told))
