"""Schools for the solver: small ones for tests, and one of forty classes in two shifts for its measurement."""

import random
from collections.abc import Sequence

from cloud.timetable.rules import Bell, ClassWeek, Frame, Off, Room, Taught

FIRST, SECOND = 8 * 60, 14 * 60
# Subject, hours a week, points of difficulty, groups, kind of room, whether doubles are welcome.
SUBJECTS = (
    ("mathematics", 5, 11, 1, "", False),
    ("kazakh", 4, 7, 2, "", False),
    ("literature", 3, 7, 1, "", False),
    ("russian", 2, 8, 1, "", False),
    ("english", 3, 8, 2, "", False),
    ("history", 2, 6, 1, "", False),
    ("geography", 2, 6, 1, "", False),
    ("biology", 2, 8, 1, "", False),
    ("physics", 2, 11, 1, "lab", False),
    ("chemistry", 2, 11, 1, "lab", False),
    ("informatics", 1, 9, 2, "computer", False),
    ("art", 1, 3, 1, "", False),
    ("labour", 2, 3, 2, "workshop", True),
    ("sport", 2, 4, 1, "gym", False),
)
LOAD = 20  # lessons of a teacher, at most


def bells(first_min: int, count: int = 7) -> list[Bell]:
    """Return lessons of 40 minutes with breaks of ten."""
    return [Bell(place + 1, first_min + 50 * place, first_min + 50 * place + 40) for place in range(count)]


def week(class_id: int, first_min: int = FIRST, days: int = 5, count: int = 7) -> ClassWeek:
    """Return a class with the same bells each day."""
    return ClassWeek(class_id, {day: bells(first_min, count) for day in range(1, days + 1)})


def course(
    course_id: int, class_id: int, teacher_id: int | None, hours: float = 1, subject_id: int = 0, **more: object
) -> Taught:
    """Return a course of so many hours a week."""
    return Taught(course_id, class_id, subject_id or course_id, "", teacher_id, round(hours * 2), **more)  # type: ignore[arg-type]


def school(classes: int, seed: int = 1, wishes: int = 0) -> Frame:
    """Return a school in two shifts that can be solved: teachers of a subject share its classes, none is overloaded."""
    rng = random.Random(seed)
    weeks = [week(number, FIRST if number % 2 else SECOND) for number in range(1, classes + 1)]
    courses: list[Taught] = []
    teachers = iter(range(1, 10_000))
    for subject_id, (_, hours, points, groups, kind, is_double) in enumerate(SUBJECTS, 1):
        busy: dict[int, int] = {}
        for own in weeks:
            beside: set[int] = set()
            for group in range(groups):
                teacher_id = next((one for one, held in busy.items() if held + hours <= LOAD and one not in beside), 0)
                teacher_id = teacher_id or next(teachers)
                busy[teacher_id] = busy.get(teacher_id, 0) + hours
                beside.add(teacher_id)
                name = f"{group + 1}" if groups > 1 else ""
                one = Taught(
                    len(courses) + 1, own.id, subject_id, name, teacher_id, hours * 2, "", kind, points, is_double
                )
                courses.append(one)
    everybody = sorted({each.teacher_id for each in courses if each.teacher_id})
    offs = [
        Off(rng.choice(everybody), rng.randint(1, 5), start, start + 150, is_wish=True)
        for start in (rng.choice((FIRST, FIRST + 150, SECOND, SECOND + 150)) for _ in range(wishes))
    ]
    return Frame(weeks, courses, offs, rooms(classes), points_max=50)


def rooms(classes: int) -> Sequence[Room]:
    """Return enough rooms of each kind."""
    kinds = {"gym": 2, "lab": 3, "computer": 2, "workshop": 4}
    of_kinds = [Room(f"{kind} {number + 1}", kind) for kind, most in kinds.items()
                for number in range(max(2, -(-most * classes // 40)))]  # fmt: skip
    return [*of_kinds, *(Room(f"{number % 3 + 1}{number:02}", "class") for number in range(classes))]
