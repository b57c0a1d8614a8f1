"""Rows become drafts: every cell read as it was meant, every mistake noted where it stands, duplicates in pairs."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from cloud.cards.kinds import Medium
from cloud.cards.rules import normal_number
from cloud.core.errors import Refused
from cloud.core.messages import Message, message
from cloud.imports import cells
from cloud.imports.columns import Kind
from cloud.imports.report import Problem
from cloud.imports.spreadsheet import Cell, SheetRow, Spreadsheet, Table
from cloud.people.actions import check_source, checked_guardian
from cloud.people.bulk import GuardianGiven, PersonGiven
from cloud.people.kinds import PersonRole, Purpose, Relation
from cloud.people.rules import check_iin, normal_name

T = TypeVar("T")
ClassKey = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file a draft stands."""

    table: Table
    row: int

    def problem(self, key: str, told: Message) -> Problem:
        """Return what is wrong with one column of the row."""
        return Problem(self.table.sheet, self.row, self.table.headings.get(key, ""), told)


@dataclass(frozen=True, slots=True)
class ClassDraft:
    place: Place
    key: ClassKey
    shift: int | None  # none: the list does not say


@dataclass(frozen=True, slots=True)
class PersonDraft:
    place: Place
    given: PersonGiven  # its class is still to be found
    class_key: ClassKey | None


@dataclass(frozen=True, slots=True)
class GuardianDraft:
    place: Place
    person: str
    given: GuardianGiven
    relation: Relation | None  # none: the sheet does not say
    may_see: bool
    may_block_card: bool


@dataclass(frozen=True, slots=True)
class CardDraft:
    place: Place
    person: str
    number: str
    medium: Medium


@dataclass(frozen=True, slots=True)
class ConsentDraft:
    place: Place
    person: str
    purpose: Purpose
    given_on: date
    source: str
    withdrawn_on: date | None


@dataclass(slots=True)
class Drafts:
    """All that was read; `spoilt` are IINs and numbers of people whose own rows are wrong, not to be told again."""

    classes: list[ClassDraft] = field(default_factory=list)
    people: list[PersonDraft] = field(default_factory=list)
    guardians: list[GuardianDraft] = field(default_factory=list)
    cards: list[CardDraft] = field(default_factory=list)
    consents: list[ConsentDraft] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    spoilt: set[str] = field(default_factory=set)


def read_drafts(book: Spreadsheet, today: date) -> Drafts:
    """Return the drafts of a spreadsheet; `today` is the school's, for dates that cannot have been yet."""
    drafts = Drafts(problems=list(book.problems))
    seen: dict[tuple[str, Hashable], Place] = {}
    for table in book.tables:
        for row in table.rows:
            _read_row(_Row(Place(table, row.number), row, drafts, seen), table.kind, today)
    return drafts


@dataclass(slots=True)
class _Row:
    """One row being read: notes problems by column, and knows whether there were any."""

    place: Place
    row: SheetRow
    drafts: Drafts
    seen: dict[tuple[str, Hashable], Place]
    _is_wrong: bool = False

    def is_right(self) -> bool:
        """Tell whether nothing was noted so far."""
        return not self._is_wrong

    def as_typed(self, key: str) -> str:
        """Return an IIN or number as others refer to it, right or wrong."""
        try:
            return cells.key_of(self.row.cells.get(key))
        except cells.CellWrong:
            return ""

    def read(self, key: str, convert: Callable[[Cell | None], T], default: T) -> T:
        """Return a cell as `convert` reads it, or note what is wrong with it."""
        try:
            return convert(self.row.cells.get(key))
        except (cells.CellWrong, Refused) as error:
            self.refuse(key, error.message)
            return default

    def wanted(self, key: str, convert: Callable[[Cell | None], T], default: T) -> T:
        """Like `read`, for a cell that must not be empty."""
        if key not in self.row.cells:
            if key in self.place.table.headings:  # else the missing column is told once
                self.refuse(key, message("This cell is empty. Fill it in."))
            self._is_wrong = True
            return default
        return self.read(key, convert, default)

    def refuse(self, key: str, told: Message) -> None:
        self._is_wrong = True
        self.drafts.problems.append(self.place.problem(key, told))

    def once(self, key: str, kind: str, value: Hashable) -> None:
        """Note a value that stood in an earlier row already."""
        earlier = self.seen.setdefault((kind, value), self.place)
        if earlier is not self.place:
            told = message(
                "The same stands in sheet {sheet}, row {row}. Keep one of them.",
                sheet=earlier.table.sheet, row=earlier.row,
            )  # fmt: skip
            self.refuse(key, told)


def _read_row(row: _Row, kind: Kind, today: date) -> None:
    match kind:
        case Kind.CLASSES:
            _read_class(row)
        case Kind.STUDENTS:
            _read_person(row, PersonRole.STUDENT)
        case Kind.STAFF:
            _read_person(row, PersonRole.STAFF)
        case Kind.GUARDIANS:
            _read_guardian(row)
        case Kind.CARDS:
            _read_card(row)
        case Kind.CONSENTS:
            _read_consent(row, today)


def _read_class(row: _Row) -> None:
    key = row.wanted("class", cells.class_of, None)
    shift = row.read("shift", cells.shift_of, 1) if "shift" in row.place.table.headings else None
    if key is not None:
        row.once("class", "class", key)
    if row.is_right() and key is not None:
        row.drafts.classes.append(ClassDraft(row.place, key, shift))


def _read_person(row: _Row, role: PersonRole) -> None:
    is_student = role is PersonRole.STUDENT
    iin = row.read("iin", _iin, None)
    number = row.read("number", cells.text_of, "")[:40] or None
    given = PersonGiven(
        role=role,
        surname=row.wanted("surname", _name, ""),
        given_name=row.wanted("given_name", _name, ""),
        patronymic=row.read("patronymic", _optional_name, ""),
        iin=iin,
        number=number,
        sourced_id=row.read("sourced_id", cells.text_of, "") or None,
        is_partial=row.place.table.is_partial,
        position=row.read("position", cells.text_of, "")[:80],
    )
    class_key = row.wanted("class", cells.class_of, None) if is_student else None
    if "iin" not in row.row.cells and number is None and given.sourced_id is None:
        row.refuse("iin", message("A person has an IIN or the school's own number: fill in one of them."))
    for key, value in (("iin", iin), ("number", number), ("sourced_id", given.sourced_id)):
        if value is not None:
            row.once(key, key, value)
    if row.is_right():
        row.drafts.people.append(PersonDraft(row.place, given, class_key))
    else:
        row.drafts.spoilt |= {key for key in (row.as_typed("iin"), number) if key}


def _read_guardian(row: _Row) -> None:
    person = row.wanted("person", cells.key_of, "")
    name = row.wanted("name", cells.text_of, "")
    phone = row.wanted("phone", cells.text_of, "")
    email = row.read("email", cells.text_of, "")
    relation = row.read("relation", cells.relation_of, None) if "relation" in row.row.cells else None
    may_see, may_block = row.read("may_see", cells.is_yes, True), row.read("may_block", cells.is_yes, True)
    if not row.is_right():
        return
    given = row.read("phone", lambda _: checked_guardian(GuardianGiven(name, phone, email)), None)
    if given is not None:
        row.once("person", "guardian", (person, given.phone))
    if row.is_right() and given is not None:
        row.drafts.guardians.append(GuardianDraft(row.place, person, given, relation, may_see, may_block))


def _read_card(row: _Row) -> None:
    person = row.wanted("person", cells.key_of, "")
    medium = row.read("kind", cells.medium_of, Medium.UID)
    number = row.wanted("card", lambda cell: normal_number(cells.card_of(cell), medium), "")
    if number:
        row.once("card", "card", number)
    if row.is_right():
        row.drafts.cards.append(CardDraft(row.place, person, number, medium))


def _read_consent(row: _Row, today: date) -> None:
    person = row.wanted("person", cells.key_of, "")
    purpose = row.read("purpose", cells.purpose_of, Purpose.CARD)
    given_on = row.wanted("given_on", cells.date_of, None)
    source = row.wanted("source", _source, "")
    withdrawn_on = row.read("withdrawn_on", cells.date_of, None)
    for key, on in (("given_on", given_on), ("withdrawn_on", withdrawn_on)):
        if on is not None and on > today:
            row.refuse(key, message("This day is still to come. Check the year."))
    if given_on and withdrawn_on and withdrawn_on < given_on:
        row.refuse("withdrawn_on", message("A consent cannot be withdrawn before it was given."))
    if row.is_right() and given_on is not None:
        row.drafts.consents.append(ConsentDraft(row.place, person, purpose, given_on, source, withdrawn_on))


def _iin(cell: Cell | None) -> str | None:
    text = cells.iin_of(cell)
    return None if text is None else check_iin(text)


def _name(cell: Cell | None) -> str:
    return normal_name(cells.text_of(cell))


def _optional_name(cell: Cell | None) -> str:
    return "" if cell is None else _name(cell)


def _source(cell: Cell | None) -> str:
    text = cells.text_of(cell)
    check_source(text)
    return text
