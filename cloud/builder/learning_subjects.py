"""Subjects of learning: marks and who was there, lessons, courses."""

from cloud.builder.declared import Column, Subject, classes, days, student
from cloud.builder.kinds import Kind
from cloud.core.i18n import N_
from cloud.core.rights import Right

KINDS_OF_LESSONS = {"lesson": N_("Lesson"), "sor": N_("SOR"), "soch": N_("SOCH")}
TAUGHT = (
    "SELECT code, min(name_kk) AS kk, min(name_ru) AS ru, min(name_en) AS en FROM school_subject"
    " WHERE school_id = ANY($1) GROUP BY code ORDER BY min(id) LIMIT 300"
)


def _subject() -> Column:
    return Column("subject", N_("Subject"), Kind.NAMED, "taught.code", ("taught.id",), options=TAUGHT)


def _teacher(sql: str) -> Column:
    return Column("teacher", N_("Teacher"), Kind.PERSON, sql, ("t.sort_key",))


def _kind() -> Column:
    return Column("kind", N_("What is given"), Kind.WORD, "lesson.kind", words=KINDS_OF_LESSONS)


MARKS = Subject(
    "marks", N_("Marks and attendance at lessons"),
    N_("What stands in journals: points, who was absent, late or away for the school, lesson by lesson."),
    N_("Cells of journals"), Right.JOURNAL_READ,
    """FROM (
  SELECT DISTINCT ON (lesson_id, person_id) school_id, lesson_id, person_id, here, points, by_name FROM journal_mark
  WHERE school_id = ANY({schools}) AND "on" BETWEEN {first} AND {last} ORDER BY lesson_id, person_id, number DESC
) AS mark JOIN lesson ON lesson.id = mark.lesson_id JOIN course ON course.id = lesson.course_id
JOIN school_subject AS taught ON taught.id = course.subject_id
LEFT JOIN lesson_plan AS plan ON plan.lesson_id = lesson.id LEFT JOIN person AS t ON t.id = course.teacher_id
JOIN person AS p ON p.id = mark.person_id JOIN school_class AS c ON c.id = course.school_class_id
WHERE NOT lesson.is_off AND (mark.points IS NOT NULL OR mark.here <> 'unsaid')""",
    (
        *days('lesson."on"'), *classes(), student(), _subject(), _teacher("course.teacher_id"), _kind(),
        Column("points", N_("Points"), Kind.NUMBER, "mark.points::int"),
        Column("points_max", N_("Points at most"), Kind.NUMBER,
               "CASE WHEN lesson.kind <> 'lesson' THEN plan.points_max::int END"),
        Column("percent", N_("Percent of a summative work"), Kind.NUMBER,
               "CASE WHEN lesson.kind <> 'lesson' THEN round(100.0 * mark.points / plan.points_max)::int END"),
        Column("absent", N_("Absent"), Kind.YES, "(mark.here = 'absent')"),
        Column("late", N_("Late"), Kind.YES, "(mark.here = 'late')"),
        Column("by", N_("Marked by"), Kind.TEXT, "mark.by_name", is_personal=True),
    ),
    groups=("subject",), measures=("count", "average:points", "share:absent"), class_sql="course.school_class_id",
    person_sql="p.id",
)  # fmt: skip

LESSONS = Subject(
    "lessons", N_("Lessons"),
    N_("Lessons of the timetable and by hand: given or called off, with a theme or without, filled in or not."),
    N_("Lessons"), Right.JOURNAL_READ,
    """FROM lesson JOIN course ON course.id = lesson.course_id
JOIN school_subject AS taught ON taught.id = course.subject_id LEFT JOIN person AS t ON t.id = lesson.teacher_id
JOIN school_class AS c ON c.id = course.school_class_id
WHERE lesson.school_id = ANY({schools}) AND lesson."on" BETWEEN {first} AND {last}""",
    (
        *days('lesson."on"'), *classes(), _subject(), _teacher("lesson.teacher_id"), _kind(),
        Column("number", N_("Number of the lesson"), Kind.NUMBER, "lesson.number::int"),
        Column("theme", N_("Theme"), Kind.TEXT, "lesson.theme"),
        Column("has_theme", N_("With a theme"), Kind.YES, "(lesson.theme <> '')"),
        Column("off", N_("Called off"), Kind.YES, "lesson.is_off"),
        Column("filled", N_("Filled in"), Kind.YES,
               "EXISTS (SELECT FROM journal_mark WHERE lesson_id = lesson.id)"),
        Column("substitute", N_("By another teacher"), Kind.YES,
               "(lesson.teacher_id IS DISTINCT FROM course.teacher_id)"),
    ),
    groups=("class",), measures=("count", "share:has_theme", "share:filled"), class_sql="course.school_class_id",
)  # fmt: skip

COURSES = Subject(
    "courses", N_("Who teaches what"),
    N_("Courses of the school years in these days: class, subject, teacher, hours a week, vacancies."),
    N_("Courses"), Right.STUDIES_READ,
    """FROM course JOIN school_subject AS taught ON taught.id = course.subject_id
LEFT JOIN person AS t ON t.id = course.teacher_id JOIN school_class AS c ON c.id = course.school_class_id
WHERE course.school_id = ANY({schools}) AND make_date(course.year + 1, 8, 1) > {first}
  AND make_date(course.year, 8, 1) <= {last}""",
    (
        *classes(), _subject(), _teacher("course.teacher_id"),
        Column("year", N_("School year from"), Kind.NUMBER, "course.year::int"),
        Column("group", N_("Group"), Kind.TEXT, "course.group_name"),
        Column("lessons", N_("Lessons in two weeks"), Kind.NUMBER, "course.half_hours::int"),
        Column("vacancy", N_("Vacancy"), Kind.YES, "(course.teacher_id IS NULL)"),
        Column("ended", N_("Ended"), Kind.YES, "(course.ended_on IS NOT NULL)"),
    ),
    groups=("teacher",), measures=("count", "sum:lessons"),
)  # fmt: skip
