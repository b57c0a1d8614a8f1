"""A school at which 5А is taught by two teachers, for tests of learning."""

from dataclasses import dataclass
from datetime import date, timedelta

from cloud.accounts.actions import add_account
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.people.actions import add_person
from cloud.people.bulk import PersonGiven
from cloud.people.kinds import PersonRole
from cloud.schools.actions import add_class
from cloud.studies.actions import add_state_subjects, put_course, set_members, tie_account
from cloud.studies.queries import subjects_of
from cloud.studies.rules import CourseGiven, year_of
from tests.cloud.schools.factory import SYSTEM, a_school

TODAY = date(2026, 9, 1)  # a Tuesday, as the simulated clock begins
STUDENTS = (("Әліби", "Айгерім"), ("Бек", "Санжар"), ("Жұмабай", "Дана"), ("Ким", "Ольга"))


@dataclass(slots=True)
class Studies:
    """5А with four students: mathematics with one teacher, English in two groups with another one; and a class 6Ә."""

    services: Services
    school_id: int
    year: int
    class_id: int
    other_class_id: int
    student_ids: list[int]  # of 5А, in the order of their names
    stranger_id: int  # of 6Ә
    teacher_ids: list[int]  # persons
    teachers: list[Actor]  # their accounts
    subjects: dict[str, int]  # by code
    mathematics: int  # courses
    english: list[int]  # its two groups: students 0 and 1, students 2 and 3
    office: Actor
    deputy: Actor

    @property
    def today(self) -> date:
        """Return the school's own day."""
        return (self.services.clock.now() + timedelta(hours=5)).date()

    def given(self, code: str, group: str = "", teacher: int | None = 0, half_hours: int = 4) -> CourseGiven:
        """Return a course of 5А as it is asked for; `teacher` is the first or the second, or none."""
        teacher_id = None if teacher is None else self.teacher_ids[teacher]
        return CourseGiven(self.year, self.class_id, self.subjects[code], half_hours, group, teacher_id)

    async def course(
        self, code: str, group: str = "", teacher: int | None = 0, half_hours: int = 4, class_id: int | None = None
    ) -> int:
        """Add a course, of 5А if no other class is named, and return its id."""
        given = self.given(code, group, teacher, half_hours)
        if class_id is not None:
            given = CourseGiven(given.year, class_id, given.subject_id, half_hours, group, given.teacher_id)
        return await put_course(self.services, SYSTEM, self.school_id, given)


async def a_person(services: Services, school_id: int, role: PersonRole, name: tuple[str, str], number: str,
                   class_id: int | None = None) -> int:  # fmt: skip
    """Add a person and return the id."""
    given = PersonGiven(role=role, surname=name[0], given_name=name[1], number=number, class_id=class_id)
    return await add_person(services, SYSTEM, school_id, given)


async def a_teacher(services: Services, school_id: int, name: tuple[str, str], login: str) -> tuple[int, Actor]:
    """Add a teacher with an account that is tied to the person; return both."""
    person_id = await a_person(services, school_id, PersonRole.STAFF, name, f"staff-{login}")
    reach = Reach(Role.TEACHER, school_id)
    account = await add_account(services, SYSTEM, login, " ".join(name), reach)
    await tie_account(services, SYSTEM, school_id, person_id, account.account_id)
    return person_id, Actor(" ".join(name), account.account_id, frozenset({reach}))


async def studies(services: Services, code: str = "almaty5") -> Studies:
    """Open the school."""
    school_id = await a_school(services, code)
    class_id, other_class_id = [
        await add_class(services, SYSTEM, school_id, grade, letter) for grade, letter in ((5, "А"), (6, "Ә"))
    ]
    students = [
        await a_person(services, school_id, PersonRole.STUDENT, name, f"5-{number}", class_id)
        for number, name in enumerate(STUDENTS)
    ]
    stranger = await a_person(services, school_id, PersonRole.STUDENT, ("Омар", "Темір"), "6-1", other_class_id)
    await add_state_subjects(services, SYSTEM, school_id)
    first = await a_teacher(services, school_id, ("Сейіт", "Айгүл"), f"{code}-first")
    second = await a_teacher(services, school_id, ("Ким", "Вера"), f"{code}-second")
    office, deputy = [
        Actor(name, reaches=frozenset({Reach(role, school_id)}))
        for name, role in (("Гүлнар Ахметова", Role.OFFICE), ("Ерлан Нұр", Role.DEPUTY))
    ]
    subjects = {each.code: each.id for each in await subjects_of(services, school_id)}
    today = (services.clock.now() + timedelta(hours=5)).date()
    school = Studies(
        services, school_id, year_of(today), class_id, other_class_id, students, stranger, [first[0], second[0]],
        [first[1], second[1]], subjects, 0, [], office, deputy,
    )  # fmt: skip
    school.mathematics = await school.course("mathematics", half_hours=10)
    for number, group in enumerate(("1", "2")):
        course_id = await school.course("english", group, 1, 6)
        await set_members(services, SYSTEM, school_id, course_id, students[2 * number : 2 * number + 2], today)
        school.english.append(course_id)
    return school
