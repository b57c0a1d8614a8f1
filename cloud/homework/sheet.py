"""Homework with what became of it: its students for who teaches, and a student's own for the family.

Rule: a mark is read from the journal's cell, where it may be put right later. A draft is the family's alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from cloud.core.services import Services
from cloud.homework.kinds import Answer, Homework, Recipient, Stands, State
from cloud.homework.queries import answers_of, homework_of_person, last_of, received, recipients_of
from cloud.homework.rules import is_open, standing
from cloud.journal.queries import cells_of

DONE = frozenset({Stands.HANDED, Stands.HANDED_LATE, Stands.CHECKED, Stands.CLOSED})


@dataclass(frozen=True, slots=True)
class Row:
    """A student in the list of a homework: what was handed in, and the points that stand in the journal for it."""

    pupil: Recipient
    answers: Sequence[Answer]
    stands: Stands
    points: int | None

    @property
    def last(self) -> Answer | None:
        return self.answers[-1] if self.answers else None

    @property
    def number(self) -> int:
        """Return the number of what was handed in last; 0 where nothing was."""
        return self.answers[-1].number if self.answers else 0

    @property
    def seen(self) -> int:
        """Return what tells the last of it as it stands; 0 where nothing was handed in."""
        return self.answers[-1].seen if self.answers else 0

    @property
    def waits(self) -> bool:
        return self.stands in (Stands.HANDED, Stands.HANDED_LATE)


@dataclass(frozen=True, slots=True)
class Task:
    """Homework of a student, as the family has it."""

    homework: Homework
    answers: Sequence[Answer]  # without the draft
    draft: Answer | None
    stands: Stands
    points: int | None
    is_open: bool  # something can be handed in now

    @property
    def is_done(self) -> bool:
        """Tell whether nothing is to be done any more by the student."""
        return self.stands in DONE

    @property
    def last(self) -> Answer | None:
        return self.answers[-1] if self.answers else None


async def sheet_of(services: Services, homework: Homework) -> list[Row]:
    """Return the students of a homework by name, with what became of it; rights were asked before."""
    pool, now = services.database.pool, services.clock.now()
    pupils = await recipients_of(pool, homework.id)
    every = await answers_of(services, pool, [homework.id], [each.id for each in pupils])
    points = await points_of(services, every.values())
    rows = []
    for pupil in pupils:
        answers = [each for each in every.get((homework.id, pupil.id), []) if each.state is not State.DRAFT]
        last = last_of(answers)
        rows.append(Row(pupil, answers, standing(homework, last, now), points.get(last.id) if last else None))
    return rows


async def tasks_of(services: Services, person_id: int, first_on: date, last_on: date) -> list[Task]:
    """Return a student's homework that is due between two days, what is due first at the head.

    Whose it is, is the caller's to check.
    """
    return await _tasks(services, person_id, await homework_of_person(services, person_id, first_on, last_on))


async def task_of(services: Services, person_id: int, homework_id: int) -> Task:
    """Return one homework of a student; whose it is, is the caller's to check. Raises NotFound."""
    homework = await received(services.database.pool, person_id, homework_id)
    return (await _tasks(services, person_id, [homework]))[0]


async def points_of(services: Services, answers: Iterable[Sequence[Answer]]) -> dict[int, int]:
    """Return the points that stand in the journal for what was handed in, by the ids of answers."""
    marked = [each for own in answers for each in own if each.lesson_id is not None]
    lessons = {each.lesson_id for each in marked if each.lesson_id is not None}
    cells = await cells_of(services.database.pool, lessons, {each.person_id for each in marked})
    points = {}
    for each in marked:
        cell = cells.get((each.lesson_id or 0, each.person_id))
        if cell is not None and cell.cell.points is not None:
            points[each.id] = cell.cell.points
    return points


async def _tasks(services: Services, person_id: int, every: Sequence[Homework]) -> list[Task]:
    pool, now = services.database.pool, services.clock.now()
    found = await answers_of(services, pool, [each.id for each in every], [person_id])
    points = await points_of(services, found.values())
    tasks = []
    for homework in every:
        own = found.get((homework.id, person_id), [])
        answers, last = [each for each in own if each.state is not State.DRAFT], last_of(own)
        draft = next((each for each in own if each.state is State.DRAFT), None)
        stands, mark = standing(homework, last, now), points.get(last.id) if last else None
        tasks.append(Task(homework, answers, draft, stands, mark, is_open(homework, last, now)))
    return tasks
