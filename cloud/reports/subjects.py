"""The subjects of monthly reports there are, by the key that stands in kept reports and addresses."""

from enum import StrEnum
from typing import Any

from cloud.core.actor import Actor
from cloud.reports.attendance import ATTENDANCE
from cloud.reports.meals import MEALS
from cloud.reports.subject import Subject

AnySubject = Subject[Any, Any, Any]
SUBJECTS: tuple[AnySubject, ...] = (MEALS, ATTENDANCE)
_BY_KEY = {each.key: each for each in SUBJECTS}


class Key(StrEnum):
    """A subject as addresses and commands name it."""

    MEALS = "meals"
    ATTENDANCE = "attendance"


def subject_of(key: str) -> AnySubject:
    """Return the subject of a key that is known."""
    return _BY_KEY[key]


def subjects_read(actor: Actor, school_id: int) -> list[AnySubject]:
    """Return the subjects whose reports an actor may read at a school."""
    return [each for each in SUBJECTS if actor.can(each.right, school_id)]
