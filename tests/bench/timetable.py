"""What is measured of the solver: a school of forty classes in two shifts, solved on two cores, and how well."""

from cloud.timetable.problem import Problem
from cloud.timetable.rules import conflicts
from cloud.timetable.solving import solve
from tests.bench.table import Figure, at_most
from tests.cloud.timetable.frames import school

CLASSES, WISHES, SECONDS, WORKERS = 40, 60, 240.0, 2


def timetable_of_forty_classes() -> list[Figure]:
    """Solve the timetable of a school, and tell how long it took and how good it is."""
    frame = school(CLASSES, wishes=WISHES)
    outcome = solve(Problem(frame, seconds=SECONDS, workers=WORKERS))
    assert conflicts(frame, outcome.slots) == [], "what was found breaks a rule"
    told = outcome.quality
    teachers = len({course.teacher_id for course in frame.courses})
    method = (
        f"{CLASSES} classes in two shifts, {teachers} teachers, {told.wanted // 2:,} lessons with groups, "
        f"{WORKERS} cores, {SECONDS:g} s at most"
    )  # fmt: skip
    return [
        at_most("a timetable solved", outcome.took_s, "s", method, ceiling=300),
        at_most("lessons without a place", sum(outcome.missing.values()) / 2, "", method, ceiling=0),
        Figure("free lessons between a teacher's own, a week", told.gaps, "", method),
        Figure("double lessons, a week", told.doubles, "", method),
        Figure("lessons at times that teachers would rather not have", told.unmet, "", f"{WISHES} wishes"),
        Figure("hard subjects first or last, a week", told.edges, "", method),
    ]


MEASUREMENTS = (timetable_of_forty_classes,)
