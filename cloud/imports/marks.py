"""Takes marks of a course from a spreadsheet into its journal, all of them or nothing: students down, lessons across.

Rule: what is written goes through the journal's own rules, as if its teacher typed it. A cell in which something else
stands already is told and not written over; an empty cell of the file changes nothing.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, Refused
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.imports.actions import ONE_AT_A_TIME
from cloud.imports.columns import Column, plain
from cloud.imports.errors import FileRefused
from cloud.imports.lines import Deed, Line
from cloud.imports.onesheet import OneSheet, read_one
from cloud.imports.report import Problem
from cloud.journal.kinds import NOTHING, Cell, Here, Lesson, Standing
from cloud.journal.marking import Change, Place, mark_lessons, place_of
from cloud.journal.queries import Learner, cells_of, learners_of, lessons_of
from cloud.journal.reach import course_within
from cloud.journal.rules import Hand, check_lesson, check_points, read_cell
from cloud.studies.rules import days_of

ROWS_MAX, COLUMNS_MAX = 200, 400
STUDENT = Column("student", ("Оқушы", "Ученик", "Student", "фио", "аты-жөні", "тегі, аты", "фамилия, имя", "name"), "")
# What stands beside marks in such sheets, and is counted here.
BESIDE = frozenset(
    plain(each) for each in (
        "№", "№ п/п", "No.", "Орташа", "Средний балл", "Mean", "БЖБ, %", "СОР, %", "SOR, %", "ТЖБ, %", "СОЧ, %",
        "SOCH, %", "%", "Баға", "Отметка", "Mark", "Итог", "Қорытынды",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MarksRead:
    """What became of a file: so many cells; or what is wrong in which cell, and then nothing was changed."""

    count: int  # that are written, or would be
    same: int  # in which the same stands already
    problems: Sequence[Problem]
    was_taken: bool = False


@dataclass(slots=True)
class Read:
    """What a sheet says of a course."""

    changes: dict[int, list[Change]] = field(default_factory=lambda: defaultdict(list))  # by lesson
    same: int = 0
    problems: list[Problem] = field(default_factory=list)


async def import_marks(
    services: Services, actor: Actor, school: SchoolToday, course_id: int, content: bytes, deed: Deed
) -> MarksRead:  # fmt: skip
    """Write the marks of a file; what is wrong is told by cell, and then nothing is written.

    Raises NotAllowed, NotFound, FileRefused, or JournalChanged where somebody was quicker.
    """
    reach, course = await course_within(services, actor, school, course_id)
    first_on, _ = days_of(course.year)
    lessons = [
        each for each in await lessons_of(services, [course.id], first_on, school.on)
        if not each.is_off and reach.hand_at(course, each) is Hand.TEACHER
    ]  # fmt: skip
    if not lessons:
        raise NotAllowed(message("Who teaches the course, or gives this lesson, writes. You can look."))
    named = names_of(lessons)
    columns = (STUDENT, *(Column(str(each.id), named[each.id], "", required=False) for each in lessons))
    async with ONE_AT_A_TIME:
        sheet = await asyncio.to_thread(read_one, content, columns, ROWS_MAX, COLUMNS_MAX)  # pages go on meanwhile
    taken = [each for each in lessons if str(each.id) in sheet.headings]
    learners = (await learners_of(services.database.pool, [course.id], first_on, school.on))[course.id]
    standing = await cells_of(services.database.pool, [each.id for each in taken])
    places = {each.id: await place_of(services, actor, school, course.id, each.id) for each in taken}
    read = read_marks(sheet, places, learners, standing, school)
    if read.problems:
        return MarksRead(0, read.same, read.problems)
    if not taken:
        raise FileRefused(message("No column is headed by the day of a lesson, as 15.09.2026."))
    wanted = [(places[lesson_id], changes) for lesson_id, changes in read.changes.items()]
    if deed is Deed.TAKE and wanted:
        await mark_lessons(services, actor, school, wanted)
    count = sum(len(changes) for _, changes in wanted)
    return MarksRead(count, read.same, (), was_taken=deed is Deed.TAKE)


def names_of(lessons: Sequence[Lesson]) -> dict[int, tuple[str, ...]]:
    """Return by which headings each lesson is found: its day, and its number where there are two on the day."""
    on_day = Counter(each.on for each in lessons)
    named = {}
    for each in lessons:
        days = (f"{each.on:%d.%m.%Y}", f"{each.on:%Y-%m-%d}", f"{each.on:%Y-%m-%d} 00:00:00")
        numbered = tuple(f"{day} ({each.number})" for day in days[:2])
        named[each.id] = (*days, *numbered) if on_day[each.on] == 1 else numbered
    return named


def heading_of(lesson: Lesson, lessons: Sequence[Lesson]) -> str:
    """Return the heading of a lesson's column, by which it is found again."""
    alone = sum(each.on == lesson.on for each in lessons) == 1
    return f"{lesson.on:%d.%m.%Y}" if alone else f"{lesson.on:%d.%m.%Y} ({lesson.number})"


def read_marks(
    sheet: OneSheet, places: Mapping[int, Place], learners: Sequence[Learner],
    standing: Mapping[tuple[int, int], Standing], school: SchoolToday,
) -> Read:  # fmt: skip
    """Return what a sheet writes, by lesson, and what is wrong by cell."""
    read = Read(problems=[*sheet.problems, *_unknown(sheet)])
    for lesson_id, place in places.items():
        try:
            check_lesson(place.hand, place.lesson, place.quarter, school.on, "")
        except Refused as refused:
            heading = sheet.headings[str(lesson_id)]
            read.problems.append(Problem(sheet.name, sheet.heading_row, heading, refused.message))
    by_name: defaultdict[str, list[Learner]] = defaultdict(list)
    for learner in learners:
        by_name[plain(learner.name)].append(learner)
    seen: set[int] = set()
    for row in sheet.rows:
        line = Line(sheet, row)
        learner_found = _learner(line, by_name, seen)
        if learner_found is not None:
            for lesson_id, place in places.items():
                _read_cell(read, line, place, learner_found, standing.get((lesson_id, learner_found.id), NOTHING))
        read.problems += line.problems
    return read


def _unknown(sheet: OneSheet) -> list[Problem]:
    told = message("No lesson of yours in this course is on this day. Write its day as 15.09.2026, or take it out.")
    return [
        Problem(sheet.name, sheet.heading_row, heading, told) for heading in sheet.unknown
        if plain(heading) not in BESIDE
    ]  # fmt: skip


def _learner(line: Line, by_name: Mapping[str, Sequence[Learner]], seen: set[int]) -> Learner | None:
    name = line.text("student")
    found = by_name.get(plain(name), ())
    if not name:
        line.wrong("student", message("Write who it is."))
    elif not found:
        line.wrong(
            "student", message("Nobody of this name learns in the course. Write surname and name as it has them.")
        )
    elif len(found) > 1:
        line.wrong("student", message("Two in the course have this name: write their marks into the journal by hand."))
    elif found[0].id in seen:
        line.wrong("student", message("This student stands in the file twice."))
    else:
        seen.add(found[0].id)
        return found[0]
    return None


def _read_cell(read: Read, line: Line, place: Place, learner: Learner, stands: Standing) -> None:
    """Read one cell; what is wrong is told at it."""
    key = str(place.lesson.id)
    typed = line.text(key)
    if not typed:
        return
    if not learner.is_in(place.lesson.on):
        line.wrong(key, message("This student was not in the class or group on that day."))
        return
    try:
        cell = read_cell(typed, stands.cell, place.lesson.kind)
        check_points(cell, place.lesson, place.scheme, place.course.grade)
    except Refused as refused:
        line.wrong(key, refused.message)
        return
    if cell == stands.cell:
        read.same += 1
    elif _clashes(cell, stands.cell):
        line.wrong(key, message("Something else stands in the journal there. Put it right in the journal itself."))
    else:
        read.changes[place.lesson.id].append(Change(learner.ref, typed, stands.number))


def _clashes(cell: Cell, stands: Cell) -> bool:
    """Tell whether writing a cell would take something away that stands there."""
    loses_points = stands.points is not None and cell.points != stands.points
    return loses_points or stands.here not in (Here.UNSAID, cell.here)
