"""A school whose timetable can be made: 5А and 6Ә with two teachers, and lessons that are laid out from today on."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from cloud.core.services import Services
from cloud.studies.queries import Course, course_of
from cloud.timetable.laying import lay_out
from cloud.timetable.lessons import Lesson, lessons_between
from cloud.timetable.rules import Slot
from cloud.timetable.versions import add_draft, publish, put_slot
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.studies.factory import TODAY as TODAY  # noqa: PLC0414 (found here with the days after it)
from tests.cloud.studies.factory import Studies, studies

TUESDAY, WEDNESDAY, THURSDAY = TODAY, TODAY + timedelta(days=1), TODAY + timedelta(days=2)
NEXT_TUESDAY = TODAY + timedelta(days=7)
_MARK = """
INSERT INTO journal_mark (school_id, number, lesson_id, person_id, "on", here, points, at, by_name)
SELECT $1, 1, id, $3, "on", 'present', 8, $4, 'Сейіт Айгүл' FROM lesson WHERE id = $2
"""


@dataclass(slots=True)
class Planned:
    """The school with further courses: history of 5А by the second teacher, mathematics of 6Ә by the first one."""

    services: Services
    studies: Studies
    history: int
    elsewhere: int  # mathematics of 6Ә
    drafts: list[int] = field(default_factory=list)

    @classmethod
    async def begun(cls, services: Services) -> "Planned":
        """Open the school."""
        own = await studies(services)
        history = await own.course("history", "", 1, 4)
        elsewhere = await own.course("mathematics", "", 0, 10, own.other_class_id)
        return cls(services, own, history, elsewhere)

    @property
    def school_id(self) -> int:
        return self.studies.school_id

    @property
    def mathematics(self) -> int:
        return self.studies.mathematics

    async def draft(self, *slots: Slot, name: str = "Күзгі кесте") -> int:
        """Begin a draft with these slots."""
        draft_id = await add_draft(self.services, SYSTEM, self.school_id, name, TODAY)
        for slot in slots:
            await put_slot(self.services, SYSTEM, self.school_id, draft_id, slot, TODAY)
        self.drafts.append(draft_id)
        return draft_id

    async def published(self, *slots: Slot, first_on: date = TODAY) -> int:
        """Publish a timetable with these slots from a day on, and lay its lessons out."""
        draft_id = await self.draft(*slots)
        await publish(self.services, SYSTEM, self.school_id, draft_id, (first_on, None), TODAY)
        await lay_out(self.services, self.school_id)
        return draft_id

    async def usual(self) -> int:
        """Publish the usual timetable: Tuesdays mathematics and history, Wednesdays mathematics of both classes."""
        return await self.published(
            Slot(2, 1, self.mathematics, room="214"), Slot(2, 2, self.history),
            Slot(3, 1, self.mathematics), Slot(3, 2, self.elsewhere),
        )  # fmt: skip

    async def lessons(self, first_on: date = TODAY, last_on: date | None = None) -> list[Lesson]:
        """Return lessons of days, or of one."""
        return await lessons_between(self.services, self.school_id, first_on, last_on or first_on)

    async def told(self, first_on: date, last_on: date | None = None) -> list[tuple[date, int, int]]:
        """Return day, number and course of the lessons of days, or of one."""
        return [(each.on, each.number, each.course.id) for each in await self.lessons(first_on, last_on)]

    async def lesson(self, course_id: int, on: date) -> Lesson:
        """Return a course's lesson of a day."""
        return next(each for each in await self.lessons(on) if each.course.id == course_id)

    async def course(self, course_id: int) -> Course:
        """Return a course."""
        return await course_of(self.services, self.school_id, course_id)


async def marked(services: Services, school_id: int, lesson_id: int, person_id: int) -> None:
    """Let the journal have the school's first mark, of a lesson."""
    await services.database.pool.execute(_MARK, school_id, lesson_id, person_id, services.clock.now())
