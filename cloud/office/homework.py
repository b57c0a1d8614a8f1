"""What pages of homework share: the form of a homework, the lessons that it offers with their load, and files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import Depends, Form, UploadFile

from cloud.attendance.web import Desk, own_desk
from cloud.core.days import day_of
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.homework.errors import HomeworkRefused
from cloud.homework.kinds import NO_LOAD, Given, Homework, Load
from cloud.homework.norms import norms_of
from cloud.homework.queries import loads_between
from cloud.homework.rules import norm_of
from cloud.homework.setting import learners_on, offered_lessons
from cloud.portfolio.files import PICTURE_MAX
from cloud.studies.queries import Course, Member, subjects_of

HomeworkDesk = Annotated[Desk, Depends(own_desk(Right.HOMEWORK_READ, Right.HOMEWORK_SET))]
Typed = Annotated[str, Form(max_length=300)]
Long = Annotated[str, Form(max_length=10_000)]
Refs = Annotated[list[str], Form(max_length=200)]


@dataclass(frozen=True, slots=True)
class HomeworkForm:
    """What the form of a homework says; `due` is a day and a lesson of it, as 2026-09-02.3, or nothing: `day` then."""

    task: Long = ""
    due: Typed = ""
    day: Typed = ""
    minutes: Typed = ""
    links: Long = ""
    some: Typed = ""

    def given(self, refs: Sequence[str]) -> Given:
        """Return what was meant. Raises HomeworkRefused."""
        minutes = self.minutes.strip() or "0"
        if not (minutes.isascii() and minutes.isdigit() and len(minutes) < 5):
            raise HomeworkRefused(message("Write the minutes as a number."))
        if self.some and not refs:
            raise HomeworkRefused(message("Choose the students, or set it for all."))
        text, _, number = self.due.partition(".")
        on = day_of(text or self.day)
        if on is None or (number and not (number.isascii() and number.isdigit() and len(number) < 3)):
            raise HomeworkRefused(message("Choose the lesson or the day by which it is to be done."))
        chosen = frozenset(refs) if self.some else frozenset()
        return Given(self.task, on, int(number) if number else None, int(minutes), self.links, chosen)


@dataclass(frozen=True, slots=True)
class Offered:
    """A lesson by which homework can be due, with what its day has already."""

    on: date
    number: int
    load: Load

    @property
    def code(self) -> str:
        return f"{self.on}.{self.number}"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the form of a homework offers: lessons, students, and how much a day bears."""

    lessons: Sequence[Offered]
    learners: Sequence[Member]
    norm: int


async def choice_of(desk: Desk, course: Course) -> Choice:
    """Return what the form of a course's homework offers; who asks was judged before."""
    lessons = await offered_lessons(desk.services, course.id, desk.school.on)
    learners = await learners_on(desk.services, course.id, desk.school.on)
    last_on = lessons[-1][0] if lessons else desk.school.on + timedelta(days=1)
    people = {each.id for each in learners}
    loads = await loads_between(desk.services, course.class_id, desk.school.on, last_on, people)
    offered = [Offered(on, number, loads.get(on, NO_LOAD)) for on, number in lessons]
    return Choice(offered, learners, await norm_for(desk, course.grade))


async def norm_for(desk: Desk, grade: int) -> int:
    """Return how many minutes of homework a day bears in a grade."""
    return norm_of(await norms_of(desk.services, desk.school.id), grade)


async def subject_names(desk: Desk) -> Mapping[int, str]:
    """Return what the school's subjects are called in the reader's language, by their ids."""
    language = desk.visit.language.value
    return {each.id: each.name(language) for each in await subjects_of(desk.services, desk.school.id)}


def here_of(desk: Desk) -> str:
    """Return the address of the school's homework."""
    return f"/schools/{desk.school.code}/homework"


def form_of(homework: Homework) -> HomeworkForm:
    """Return the form of a homework as it stands."""
    due = f"{homework.due_on}.{homework.due_number}" if homework.due_number else ""
    return HomeworkForm(
        homework.task, due, homework.due_on.isoformat(), str(homework.minutes), "\n".join(homework.links),
        "yes" if homework.is_named else "",
    )  # fmt: skip


async def uploads_in(files: Sequence[UploadFile]) -> list[tuple[str, bytes]]:
    """Return names and contents of the files of a form; a field that was left empty is none."""
    uploads = [(file.filename or "", await file.read(PICTURE_MAX + 1)) for file in files]
    return [(name, content) for name, content in uploads if content]
