"""OneRoster's gradebook, made of a school's journal. Pure.

A class is the homeroom of the rostering service; a line item is a lesson of one of its subjects, named by it. A
category is a part of the quarter's mark, a scale is how marks come of percents.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from cloud.journal.grading import WHOLE, Part
from cloud.journal.kinds import Here, Kind
from cloud.oneroster.building import Builder, Built
from cloud.oneroster.graded_kinds import GradedKind
from cloud.oneroster.grading_rows import Graded, ResultRead, WorkRead
from cloud.oneroster.kinds import Kind as RosterKind
from cloud.oneroster.seen import instant

GRADES_ROOT = "/ims/oneroster/gradebook/v1p2"
PARTS = {Kind.LESSON: Part.FORMATIVE, Kind.SOR: Part.SOR, Kind.SOCH: Part.SOCH}
TITLES = {
    Part.FORMATIVE: "Формативті бағалау / Формативное оценивание",
    Part.SOR: "БЖБ / СОР",
    Part.SOCH: "ТЖБ / СОЧ",
}
SCALE = "Тоқсандық баға / Четвертная отметка"
_GONE = {"status": "tobedeleted"}
MARKS = ("2", "3", "4", "5")


@dataclass(frozen=True, slots=True)
class GradeBuilder:
    """Makes the gradebook's objects of one school, with references below one address."""

    graded: Graded
    base: str

    @property
    def roster(self) -> Builder:
        return Builder(self.graded.rows, self.base)

    # Identifiers

    def category_id(self, part: Part) -> str:
        """Return the identifier of a category."""
        return f"{self.roster.org_id}-category-{part.value}"

    def item_id(self, lesson_id: int) -> str:
        """Return the identifier of a lesson as a line item."""
        return f"{self.roster.org_id}-lesson-{lesson_id}"

    def result_id(self, result: ResultRead) -> str:
        """Return the identifier of points; no enrolment of the student has it."""
        return f"{result.ref}-lesson-{result.lesson_id}"

    def scale_id(self, class_id: int) -> str:
        """Return the identifier of a class's scale."""
        return f"{self.roster.org_id}-scale-{class_id}"

    # Objects

    def categories(self) -> list[Built]:
        """Return the parts of a quarter's mark."""
        scheme = self.graded.scheme
        return [_active(self.category_id(part), title=TITLES[part], weight=float(scheme.weight(part))) for part in Part]

    def items(self, works: Iterable[WorkRead]) -> list[Built]:
        """Return lessons as line items."""
        return [self._item(each) for each in works]

    def results(self, results: Iterable[ResultRead]) -> list[Built]:
        """Return points as results; they changed when they were written."""
        return [self._result(each) for each in results]

    def scales(self, class_id: int | None = None) -> list[Built]:
        """Return the scale of each class that gets marks, or of one class."""
        scheme = self.graded.scheme
        leasts = (0, scheme.three, scheme.four, scheme.five)
        mosts = (*(least - 1 for least in leasts[1:]), WHOLE)
        values = [
            {"itemValueLHS": mark, "itemValueRHS": f"{least}-{most}"}
            for mark, least, most in zip(MARKS, leasts, mosts, strict=True)
        ]
        return [
            _active(self.scale_id(each.id), title=SCALE, type="percent", scoreScaleValue=values)
            | {"class": self._class(each.id)}
            for each in self.graded.rows.classes
            if each.is_active and scheme.has_marks(each.grade) and class_id in {None, each.id}
        ]

    def _item(self, work: WorkRead) -> Built:
        part = PARTS[Kind(work.kind)]
        most = work.points_max or (self.graded.scheme_on(work.on).formative_max if part is Part.FORMATIVE else 0)
        named = f"{work.name_kk} / {work.name_ru}"
        group = f", {work.group_name}" if work.group_name else ""
        kind = "" if part is Part.FORMATIVE else f": {TITLES[part]}"
        built = _active(
            self.item_id(work.id), title=f"{named}{group}{kind}", assignDate=self._at(work.on),
            dueDate=self._at(work.on + timedelta(days=1)), school=self.roster.ref(RosterKind.ORG, self.roster.org_id),
            category=self._ref(GradedKind.CATEGORY, self.category_id(part)), resultValueMin=0.0,
        ) | {"class": self._class(work.class_id)}  # fmt: skip
        if work.theme:
            built["description"] = work.theme
        if most:
            built["resultValueMax"] = float(most)
        return built | self._sessions(work.on) | (_GONE if work.is_off else {})

    def _result(self, result: ResultRead) -> Built:
        built = _active(
            self.result_id(result), student=self.roster.ref(RosterKind.USER, result.ref),
            lineItem=self._ref(GradedKind.LINE_ITEM, self.item_id(result.lesson_id)), scoreStatus="fully graded",
            scoreDate=str(result.on),
        ) | {"class": self._class(result.class_id), "dateLastModified": instant(result.at)}  # fmt: skip
        if result.points is None:
            return built | _GONE | {"scoreStatus": "not submitted"}
        built["score"] = float(result.points)
        return built | ({"late": "true"} if result.here == Here.LATE else {})

    def _sessions(self, on: date) -> Built:
        """Return the quarter of a day, and its grading period, where the school has named its terms."""
        begun = [first_on for first_on, _ in self.graded.rows.terms if first_on <= on]
        if not begun:
            return {}
        first_on = max(begun)
        return {
            "gradingPeriod": self.roster.ref(RosterKind.SESSION, self.roster.period_id(first_on)),
            "academicSession": self.roster.ref(RosterKind.SESSION, self.roster.term_id(first_on)),
        }

    def _class(self, class_id: int) -> Built:
        return self.roster.ref(RosterKind.CLASS, self.roster.class_id(class_id))

    def _ref(self, kind: GradedKind, sourced_id: str) -> Built:
        href = f"{self.base}{GRADES_ROOT}/{kind.described.path}/{sourced_id}"
        return {"href": href, "sourcedId": sourced_id, "type": kind.value}

    def _at(self, on: date) -> str:
        return instant(datetime.combine(on, time(), self.graded.rows.school.zone).astimezone(UTC))


def number_of(sourced_id: str, prefix: str) -> int | None:
    """Return the number that an identifier ends with after a prefix; None where it is none of these."""
    digits = sourced_id.removeprefix(prefix)
    fits = sourced_id.startswith(prefix) and digits.isascii() and digits.isdecimal() and len(digits) < 16
    return int(digits) if fits else None


def _active(sourced_id: str, **fields: object) -> Built:
    return {"sourcedId": sourced_id, "status": "active", "dateLastModified": "", **fields}
