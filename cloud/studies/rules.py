"""School years, and what is checked of subjects and courses before they are written. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from cloud.core.i18n import Language
from cloud.core.messages import message
from cloud.core.texts import one_line
from cloud.studies.errors import StudyRefused
from cloud.studies.kinds import AREAS

NAME_MAX, GROUP_MAX, ROOM_MAX = 80, 40, 20
HALF_HOURS_MAX = 40  # lessons in two weeks
DIFFICULTY_MAX = 12
NEW_YEAR_MONTH = 8
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SubjectGiven:
    """A subject as the school writes it down; the code is kept for good."""

    code: str
    area: str
    names: Mapping[str, str]  # by language
    difficulty: int = 0  # points of the sanitary rules; 0: none
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class CourseGiven:
    """A subject for a class or a group of it in one school year; `half_hours` are lessons in two weeks."""

    year: int
    class_id: int
    subject_id: int
    half_hours: int
    group: str = ""  # empty: the whole class
    teacher_id: int | None = None
    room: str = ""


def year_of(on: date) -> int:
    """Return in which year the school year of a day begins; July ends one, August begins the next."""
    return on.year if on.month >= NEW_YEAR_MONTH else on.year - 1


def days_of(year: int) -> tuple[date, date]:
    """Return the first and the last day of a school year."""
    return date(year, NEW_YEAR_MONTH, 1), date(year + 1, NEW_YEAR_MONTH - 1, 31)


def checked_subject(given: SubjectGiven) -> SubjectGiven:
    """Return a subject as it is kept. Raises StudyRefused."""
    code, names = given.code.strip(), {language.value: one_line(given.names.get(language, "")) for language in Language}
    if not _CODE.fullmatch(code):
        raise StudyRefused(message("Write the code in small Latin letters, digits and underscores, a letter first."))
    if not all(0 < len(name) <= NAME_MAX for name in names.values()):
        raise StudyRefused(message("Write the name in all three languages, {most} letters at most.", most=NAME_MAX))
    if given.area not in AREAS:
        raise StudyRefused(message("Choose an area of the list."))
    if not 0 <= given.difficulty <= DIFFICULTY_MAX:
        raise StudyRefused(message("Points of difficulty are from 0 to {most}.", most=DIFFICULTY_MAX))
    return replace(given, code=code, names=names)


def checked_course(given: CourseGiven, today: date) -> CourseGiven:
    """Return a course as it is kept. Raises StudyRefused."""
    group, room = one_line(given.group), one_line(given.room)
    if not 1 <= given.half_hours <= HALF_HOURS_MAX:
        raise StudyRefused(
            message("Hours a week are from 0.5 to {most}, in halves.", most=HALF_HOURS_MAX // 2)
        )  # fmt: skip
    if len(group) > GROUP_MAX or len(room) > ROOM_MAX:
        raise StudyRefused(
            message("A group has {group} letters at most, a room {room}.", group=GROUP_MAX, room=ROOM_MAX)
        )
    if abs(given.year - year_of(today)) > 1:
        raise StudyRefused(message("Choose this school year, the one before or the next one."))
    return replace(given, group=group, room=room)
