"""The rules of the journal's cells, as tables: how typing is read, and what can stand where."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.errors import Refused
from cloud.journal.errors import JournalClosed, JournalRefused
from cloud.journal.grading import Scheme
from cloud.journal.kinds import LETTERS, Cell, Here, Kind, Lesson, written
from cloud.journal.quarters import Quarter
from cloud.journal.rules import (
    Hand,
    check_lesson,
    check_points,
    checked_kind,
    checked_links,
    checked_text,
    read_cell,
)

TODAY = date(2026, 9, 15)
QUARTER = Quarter(1, date(2026, 9, 1), date(2026, 10, 25), date(2026, 11, 3))
EARLIER = Quarter(1, date(2026, 5, 1), date(2026, 5, 25), date(2026, 7, 31))
LESSON = Lesson(1, 1, TODAY, 1, None, Kind.LESSON, False, "", "", "")
SOR = replace(LESSON, kind=Kind.SOR, points_max=15)
SCHEME = Scheme(date(2026, 9, 1), 25, 25, 50)
PRESENT, ABSENT, LATE, NOTHING = Cell(Here.PRESENT), Cell(Here.ABSENT), Cell(Here.LATE), Cell()


@pytest.mark.parametrize(
    ("typed", "before", "kind", "read"),
    [
        ("7", NOTHING, Kind.LESSON, Cell(Here.PRESENT, 7)),
        (" 10 ", PRESENT, Kind.LESSON, Cell(Here.PRESENT, 10)),
        ("н", NOTHING, Kind.LESSON, ABSENT),
        ("Н", Cell(Here.PRESENT, 7), Kind.LESSON, ABSENT),
        ("ж", NOTHING, Kind.LESSON, ABSENT),
        ("n", NOTHING, Kind.LESSON, ABSENT),
        ("о 7", NOTHING, Kind.LESSON, Cell(Here.LATE, 7)),
        ("к7", NOTHING, Kind.LESSON, Cell(Here.LATE, 7)),
        ("8", Cell(Here.LATE, 7), Kind.LESSON, Cell(Here.LATE, 8)),
        ("ш", NOTHING, Kind.LESSON, Cell(Here.AWAY)),
        ("+", ABSENT, Kind.LESSON, PRESENT),
        ("7", ABSENT, Kind.LESSON, Cell(Here.PRESENT, 7)),  # who got a mark was there
        ("12", ABSENT, Kind.SOR, Cell(Here.ABSENT, 12)),  # written on another day
        ("н 12", NOTHING, Kind.SOR, Cell(Here.ABSENT, 12)),
        ("0", NOTHING, Kind.SOR, Cell(Here.PRESENT, 0)),
        ("", ABSENT, Kind.LESSON, NOTHING),
        ("", Cell(Here.PRESENT, 7), Kind.LESSON, PRESENT),  # the mark goes, the child was there all the same
    ],
)
def test_a_cell_is_read_as_a_spreadsheet_would(typed: str, before: Cell, kind: Kind, read: Cell) -> None:
    assert read_cell(typed, before, kind) == read


@pytest.mark.parametrize("typed", ["ю", "7,5", "-1", "1000", "нн", "н н", "x7", "7н", "٧", "=1+1", "1" * 13, "н\n7\n8"])
def test_what_cannot_be_read_is_refused(typed: str) -> None:
    with pytest.raises(JournalRefused, match="cannot be read"):
        read_cell(typed, NOTHING, Kind.LESSON)


@given(st.sampled_from(Here), st.none() | st.integers(0, 100), st.sampled_from(sorted(LETTERS)), st.sampled_from(Kind))
def test_what_is_shown_means_itself_when_it_is_typed(here: Here, points: int | None, language: str, kind: Kind) -> None:
    cell = Cell(Here.PRESENT if points is not None and here is Here.UNSAID else here, points)

    assert read_cell(written(cell, language), cell, kind) == cell


@pytest.mark.parametrize(
    ("cell", "lesson", "grade", "words"),
    [
        (Cell(Here.PRESENT, 10), LESSON, 5, ""),
        (Cell(Here.PRESENT, 11), LESSON, 5, "1 to 10"),
        (Cell(Here.PRESENT, 0), LESSON, 5, "1 to 10"),
        (Cell(Here.PRESENT, 15), SOR, 5, ""),
        (Cell(Here.PRESENT, 0), SOR, 5, ""),
        (Cell(Here.PRESENT, 16), SOR, 5, "0 to 15"),
        (Cell(Here.PRESENT, 5), replace(SOR, points_max=0), 5, "how many points"),
        (Cell(Here.ABSENT, 7), LESSON, 5, "not at the lesson"),
        (Cell(Here.AWAY, 7), LESSON, 5, "not at the lesson"),
        (Cell(Here.ABSENT, 7), SOR, 5, ""),
        (Cell(Here.PRESENT, 7), LESSON, 1, "Grade 1 gets no marks"),
        (ABSENT, LESSON, 1, ""),
    ],
)
def test_points_that_cannot_be_are_refused(cell: Cell, lesson: Lesson, grade: int, words: str) -> None:
    if not words:
        check_points(cell, lesson, SCHEME, grade)
        return
    with pytest.raises(JournalRefused, match=words):
        check_points(cell, lesson, SCHEME, grade)


@pytest.mark.parametrize(
    ("hand", "lesson", "quarter", "reason", "words"),
    [
        (Hand.TEACHER, LESSON, QUARTER, "", ""),
        (Hand.TEACHER, replace(LESSON, is_off=True), QUARTER, "", "called off"),
        (Hand.TEACHER, replace(LESSON, on=TODAY + timedelta(days=1)), QUARTER, "", "not come yet"),
        (Hand.TEACHER, LESSON, EARLIER, "a reason", "quarter is closed"),
        (Hand.CORRECTOR, LESSON, QUARTER, "a reason", "is open"),
        (Hand.CORRECTOR, LESSON, EARLIER, " ", "Say the reason"),
        (Hand.CORRECTOR, LESSON, EARLIER, "a reason", ""),
        (Hand.CORRECTOR, LESSON, EARLIER, "r" * 201, "200 letters"),
    ],
)
def test_teachers_write_the_open_quarter_and_deputies_correct_closed_ones_with_a_reason(
    hand: Hand, lesson: Lesson, quarter: Quarter, reason: str, words: str
) -> None:
    if not words:
        check_lesson(hand, lesson, quarter, TODAY, reason)
        return
    with pytest.raises((JournalClosed, JournalRefused), match=words):
        check_lesson(hand, lesson, quarter, TODAY, reason)


@pytest.mark.parametrize(
    ("lesson", "kind", "most", "highest", "words"),
    [
        (LESSON, Kind.SOR, 15, None, ""),
        (LESSON, Kind.SOR, 0, None, "1 to 100 points"),
        (LESSON, Kind.SOCH, 101, None, "1 to 100 points"),
        (LESSON, Kind.SOR, 15, 7, "stays what it is"),
        (SOR, Kind.LESSON, 0, 7, "stays what it is"),
        (SOR, Kind.SOR, 11, 12, "12 points already"),
        (SOR, Kind.SOR, 12, 12, ""),
        (LESSON, Kind.LESSON, 40, 7, ""),
    ],
)
def test_what_a_lesson_is_changes_only_while_nobody_has_points(
    lesson: Lesson, kind: Kind, most: int, highest: int | None, words: str
) -> None:
    if words:
        with pytest.raises(JournalRefused, match=words):
            checked_kind(lesson, kind, most, highest)
        return
    kept = checked_kind(lesson, kind, most, highest)
    assert (kept.kind, kept.points_max) == (kind, 0 if kind is Kind.LESSON else most)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("", ()),
        (" https://bilim.kz/5/fractions?a=1 \n\nhttp://example.kz\n", ("https://bilim.kz/5/fractions?a=1", "http://example.kz")),
    ],
)  # fmt: skip
def test_links_are_read_one_a_line(text: str, links: tuple[str, ...]) -> None:
    assert checked_links(text) == links


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "ftp://example.kz", "example.kz", "https://", "https://nodot", 'https://a.kz/"onclick="',
     "https://a.kz/ b", "\n".join(["https://a.kz"] * 6), "https://a.kz/" + "x" * 300],
)  # fmt: skip
def test_what_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(JournalRefused, match="links"):
        checked_links(text)


@pytest.mark.parametrize("text", ["x" * 21, "a\x00b", "a\x1bb"])
def test_a_text_that_is_too_long_or_odd_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="20 letters"):
        checked_text(text, 20)
    assert checked_text("  Бөлшектер\r\n  2 ", 20) == "Бөлшектер\n  2"
