"""Opens a zip of OneRoster 1.2's CSV binding that somebody sent, whatever it may be, and returns its rows.

Rule: nothing is unpacked that was not weighed, and only whole lists ("bulk") of the version we know are read: changes
("delta") mean something beside what their reader took before, and nothing here.
"""

import csv
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from cloud.core.delimited import SEPARATORS, rows_in, text_of
from cloud.core.messages import Message, message
from cloud.core.zips import TooMuch, unpacked
from cloud.imports.errors import FileRefused
from cloud.imports.report import Problem
from cloud.imports.zips import DAMAGED
from cloud.oneroster.binding import BULK, DELTA, MANIFEST

NEEDED: dict[str, tuple[str, ...]] = {
    "orgs": ("sourcedId", "name", "identifier"),
    "classes": ("sourcedId", "title", "classType", "schoolSourcedId"),
    "users": ("sourcedId", "givenName", "familyName"),
    "roles": ("userSourcedId", "role", "orgSourcedId"),
    "enrollments": ("classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
}
VERSION = "1.2"
DELETED = "tobedeleted"
USED = frozenset({column for columns in NEEDED.values() for column in columns}) | {
    "status", "classCode", "middleName", "identifier", "userIds", "userMasterIdentifier", "username", "roleType",
    "endDate",
}  # fmt: skip
CELLS_MAX = 1_500_000  # commas and line ends: each may become an object
MARKS = (b",", b";", b"\t", b"\n")


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its number as a spreadsheet program shows it, and its cells by the standard's names; "" for none."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Files:
    """The rows of each file that we need, what is wrong with others, and what was left out on purpose.

    `deleted` holds the identifiers of rows that are marked so: what refers to them goes with them.
    """

    rows: dict[str, list[Line]] = field(default_factory=dict)
    deleted: dict[str, set[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)


def read_files(archive: zipfile.ZipFile) -> Files:
    """Return the rows of a zip file. Raises FileRefused with what to do."""
    texts = _texts(archive)
    _check_manifest(texts)
    files = Files()
    for name, columns in NEEDED.items():
        files.rows[name] = _read(name, texts[f"{name}.csv"], columns, files)
    return files


def _texts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the texts of the files that we read, by their names at the root of the zip."""
    wanted = {MANIFEST, *(f"{name}.csv" for name in NEEDED)}
    parts = [part for part in archive.filelist if part.filename in wanted]
    pieces: defaultdict[str, list[bytes]] = defaultdict(list)
    try:
        if len({part.filename for part in parts}) < len(parts):
            raise zipfile.BadZipFile
        for name, piece in unpacked(archive, parts, MARKS, CELLS_MAX):
            pieces[name].append(piece)
    except TooMuch:
        raise FileRefused(message("Unpacked, the lists are too big. Take this school's lists alone.")) from None
    except DAMAGED:
        raise FileRefused(
            message("The zip is damaged, or has a password. Take the lists out of the other system anew.")
        ) from None
    return {part.filename: _text(part.filename, b"".join(pieces[part.filename])) for part in parts}


def _text(name: str, data: bytes) -> str:
    text = text_of(data)
    if text is None:
        raise _unreadable(name)
    return text


def _check_manifest(texts: Mapping[str, str]) -> None:
    """Raise FileRefused unless the manifest tells of whole lists of our version, and they are there."""
    if MANIFEST not in texts:
        raise FileRefused(
            message(
                "This zip has no manifest.csv at its root. Send OneRoster 1.2 lists as the other system wrote them, or "
                "a spreadsheet as .xlsx."
            )
        )
    said = {row[0]: row[1] for row in _rows(MANIFEST, texts[MANIFEST]) if len(row) > 1}
    if said.get("oneroster.version") != VERSION:
        told = message(
            "The lists are not of OneRoster 1.2, but of: {version}. Choose 1.2 in the other system.",
            version=said.get("oneroster.version", "")[:20] or "?",
        )
        raise FileRefused(told)
    modes = {f"{name}.csv": said.get(f"file.{name}", "").casefold() for name in NEEDED}
    if changes := [name for name, mode in modes.items() if mode == DELTA]:
        told = message(
            "These files tell changes only (delta): {names}. Take whole lists (bulk) out of the other system.",
            names=", ".join(changes),
        )
        raise FileRefused(told)
    if missing := [name for name, mode in modes.items() if mode != BULK or name not in texts]:
        told = message(
            "These files are missing: {names}. Take whole lists (bulk) out of the other system.",
            names=", ".join(missing),
        )
        raise FileRefused(told)


def _read(table: str, text: str, needed: tuple[str, ...], files: Files) -> list[Line]:
    name = f"{table}.csv"
    rows = _rows(name, text)
    heading = rows[0] if rows else []
    if missing := [column for column in needed if column not in heading]:
        told = message(
            "{file} has no columns {names}. Take the lists out of the other system anew, and change no headings.",
            file=name, names=", ".join(missing),
        )  # fmt: skip
        raise FileRefused(told)
    found = []
    places = [(place, column) for place, column in enumerate(heading) if column in USED]
    for number, cells in enumerate(rows[1:], 2):
        if len(cells) > len(heading):
            told = message("The row has more cells than the heading. Put a text with commas in quotes.")
            files.problems.append(Problem(name, number, "", told))
        elif any(cells):
            found.append(Line(number, {column: cells[place] for place, column in places if place < len(cells)}))
    return _kept(table, found, files)


def _kept(table: str, found: list[Line], files: Files) -> list[Line]:
    """Return the rows that are not marked as deleted; note how many are."""
    gone = [line for line in found if line["status"].casefold() == DELETED]
    files.deleted[table] = {line["sourcedId"] for line in gone}
    if gone:
        told = message(
            "Rows of {file} that are marked as deleted, left out: {count}. Who left the school is taken out on the "
            "person's page.",
            file=f"{table}.csv", count=len(gone),
        )  # fmt: skip
        files.notes.append(told)
    return [line for line in found if line["status"].casefold() != DELETED]


def _rows(name: str, text: str) -> list[list[str]]:
    separator = max(SEPARATORS, key=text.partition("\n")[0].count)
    try:
        return list(rows_in(text, separator))
    except csv.Error:
        raise _unreadable(name) from None


def _unreadable(name: str) -> FileRefused:
    return FileRefused(message("{file} cannot be read. Save it as CSV with commas, in UTF-8.", file=name))
