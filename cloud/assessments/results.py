"""What was given to a course, what its students reached, and what one student is to take or has taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cloud.assessments.attempts import IS_MEMBER
from cloud.assessments.kinds import Attempt, Given
from cloud.assessments.papers import attempts_of
from cloud.assessments.reach import GIVEN, Reach, as_given
from cloud.assessments.rules import counting
from cloud.attendance.queries import SchoolToday
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.studies.queries import Course, Member, courses_by_id, courses_of, members_of
from cloud.studies.rules import year_of

GIVEN_MAX, OWN_MAX = 300, 100
AROUND = timedelta(days=14)  # now: a test that opens soon, or has closed lately, is in a student's list
_OF_COURSES = f"{GIVEN} WHERE course_id = ANY($1) ORDER BY closes_at DESC, id DESC LIMIT $2"
_OF_TEST = f"{GIVEN} WHERE assessment_id = $1 AND school_id = $2 ORDER BY closes_at DESC, id DESC LIMIT $3"
_OF_STUDENT = f"""{GIVEN}
WHERE EXISTS (SELECT FROM assessment_attempt AS own WHERE own.given_id = assessment_given.id AND own.person_id = $1)
  OR (opens_at <= $3 AND closes_at > $4 AND course_id IN (SELECT course.id FROM course WHERE {IS_MEMBER}))
ORDER BY closes_at DESC, id DESC LIMIT $5"""  # noqa: S608 (texts of ours)
_COUNTS = """
SELECT attempt.given_id, count(DISTINCT attempt.person_id) AS sat,
  count(DISTINCT attempt.id) FILTER (WHERE words_encrypted IS NOT NULL AND points IS NULL) AS waiting
FROM assessment_attempt AS attempt JOIN assessment_answer ON attempt_id = attempt.id
WHERE attempt.given_id = ANY($1) GROUP BY attempt.given_id
"""
_NAMED = """
SELECT id, ref, concat_ws(' ', surname, given_name) AS name FROM person
WHERE id = ANY($1) ORDER BY sort_key, id LIMIT 500
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A test that was given, in a list: how many sat for it, and how many attempts wait for a person."""

    given: Given
    course: Course
    sat: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Result:
    """A student with its attempts at a test, and the one that counts."""

    student: Member
    attempts: Sequence[Attempt]
    counts: Attempt | None
    is_member: bool  # of the course today


@dataclass(frozen=True, slots=True)
class Own:
    """A test as a student sees it in its list."""

    given: Given
    course: Course
    attempts: Sequence[Attempt]
    counts: Attempt | None

    def running(self, now: datetime) -> Attempt | None:
        """Return the attempt that goes on."""
        return next((each for each in self.attempts if not each.is_over(now)), None)

    def left(self) -> int:
        """Return how many attempts can still begin while the test is open."""
        return max(0, self.given.terms.attempts - len(self.attempts))


async def given_in(services: Services, reach: Reach, school: SchoolToday) -> list[Listed]:
    """Return the tests of this school year that somebody sees the results of, the last to close first."""
    classes = None if reach.reads_all else sorted(reach.classes)
    courses = dict(reach.courses)
    if classes is None or classes:
        found = await courses_of(services, school.id, year_of(school.on), class_ids=classes)
        courses |= {course.id: course for course in found}
    rows = await services.database.pool.fetch(_OF_COURSES, list(courses), GIVEN_MAX)
    return await _listed(services, [as_given(row) for row in rows], courses)


async def given_of(services: Services, school: SchoolToday, test_id: int) -> list[Listed]:
    """Return to which courses a test was given; that the actor makes it is checked before."""
    found = [as_given(row) for row in await services.database.pool.fetch(_OF_TEST, test_id, school.id, GIVEN_MAX)]
    years = await courses_of(services, school.id, year_of(school.on))
    courses = {course.id: course for course in years}
    return await _listed(services, [each for each in found if each.course_id in courses], courses)


async def results_of(services: Services, given: Given, course: Course, today: date) -> list[Result]:
    """Return what each student of a course has reached, by name, and then who took the test and has left the course."""
    attempts = (await attempts_of(services, [given.id]))[given.id]
    pool, now = services.database.pool, services.clock.now()
    members = (await members_of(pool, [course.id], today))[course.id]
    here = {each.id for each in members}
    gone = sorted({each.person_id for each in attempts} - here)
    left = [Member(**row) for row in await pool.fetch(_NAMED, gone)] if gone else []
    return [
        Result(each, own, counting(own, given.terms.counts, now), each.id in here)
        for each in [*members, *left]
        for own in [[attempt for attempt in attempts if attempt.person_id == each.id]]
    ]


async def tests_of(services: Services, school_id: int, person_id: int, today: date) -> list[Own]:
    """Return the tests that a student is to take now or soon, and those that it took; rights were asked before."""
    now = services.clock.now()
    rows = await services.database.pool.fetch(_OF_STUDENT, person_id, today, now + AROUND, now - AROUND, OWN_MAX)
    found = [as_given(row) for row in rows]
    attempts = await attempts_of(services, [each.id for each in found], person_id)
    courses = await courses_by_id(services, school_id, {each.course_id for each in found})
    return [
        Own(each, courses[each.course_id], attempts[each.id], counting(attempts[each.id], each.terms.counts, now))
        for each in found
    ]


async def test_of_student(services: Services, school_id: int, person_id: int, today: date, given_id: int) -> Own:
    """Return one of the tests of a student. Raises NotFound."""
    for each in await tests_of(services, school_id, person_id, today):
        if each.given.id == given_id:
            return each
    raise NotFound


async def _listed(
    services: Services, found: Sequence[Given], courses: Mapping[int, Course]
) -> list[Listed]:  # fmt: skip
    rows = await services.database.pool.fetch(_COUNTS, [each.id for each in found])
    counts = {row["given_id"]: (row["sat"], row["waiting"]) for row in rows}
    return [Listed(each, courses[each.course_id], *counts.get(each.id, (0, 0))) for each in found]
