"""A OneRoster zip becomes the sheets of our own spreadsheet: classes, students and staff of one school. Pure.

Rule: only rows of the organisation that is the school are taken; a reference that leads nowhere is told, and who is
named by a mark alone is nobody's new name. An IIN, in whichever column it stands, is read as one and kept as one.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from zipfile import ZipFile

from cloud.core.errors import Refused
from cloud.core.messages import Message, message
from cloud.imports import cells
from cloud.imports.columns import Kind
from cloud.imports.errors import FileRefused
from cloud.imports.report import Problem
from cloud.imports.roster_files import Files, Line, read_files
from cloud.imports.spreadsheet import Cell, SheetRow, Spreadsheet, Table
from cloud.people.rules import check_iin

ORGS, CLASSES, USERS, ENROLLMENTS = "orgs.csv", "classes.csv", "users.csv", "enrollments.csv"
STUDENT, HOMEROOM = "student", "homeroom"
FAMILY = frozenset({"parent", "guardian", "relative"})
POSITIONS = {"teacher": "Мұғалім", "principal": "Директор"}  # of who has none here yet
NAMED_MAX = 10
CLASS_HEADINGS = {"class": "title"}
PERSON_HEADINGS = {
    "surname": "familyName", "given_name": "givenName", "patronymic": "middleName", "iin": "userIds",
    "number": "identifier", "sourced_id": "sourcedId", "class": "sourcedId", "position": "role",
}  # fmt: skip
_IIN = re.compile(r"\{\s*(?:iin|ИИН|ЖСН)\s*:([^{}]*)\}", re.IGNORECASE)


@dataclass(slots=True)
class _Roster:
    """A school's part of the files, and what is wrong with it."""

    files: Files
    org: str  # sourcedId of the school
    today: date
    problems: list[Problem] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)

    def refuse(self, file: str, line: Line, column: str, told: Message) -> None:
        self.problems.append(Problem(file, line.number, column, told))

    def by_id(self, file: str, lines: Iterable[Line]) -> dict[str, Line]:
        """Return rows by their identifiers; note those without one, and those that are there twice."""
        found: dict[str, Line] = {}
        for line in lines:
            earlier = found.setdefault(line["sourcedId"], line)
            if not line["sourcedId"]:
                self.refuse(file, line, "sourcedId", message("This cell is empty. Fill it in."))
            elif earlier is not line:
                told = message(
                    "The same stands in sheet {sheet}, row {row}. Keep one of them.", sheet=file, row=earlier.number
                )
                self.refuse(file, line, "sourcedId", told)
        return found

    def is_over(self, line: Line) -> bool:
        """Tell whether a role or an enrolment has ended; the standard's ends are exclusive."""
        try:
            return bool(line["endDate"]) and date.fromisoformat(line["endDate"]) <= self.today
        except ValueError:
            return False


def read_roster(archive: ZipFile, wanted: str, today: date) -> Spreadsheet:
    """Return the sheets of the school whose identifier or sourcedId is wanted. Raises FileRefused with what to do."""
    files = read_files(archive)
    roster = _Roster(files, _org_of(files.rows["orgs"], wanted), today, list(files.problems), list(files.notes))
    classes = _classes(roster)
    roles = _roles(roster)
    students, staff = _people(roster, roles, _enrolled(roster, classes, roles))
    tables = [
        Table(Kind.CLASSES, CLASSES, CLASS_HEADINGS, [_class_row(line) for line in classes.values()]),
        Table(Kind.STUDENTS, USERS, PERSON_HEADINGS, students, is_partial=True),
        Table(Kind.STAFF, USERS, PERSON_HEADINGS, staff, is_partial=True),
    ]
    return Spreadsheet(tables, roster.problems, [], roster.notes)


def _org_of(orgs: list[Line], wanted: str) -> str:
    for column in ("sourcedId", "identifier"):
        found = {line["sourcedId"] for line in orgs if line[column].casefold() == wanted.casefold()}
        if len(found) == 1:
            return found.pop()
    names = [f"{line['name'][:80]} ({line['sourcedId'][:80]})" for line in orgs[:NAMED_MAX]]
    raise FileRefused(
        message(
            "{wanted} is no one organisation of orgs.csv. Give the sourcedId of the school in the file. There are: "
            "{names}.",
            wanted=wanted[:80], names=", ".join(names) + (" …" if len(orgs) > NAMED_MAX else ""),
        )
    )  # fmt: skip


def _classes(roster: _Roster) -> dict[str, Line]:
    """Return the school's homerooms; a class of a subject is none of ours."""
    own = [line for line in roster.files.rows["classes"] if line["schoolSourcedId"] == roster.org]
    homerooms = [line for line in own if line["classType"].casefold() == HOMEROOM]
    if not homerooms:
        raise FileRefused(message("classes.csv has no homeroom of this school. Only homerooms are a school's classes."))
    if len(homerooms) < len(own):
        told = message("Classes that are no homerooms, left out: {count}.", count=len(own) - len(homerooms))
        roster.notes.append(told)
    return roster.by_id(CLASSES, homerooms)


def _class_row(line: Line) -> SheetRow:
    return SheetRow(line.number, _cells({"class": _class_name(line)}))


def _class_name(line: Line) -> str:
    """Return the title, or the code where only that is a class's name."""
    return line["title"] if _is_class(line["title"]) or not _is_class(line["classCode"]) else line["classCode"]


def _is_class(text: str) -> bool:
    try:
        return cells.class_of(Cell(text)) is not None
    except cells.CellWrong:
        return False


def _roles(roster: _Roster) -> dict[str, str]:
    """Return what each user is at the school: the primary role, else the first one."""
    known = {line["sourcedId"] for line in roster.files.rows["users"]}
    found: dict[str, str] = {}
    for line in roster.files.rows["roles"]:
        user = line["userSourcedId"]
        if line["orgSourcedId"] != roster.org or line["role"].casefold() in FAMILY or roster.is_over(line):
            continue
        if user in roster.files.deleted["users"]:
            continue
        if user not in known:
            roster.refuse("roles.csv", line, "userSourcedId", _nothing_in(USERS))
        elif user not in found or line["roleType"].casefold() == "primary":
            found[user] = line["role"].casefold()
    return found


def _enrolled(roster: _Roster, classes: dict[str, Line], roles: dict[str, str]) -> dict[str, list[str]]:
    """Return the homerooms of each student."""
    others = {line["sourcedId"] for line in roster.files.rows["classes"]}
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in roster.files.rows["enrollments"]:
        user, at = line["userSourcedId"], line["classSourcedId"]
        if line["role"].casefold() != STUDENT or roster.is_over(line):
            continue
        if user in roster.files.deleted["users"] or at in roster.files.deleted["classes"]:
            continue
        if line["schoolSourcedId"] == roster.org and at not in others:
            roster.refuse(ENROLLMENTS, line, "classSourcedId", _nothing_in(CLASSES))
        elif at in classes and roles.get(user) != STUDENT:
            told = message("roles.csv has no student of this school with this sourcedId. Mend one of the files.")
            roster.refuse(ENROLLMENTS, line, "userSourcedId", told)
        elif at in classes and at not in found[user]:
            found[user].append(at)
    return {user: [_class_name(classes[at]) for at in own] for user, own in found.items()}


def _people(
    roster: _Roster, roles: dict[str, str], enrolled: dict[str, list[str]]
) -> tuple[list[SheetRow], list[SheetRow]]:
    """Return rows of students and of staff."""
    users = roster.files.rows["users"]
    own = roster.by_id(USERS, (line for line in users if line["sourcedId"] in roles))
    students, staff = [], []
    for sourced_id, line in own.items():
        if roles[sourced_id] != STUDENT:
            staff.append(_person_row(line, position=POSITIONS.get(roles[sourced_id], "")))
        elif class_name := _class_of(roster, line, enrolled.get(sourced_id, [])):
            students.append(_person_row(line, class_name=class_name))
    if len(own) < len(users):
        told = message(
            "Users who are neither students nor staff of this school, left out: {count}.",
            count=len(users) - len(own),
        )
        roster.notes.append(told)
    return students, staff


def _class_of(roster: _Roster, line: Line, names: list[str]) -> str | None:
    """Return the class of a student who is to be taken, else note what is wrong."""
    if line["familyName"] == line["sourcedId"]:
        told = message("The list names this student by a mark alone, as the family wished. Take lists with all names.")
        roster.refuse(USERS, line, "familyName", told)
    elif not names:
        told = message("No enrolment puts this student into a homeroom of the school. Add one to enrollments.csv.")
        roster.refuse(USERS, line, "sourcedId", told)
    elif len(names) > 1:
        at_once = ", ".join(name[:20] for name in names[:NAMED_MAX])
        told = message("Enrolments put this student into {names} at once. Keep one of them.", names=at_once)
        roster.refuse(USERS, line, "sourcedId", told)
    elif _is_class(names[0]):  # else the class itself is told once
        return names[0]
    return None


def _person_row(line: Line, class_name: str = "", position: str = "") -> SheetRow:
    found = {
        "surname": line["familyName"], "given_name": line["givenName"], "patronymic": line["middleName"],
        "class": class_name, "position": position, "iin": _iin_of(line),
        **{key: line[column] for key, column in (("number", "identifier"), ("sourced_id", "sourcedId"))
           if not _is_iin(line[column])},
    }  # fmt: skip
    return SheetRow(line.number, _cells(found))


def _iin_of(line: Line) -> str:
    if match := _IIN.search(line["userIds"]):
        return match[1].strip()
    columns = ("identifier", "userMasterIdentifier", "username", "sourcedId")
    return next((line[column] for column in columns if _is_iin(line[column])), "")


def _is_iin(text: str) -> bool:
    try:
        return check_iin(text) == text
    except Refused:
        return False


def _cells(texts: dict[str, str]) -> dict[str, Cell]:
    return {key: Cell(text, is_formula=text.startswith("=")) for key, text in texts.items() if text}


def _nothing_in(file: str) -> Message:
    return message("Nothing in {file} has this sourcedId. Mend it, or take the row out.", file=file)
