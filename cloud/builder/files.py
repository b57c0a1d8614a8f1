"""A report's files: CSV, XLSX and JSON, of the same rows as its page.

Rule: what a person typed never becomes a formula; a name stands in a file only for who reads it on the page.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cloud.builder.running import Result
from cloud.builder.wording import Wording
from cloud.core.i18n import translate
from cloud.core.sheets import CSV_TYPE, XLSX_TYPE, Cell, Money, csv_of, xlsx_of

JSON_TYPE = "application/json"


class Form(StrEnum):
    """The forms of files."""

    XLSX = "xlsx"
    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class File:
    """A file to be loaded."""

    name: str
    media_type: str
    body: bytes


def file_of(result: Result, words: Wording, form: Form, stem: str, title: str) -> File:
    """Return a result as a file; `stem` begins its name, `title` is the sheet's."""
    name = f"{stem}-{result.first_on}-{result.last_on}.{form.value}"
    heads: list[Cell] = [words.title(head) for head in result.heads]
    rows = [heads, *_rows(result, words)]
    match form:
        case Form.CSV:
            return File(name, CSV_TYPE, csv_of(rows))
        case Form.XLSX:
            return File(name, XLSX_TYPE, xlsx_of(rows, title))
        case Form.JSON:
            return File(name, JSON_TYPE, _json(result, words, title))


def _rows(result: Result, words: Wording) -> list[list[Cell]]:
    return [
        [words.kept(head, value) for head, value in zip(result.heads, row, strict=True)] for row in result.rows
    ]  # fmt: skip


def _json(result: Result, words: Wording, title: str) -> bytes:
    told = {
        "report": title,
        "subject": result.subject.key,
        "about": translate(words.language, result.subject.title),
        "first_on": result.first_on.isoformat(),
        "last_on": result.last_on.isoformat(),
        "is_cut": result.is_cut,
        "columns": [
            {"key": head.key, "title": words.title(head), "kind": head.kind.value} for head in result.heads
        ],
        "rows": [[_plain(cell) for cell in row] for row in _rows(result, words)],
    }  # fmt: skip
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def _plain(cell: Cell) -> str | int:
    match cell:
        case Money():
            return f"{cell.tenge:.2f}"
        case date():
            return cell.isoformat()
        case int() | str():
            return cell


def packed(rows: Sequence[Sequence[object]]) -> str:
    """Return rows as JSON, as they are kept: days as texts."""
    told = [[each.isoformat() if isinstance(each, date) else each for each in row] for row in rows]
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
