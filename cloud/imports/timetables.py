"""Takes a week's timetable from a spreadsheet into a draft, all of it or nothing; and writes one as a spreadsheet."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.i18n import Language, translate
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.sheets import Row
from cloud.imports.actions import ONE_AT_A_TIME
from cloud.imports.columns import Column, plain
from cloud.imports.errors import FileRefused
from cloud.imports.lines import Deed, Line
from cloud.imports.onesheet import OneSheet, read_one
from cloud.imports.report import Problem
from cloud.studies.queries import Course
from cloud.timetable.framing import Book, book_of
from cloud.timetable.keeping import ROOM_MAX
from cloud.timetable.kinds import NEVER, WEEKDAYS, ConflictKind, Weeks
from cloud.timetable.rules import Slot, conflicts
from cloud.timetable.versions import SLOTS_MAX, put_all, slots_of_version, version_of

COLUMNS = (
    Column("class", ("Сынып", "Класс", "Class", "сыныбы"), "5А"),
    Column("weekday", ("Апта күні", "День недели", "Weekday", "күні", "күн", "день"), "1"),
    Column("number", ("Сабақ №", "Урок №", "Lesson", "№ урока", "урок", "сабақ", "нөмірі", "номер урока"), "1"),
    Column("subject", ("Пән", "Предмет", "Subject", "пәні"), "Математика"),
    Column("group", ("Топ", "Группа", "Group", "подгруппа", "топша"), "", required=False),
    Column("weeks", ("Апталар", "Недели", "Weeks", "апта", "неделя"), "", required=False),
    Column("room", ("Кабинет", "Кабинет", "Room", "бөлме", "аудитория"), "", required=False),
)
_DAYS = {
    1: ("дүйсенбі", "понедельник", "monday", "дс", "пн", "mon"),
    2: ("сейсенбі", "вторник", "tuesday", "сс", "вт", "tue"),
    3: ("сәрсенбі", "среда", "wednesday", "ср", "wed"),
    4: ("бейсенбі", "четверг", "thursday", "бс", "чт", "thu"),
    5: ("жұма", "пятница", "friday", "жм", "пт", "fri"),
    6: ("сенбі", "суббота", "saturday", "сн", "сб", "sat"),
    7: ("жексенбі", "воскресенье", "sunday", "жк", "вс", "sun"),
}
DAY_OF = {word: day for day, words in _DAYS.items() for word in (*words, str(day))}
IN_WEEKS = {
    Weeks.EACH: ("", "", ""),
    Weeks.ODD: ("тақ", "нечётная", "odd"),
    Weeks.EVEN: ("жұп", "чётная", "even"),
}
WEEKS_OF = {plain(word): weeks for weeks, words in IN_WEEKS.items() for word in words} | {
    **dict.fromkeys(("әр апта", "каждая", "каждую неделю", "each", "each week"), Weeks.EACH),
    **dict.fromkeys(("тақ апта", "нечетная неделя", "odd week", "1"), Weeks.ODD),
    **dict.fromkeys(("жұп апта", "четная неделя", "even week", "2"), Weeks.EVEN),
}
NUMBERS = {str(number): number for number in range(1, 13)}
CLASHES = {
    ConflictKind.CLASS: message("The class has another lesson in this cell."),
    ConflictKind.TEACHER: message("The teacher has another lesson at this time."),
    ConflictKind.ROOM: message("Another lesson is in this room at this time."),
    ConflictKind.BELL: message("The class has no bell for this lesson on this weekday."),
}


@dataclass(frozen=True, slots=True)
class TimetableRead:
    """What became of a file: so many lessons; or what is wrong in which cell, and then nothing was changed."""

    count: int
    before: int  # lessons that the draft had
    problems: Sequence[Problem]
    was_taken: bool = False


async def import_timetable(
    services: Services, actor: Actor, school_id: int, timetable_id: int, content: bytes, on: date, deed: Deed
) -> TimetableRead:  # fmt: skip
    """Put the lessons of a file into a draft, in the place of its own. Raises NotAllowed, NotFound or FileRefused."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    version = await version_of(services, school_id, timetable_id)
    if not version.is_draft:
        raise NotFound
    async with ONE_AT_A_TIME:
        sheet = await asyncio.to_thread(read_one, content, COLUMNS, SLOTS_MAX)  # pages go on meanwhile
    book = await book_of(services, school_id, version.year, on)
    placed, problems = read_slots(sheet, book)
    slots = [slot for slot, _ in placed]
    if problems:
        return TimetableRead(0, version.slot_count, problems)
    if not slots:
        raise FileRefused(message("There is no lesson below the headings. Write one lesson a row."))
    if deed is Deed.TAKE:
        await put_all(services, actor, school_id, timetable_id, slots)
    return TimetableRead(len(slots), version.slot_count, (), was_taken=deed is Deed.TAKE)


def read_slots(sheet: OneSheet, book: Book) -> tuple[list[tuple[Slot, Line]], list[Problem]]:
    """Return the lessons of a sheet with their rows, and what is wrong: by cell, then what clashes."""
    known = _Known(book)
    placed: list[tuple[Slot, Line]] = []
    problems = list(sheet.problems)
    for row in sheet.rows:
        line = Line(sheet, row)
        slot = known.slot(line)
        if slot is not None:
            placed.append((slot, line))
        problems += line.problems
    if not problems:
        problems = _clashes(book, placed)
    return placed, problems


async def rows_of_version(services: Services, actor: Actor, school_id: int, timetable_id: int, on: date,
                          language: Language) -> list[Row]:  # fmt: skip
    """Return a version as the rows of a spreadsheet, which can be taken in again. Raises NotAllowed or NotFound."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    version = await version_of(services, school_id, timetable_id)
    book = await book_of(services, school_id, version.year, on)
    held = await slots_of_version(services.database.pool, timetable_id)
    place = list(Language).index(language)
    rows: list[Row] = [[column.names[place] for column in COLUMNS]]
    listed = [(book.courses[slot.course_id], slot) for slot in held.slots if slot.course_id in book.courses]
    rows += [
        [
            course.class_name, translate(language, WEEKDAYS[slot.weekday]), slot.number,
            course.subject.name(language.value), course.group,
            IN_WEEKS[slot.weeks][place], slot.room,
        ]
        for course, slot in sorted(listed, key=lambda each: (each[0].grade, each[0].class_name, each[1]))
    ]  # fmt: skip
    return rows


class _Known:
    """What words of a file may stand for at a school."""

    def __init__(self, book: Book) -> None:
        self._classes = {_tight(each.name): each.id for each in book.classes.values()}
        self._courses: defaultdict[tuple[int, str], list[Course]] = defaultdict(list)
        for course in book.courses.values():
            for name in {plain(each) for each in (*course.subject.names.values(), course.subject.code)}:
                self._courses[course.class_id, name].append(course)

    def slot(self, line: Line) -> Slot | None:
        """Return the lesson of a row; none of a row with something wrong."""
        class_id = self._classes.get(_tight(line.text("class")))
        if class_id is None:
            line.wrong("class", message("There is no such class. Write it as in the list of classes, as 5А."))
        weekday = line.one_of("weekday", DAY_OF, message("Write the weekday by its name, or as 1 to 7."))
        number = line.one_of("number", NUMBERS, message("Write which lesson of the day it is: 1 to 12."))
        weeks = line.one_of("weeks", WEEKS_OF, message("Write odd, even, or nothing for each week."))
        room = line.text("room")
        if len(room) > ROOM_MAX:
            line.wrong("room", message("Name the room, in {most} letters at most.", most=ROOM_MAX))
        course = None if class_id is None else self._course(line, class_id)
        if line.problems or course is None or weekday is None or number is None or weeks is None:
            return None
        return Slot(weekday, number, course.id, weeks, room)

    def _course(self, line: Line, class_id: int) -> Course | None:
        taught = self._courses.get((class_id, plain(line.text("subject"))), [])
        if not taught:
            line.wrong("subject", message("The class is not taught this subject. See “Who teaches what”."))
            return None
        group = plain(line.text("group"))
        fitting = [each for each in taught if plain(each.group) == group]
        if len(fitting) != 1:
            names = ", ".join(each.group or "—" for each in taught)
            line.wrong("group", message("Name the group as it stands there: {names}.", names=names))
            return None
        return fitting[0]


def _clashes(book: Book, placed: Sequence[tuple[Slot, Line]]) -> list[Problem]:
    """Return which rows can never be together: each cell that clashes, once for each of its rows."""
    lines: defaultdict[tuple[int, int, int], list[Line]] = defaultdict(list)
    seen: dict[tuple[int, int, int, Weeks], Line] = {}
    for slot, line in placed:
        lines[slot.weekday, slot.number, slot.course_id].append(line)
        if seen.setdefault((slot.weekday, slot.number, slot.course_id, slot.weeks), line) is not line:
            line.wrong("", message("This lesson stands in the file twice."))
    for each in conflicts(book.frame, [slot for slot, _ in placed]):
        if each.kind in NEVER:
            for course_id in each.course_ids:
                for line in lines.get((each.weekday, each.number, course_id), ()):
                    line.wrong("number", CLASHES[each.kind])
    return list(dict.fromkeys(_told(line for _, line in placed)))


def _told(lines: Iterable[Line]) -> Iterable[Problem]:
    return (problem for line in lines for problem in line.problems)


def _tight(name: str) -> str:
    return plain(name).replace(" ", "").replace("-", "").replace("«", "").replace("»", "").replace('"', "")
