"""Every subject of the report builder, in the order in which they are offered."""

from cloud.builder.canteen_subjects import MEALS, MONEY
from cloud.builder.declared import Subject
from cloud.builder.gate_subjects import ABSENCES, ATTENDANCE, PASSAGES, REGISTER, STAFF_HOURS
from cloud.builder.learning_subjects import COURSES, LESSONS, MARKS
from cloud.builder.service_subjects import ALARMS, DEEDS, DELIVERIES, HEALTH, MESSAGES, NOTICES, SIGN_INS

SUBJECTS = {
    each.key: each
    for each in (
        ATTENDANCE, REGISTER, ABSENCES, PASSAGES, STAFF_HOURS, MARKS, LESSONS, COURSES, MEALS, MONEY, NOTICES,
        DELIVERIES, MESSAGES, DEEDS, SIGN_INS, HEALTH, ALARMS,
    )
}  # fmt: skip


def subject_of(key: str) -> Subject | None:
    """Return a subject; None where there is none, as of a newer version."""
    return SUBJECTS.get(key)
