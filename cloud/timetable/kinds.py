"""Kinds of rooms, weeks, conflicts and rules of a timetable, with their words."""

from enum import IntEnum, StrEnum

from cloud.core.i18n import N_


class Weeks(IntEnum):
    """In which weeks a lesson is given; a school year's first week is odd."""

    EACH = 0
    ODD = 1
    EVEN = 2


class RoomKind(StrEnum):
    """What a room is for."""

    CLASS = "class"
    GYM = "gym"
    LAB = "lab"
    COMPUTER = "computer"
    WORKSHOP = "workshop"


class ConflictKind(StrEnum):
    """What is wrong with slots of a timetable."""

    CLASS = "class"  # two lessons of a class in one cell
    TEACHER = "teacher"  # a teacher twice at one time, in whichever shift
    ROOM = "room"  # a room twice at one time
    BELL = "bell"  # the class has no such lesson on that weekday
    OFF = "off"  # the teacher cannot teach then
    GAP = "gap"  # a class has an empty lesson before its last one
    TWICE = "twice"  # a subject twice on one day, and not as a double lesson
    MORE = "more"  # more lessons than the course has


class RuleKind(StrEnum):
    """Rules that may clash with one another."""

    CLASS = "class"  # a class has one lesson at a time, within its bells
    TEACHER = "teacher"  # a teacher gives one lesson at a time
    OFF = "off"  # a teacher cannot teach then
    ROOM = "room"  # a room holds one lesson at a time
    ROOM_KIND = "room_kind"  # as many lessons at a time as there are rooms of a kind
    DAY = "day"  # a subject is not given too often on one day


NEVER = frozenset({ConflictKind.CLASS, ConflictKind.TEACHER, ConflictKind.ROOM, ConflictKind.BELL})
WEEKDAYS = {
    1: N_("Monday"),
    2: N_("Tuesday"),
    3: N_("Wednesday"),
    4: N_("Thursday"),
    5: N_("Friday"),
    6: N_("Saturday"),
    7: N_("Sunday"),
}
WEEKS = {Weeks.EACH: N_("each week"), Weeks.ODD: N_("odd weeks"), Weeks.EVEN: N_("even weeks")}
ROOM_KINDS = {
    RoomKind.CLASS: N_("Classroom"),
    RoomKind.GYM: N_("Gym"),
    RoomKind.LAB: N_("Laboratory"),
    RoomKind.COMPUTER: N_("Computer room"),
    RoomKind.WORKSHOP: N_("Workshop"),
}
LESSON, SOR, SOCH = "lesson", "sor", "soch"
SUMMATIVE = {SOR: N_("SOR"), SOCH: N_("SOCH")}
