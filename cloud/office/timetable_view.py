"""A timetable's conflicts, clashes and figures in a reader's words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cloud.core.formats import Formats
from cloud.core.i18n import N_, Language, translate
from cloud.core.messages import Message, message
from cloud.timetable.framing import Book
from cloud.timetable.kinds import ROOM_KINDS, WEEKDAYS, ConflictKind, RoomKind, RuleKind
from cloud.timetable.problem import Clash, Rule
from cloud.timetable.rules import Conflict, Quality

SHOWN_MAX = 100
STEPS = {
    "finding": N_("Looking for a timetable that holds every rule"),
    "bettering": N_("Making it better"),
    "explaining": N_("Looking for why lessons have no place"),
}
CONFLICTS = {
    ConflictKind.CLASS: N_("{weekday}, lesson {number}: class {name} has two lessons at one time."),
    ConflictKind.TEACHER: N_("{weekday}, lesson {number}: {name} has two lessons at one time."),
    ConflictKind.ROOM: N_("{weekday}, lesson {number}: two lessons at one time in room {room}."),
    ConflictKind.BELL: N_("{weekday}, lesson {number}: class {name} has no such lesson."),
    ConflictKind.OFF: N_("{weekday}, lesson {number}: {name} cannot teach then."),
    ConflictKind.GAP: N_("{weekday}, lesson {number}: class {name} has an empty lesson."),
    ConflictKind.TWICE: N_("{weekday}: class {name} has a subject too often."),
    ConflictKind.MORE: N_("Class {name} has more lessons of a subject than were planned."),
}
RULES = {
    RuleKind.CLASS: N_("class {name} has one lesson at a time, within its bells"),
    RuleKind.TEACHER: N_("{name} gives one lesson at a time"),
    RuleKind.OFF: N_("{name} cannot teach at certain times"),
    RuleKind.ROOM: N_("room {room} holds one lesson at a time"),
    RuleKind.ROOM_KIND: N_("there are only so many rooms of this kind: {kind}"),
    RuleKind.DAY: N_("{subject} is not given too often on one day to class {name}"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A conflict or a clash in words, with the courses that it concerns."""

    text: str
    courses: Sequence[str]


@dataclass(frozen=True, slots=True)
class TimetableWords:
    """Words of one reader about one school's timetable."""

    language: Language
    book: Book

    def course(self, course_id: int) -> str:
        """Return subject, class and group of a course."""
        course = self.book.courses.get(course_id)
        return course.title(self.language.value) if course else ""

    def conflicts(self, found: Iterable[Conflict]) -> list[Told]:
        """Return conflicts in words."""
        return [
            Told(translate(self.language, self._conflict(each)), [self.course(one) for one in each.course_ids])
            for each in list(found)[:SHOWN_MAX]
        ]

    def clashes(self, found: Iterable[Clash]) -> list[Told]:
        """Return in words what cannot hold together."""
        return [Told(self._clash(each), [self.course(one) for one in each.course_ids]) for each in found]

    def figures(self, quality: Quality, fmt: Formats) -> list[tuple[str, str]]:
        """Return how good a timetable is: what is counted, and how many."""
        told = (
            (N_("Lessons placed"), fmt.halves(quality.placed)),
            (N_("Lessons wanted"), fmt.halves(quality.wanted)),
            (N_("Free lessons between a teacher's own"), fmt.number(quality.gaps)),
            (N_("Double lessons"), fmt.number(quality.doubles)),
            (N_("Unmet wishes of teachers"), fmt.number(quality.unmet)),
            (N_("Hard subjects first or last"), fmt.number(quality.edges)),
            (N_("Days that are too hard"), fmt.number(quality.heavy)),
        )
        return [(translate(self.language, name), figure) for name, figure in told]

    def _conflict(self, found: Conflict) -> Message:
        """Return what is wrong in a cell."""
        values: tuple[tuple[str, str | int | Message], ...] = (
            ("weekday", Message(WEEKDAYS[found.weekday])), ("number", found.number), ("room", found.room),
            ("name", self._teacher(found.teacher_id) if found.teacher_id else self._class(found.class_id)),
        )  # fmt: skip
        return Message(CONFLICTS[found.kind], values)

    def _clash(self, clash: Clash) -> str:
        if not clash.rules:
            told = message(
                "No place was found in the time given, and no rule is known to stand against it. Give it more time."
            )
            return translate(self.language, told)
        if clash.need:
            return translate(self.language, self._counted(clash))
        rules = "; ".join(translate(self.language, self._rule(rule)) for rule in clash.rules)
        return translate(self.language, message("These cannot hold together: {rules}.", rules=rules))

    def _counted(self, clash: Clash) -> Message:
        """Return how much more is asked for than there is."""
        rule, figures = clash.rules[0], {"need": clash.need, "have": clash.have}
        match rule.kind:
            case RuleKind.CLASS:
                return message(
                    "Class {name} has {need} lessons a week, and its bells have place for {have}.",
                    name=self._class(rule.id), **figures,
                )  # fmt: skip
            case RuleKind.TEACHER:
                return message(
                    "{name} has {need} lessons a week, and is free for {have}.", name=self._teacher(rule.id), **figures
                )
            case _:
                return message(
                    "{need} lessons a week need a room of this kind: {kind}. There is place for {have}.",
                    kind=Message(ROOM_KINDS[RoomKind(rule.name)]), **figures,
                )  # fmt: skip

    def _rule(self, rule: Rule) -> Message:
        is_teachers = rule.kind in {RuleKind.TEACHER, RuleKind.OFF}
        kind = Message(ROOM_KINDS[RoomKind(rule.name)]) if rule.kind is RuleKind.ROOM_KIND else ""
        values: tuple[tuple[str, str | int | Message], ...] = (
            ("name", self._teacher(rule.id) if is_teachers else self._class(rule.id)), ("room", rule.name),
            ("kind", kind), ("subject", self._subject(int(rule.name)) if rule.kind is RuleKind.DAY else ""),
        )  # fmt: skip
        return Message(RULES[rule.kind], values)

    def _class(self, class_id: int) -> str:
        known = self.book.classes.get(class_id)
        return known.name if known else ""

    def _teacher(self, teacher_id: int) -> str:
        return self.book.teachers.get(teacher_id) or f"№ {teacher_id}"

    def _subject(self, subject_id: int) -> str:
        own = (course.subject for course in self.book.courses.values() if course.subject.id == subject_id)
        return next((subject.name(self.language.value) for subject in own), "")
