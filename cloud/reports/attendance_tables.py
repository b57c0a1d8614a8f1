"""The tables of a report of attendance: counts for the paper, and each one's times for workbook and CSV."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from cloud.core.i18n import N_
from cloud.core.sheets import Cell
from cloud.reports.attendance_content import (
    ClassDay,
    Content,
    Correction,
    Heads,
    PersonDay,
    PersonLine,
    Totals,
)
from cloud.reports.attendance_rules import order_of
from cloud.reports.tables import (
    CORRECTIONS,
    DAY,
    DAYS,
    HOW_MANY,
    KIND,
    REMARKS,
    SUMMARY,
    WHAT,
    WHO,
    WHY,
    WITH_CORRECTIONS,
    Table,
    remark_counts,
)
from cloud.reports.wording import Wording

PEOPLE, SEEN = N_("At the school"), N_("Of them seen")
EXPECTED, CAME, LATE, NOT_SEEN, ABSENT, BY_HAND, NEVER_LEFT = (
    N_("Expected"), N_("Came"), N_("Late"), N_("Not seen"), N_("Marked absent"), N_("By hand"), N_("Not seen leaving"),
)  # fmt: skip
CLASS, NO_CLASS, PERSON, ARRIVED, LEFT, LATE_MIN = (
    N_("Class"), N_("no class"), N_("Person"), N_("Arrived"), N_("Left"), N_("Minutes late"),
)  # fmt: skip
CLASSES, CLASS_DAYS, TIMES, CAME_BY_DAY, LATE_BY_DAY = (
    N_("Classes"), N_("Classes by day"), N_("Arrivals and departures"), N_("Came, by class and day of the month"),
    N_("Late, by class and day of the month"),
)  # fmt: skip
ONE_YES = 1  # what a cell says where something was so
HEADS = (EXPECTED, CAME, LATE, NOT_SEEN, ABSENT, BY_HAND, NEVER_LEFT)
HEAD_WIDTHS = (11, 11, 10, 10, 11, 10, 12)


def paper(content: Content, told: Sequence[Correction], words: Wording, after: Totals | None) -> list[Table]:
    """Return the tables of a page: counts, never single days of people but those to be known."""
    return [
        *_counts(content, told, words, after), by_day(content, words, "came", CAME_BY_DAY),
        by_day(content, words, "late", LATE_BY_DAY), remark_counts(content.remarks.counts, words),
        remarks(content, words),
    ]  # fmt: skip


def sheets(content: Content, told: Sequence[Correction], words: Wording, after: Totals | None) -> list[Table]:
    """Return the tables of a workbook: counts, and all times."""
    return [
        *_counts(content, told, words, after), class_days(content.class_days, words), times(content, words),
        remark_counts(content.remarks.counts, words), remarks(content, words),
    ]  # fmt: skip


def summary(content: Content, words: Wording, after: Totals | None) -> Table:
    """Return the month's totals; with corrections, once more with them."""
    rows = _totals(content.totals, words)
    if after is not None:
        rows += [[f"{words.told(WITH_CORRECTIONS)}: {row[0]}", *row[1:]] for row in _totals(after, words)]
    return Table(words.told(SUMMARY), _told(words, KIND, PEOPLE, SEEN, *HEADS), rows, (30, 12, 12, *HEAD_WIDTHS))


def classes(content: Content, words: Wording) -> Table:
    """Return every class's month."""
    rows: list[list[Cell]] = [
        [_class(each.name, words), each.group.people, each.group.seen, *_heads(each.group.heads)]
        for each in content.classes
    ]
    return Table(words.told(CLASSES), _told(words, CLASS, PEOPLE, SEEN, *HEADS), rows, (30, 12, 12, *HEAD_WIDTHS))


def days(content: Content, words: Wording) -> Table:
    """Return every day of students and of staff."""
    rows: list[list[Cell]] = [[each.on, words.kind(each.kind), *_heads(each.heads)] for each in content.days]
    return Table(words.told(DAYS), _told(words, DAY, KIND, *HEADS), rows, (16, 16, *HEAD_WIDTHS))


def class_days(lines: Sequence[ClassDay], words: Wording) -> Table:
    """Return every class's days."""
    rows: list[list[Cell]] = [[_class(each.name, words), each.on, *_heads(each.heads)] for each in lines]
    return Table(words.told(CLASS_DAYS), _told(words, CLASS, DAY, *HEADS), rows, (16, 16, *HEAD_WIDTHS))


def by_day(content: Content, words: Wording, figure: str, title: str) -> Table:
    """Return a figure of each class on each day, a column a day of the month on which there was anything."""
    days_of = sorted({each.on for each in content.days})
    lines: dict[str, dict[date, int]] = {}
    for each in content.class_days:
        lines.setdefault(each.name, {})[each.on] = getattr(each.heads, figure)
    rows = [_by_day(_class(name, words), lines[name], days_of) for name in sorted(lines, key=order_of)]
    staff = {each.on: getattr(each.heads, figure) for each in content.days if each.kind == "staff"}
    if staff:
        rows.append(_by_day(words.kind("staff"), staff, days_of))
    head = [words.told(CLASS), *(str(on.day) for on in days_of)]
    return Table(words.told(title), head, rows if days_of else [], (18, *(8 for _ in days_of)))


def times(content: Content, words: Wording) -> Table:
    """Return when each one came and went on each day."""
    rows = [_time(each, day, words) for each in content.people for day in each.days]
    head = _told(words, PERSON, KIND, CLASS, DAY, ARRIVED, LEFT, LATE_MIN, BY_HAND, NEVER_LEFT)
    return Table(words.told(TIMES), head, rows, (19, 14, 10, 14, 12, 12, 12, 10, 12))


def remarks(content: Content, words: Wording) -> Table:
    """Return what is to be known of single people's days, and of days; people by their references."""
    rows: list[list[Cell]] = [
        [each.on, words.remark(each.what), each.person, each.class_name, each.count] for each in content.remarks.lines
    ]
    return Table(words.told(REMARKS), _told(words, DAY, WHAT, PERSON, CLASS, HOW_MANY), rows, (14, 60, 19, 10, 10))


def corrections(told: Sequence[Correction], words: Wording) -> Table:
    """Return the lines of correction, each with who and why."""
    rows: list[list[Cell]] = [
        [
            each.on or "", words.kind(each.kind), each.class_name, each.came, each.late, each.not_seen, each.reason,
            each.by,
        ]
        for each in told
    ]  # fmt: skip
    head = _told(words, DAY, KIND, CLASS, CAME, LATE, NOT_SEEN, WHY, WHO)
    return Table(words.told(CORRECTIONS), head, rows, (14, 14, 11, 11, 11, 11, 44, 22))


def _counts(content: Content, told: Sequence[Correction], words: Wording, after: Totals | None) -> Iterable[Table]:
    yield summary(content, words, after)
    if told:
        yield corrections(told, words)
    yield classes(content, words)
    yield days(content, words)


def _totals(totals: Totals, words: Wording) -> list[list[Cell]]:
    groups = (("students", totals.students), ("staff", totals.staff))
    return [[words.kind(kind), group.people, group.seen, *_heads(group.heads)] for kind, group in groups]


def _heads(heads: Heads) -> list[Cell]:
    return [
        heads.expected, heads.came, heads.late, heads.not_seen, heads.marked_absent, heads.by_hand, heads.never_left
    ]  # fmt: skip


def _by_day(name: str, figures: Mapping[date, int], days_of: Sequence[date]) -> list[Cell]:
    return [name, *(figures.get(on, 0) for on in days_of)]


def _time(each: PersonLine, day: PersonDay, words: Wording) -> list[Cell]:
    return [
        each.person, words.kind(each.kind), each.class_name, day.on, _clock(day.arrived_at), _clock(day.left_at),
        day.late_min, ONE_YES if day.by_hand else 0, ONE_YES if day.never_left else 0,
    ]  # fmt: skip


def _clock(instant: str) -> str:
    """Return the time of an instant, by the school's clock."""
    return datetime.fromisoformat(instant).strftime("%H:%M:%S") if instant else ""


def _class(name: str, words: Wording) -> str:
    return name or words.told(NO_CLASS)


def _told(words: Wording, *heads: str) -> list[str]:
    return [words.told(each) for each in heads]
