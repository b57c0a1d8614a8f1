"""Who writes in a talk when, and what is refused: tables of cases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.talks.kinds import As, Kind, Mute, Post, Seat, TalkRefused
from cloud.talks.rules import (
    EDITED_WITHIN,
    WORDS_MAX,
    SectionGiven,
    checked_days,
    checked_hours,
    checked_reason,
    checked_section,
    checked_title,
    checked_words,
    is_quiet,
    may_edit,
    why_not,
)
from cloud.talks.searching import around

NOW = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)  # 12:00 in Almaty
NIGHT = datetime(2026, 9, 1, 18, 0, tzinfo=UTC)  # 23:00
SEAT = Seat(
    1, 1, "almaty5", ZoneInfo("Asia/Almaty"), Kind.CLASS, 2026, 1, None, None, {"kk": "", "ru": "", "en": ""}, "5А", "",
    False, (21 * 60, 7 * 60), NOW, None, NOW, False, False, True, As.STUDENT, 7,
)  # fmt: skip
MUTE = Mute(1, 2, "Айгерім", "ұрысу", "Әсел", NOW, NOW + timedelta(days=2), None)


@pytest.mark.parametrize(
    ("quiet", "minute", "is_so"),
    [
        (None, 0, False), ((21 * 60, 7 * 60), 23 * 60, True), ((21 * 60, 7 * 60), 6 * 60 + 59, True),
        ((21 * 60, 7 * 60), 7 * 60, False), ((21 * 60, 7 * 60), 20 * 60 + 59, False), ((600, 700), 650, True),
        ((600, 700), 700, False), ((600, 600), 600, False),
    ],
    ids=["none", "late", "early", "over", "before", "of one day", "its end", "empty"],
)  # fmt: skip
def test_quiet_hours_go_over_midnight(quiet: tuple[int, int] | None, minute: int, is_so: bool) -> None:
    assert is_quiet(quiet, minute) is is_so


@pytest.mark.parametrize(
    ("seat", "students", "mute", "now", "reason"),
    [
        (SEAT, 2, None, NOW, None),
        (SEAT, 2, None, NIGHT, "Quiet hours"),
        (replace(SEAT, leads=True, as_a=As.STAFF), 2, None, NIGHT, None),
        (replace(SEAT, is_read_only=True), 2, None, NOW, "Only who leads"),
        (replace(SEAT, is_read_only=True, moderates=True), 2, None, NOW, None),
        (replace(SEAT, closed_at=NOW, leads=True), 2, None, NOW, "closed"),
        (SEAT, 2, MUTE, NOW, "You cannot write here"),
        (SEAT, 1, None, NOW, "two students"),
        (replace(SEAT, leads=True), 1, None, NOW, "two students"),
        (replace(SEAT, kind=Kind.PARENTS, as_a=As.GUARDIAN), 0, None, NOW, None),
        (replace(SEAT, is_member=False), 2, None, NOW, "Only who takes part"),
    ],
    ids=["a member", "at night", "who leads at night", "read only", "a moderator in read only", "closed", "muted",
         "one student", "an adult with one student", "parents", "no member"],
)  # fmt: skip
def test_who_may_write(seat: Seat, students: int, mute: Mute | None, now: datetime, reason: str | None) -> None:
    told = why_not(seat, students, mute, now)

    assert (told is None) == (reason is None)
    assert reason is None or reason in str(told)


@pytest.mark.parametrize("text", ["a" * (WORDS_MAX + 1), "\x00", "a\x07b"], ids=["long", "nothing seen", "a bell"])
def test_words_that_cannot_be_kept_are_refused(text: str) -> None:
    with pytest.raises(TalkRefused):
        checked_words(text)


def test_words_keep_their_lines_and_what_looks_like_a_page() -> None:
    assert checked_words(" <script>a</script>  b\n\n\n\nc ") == "<script>a</script> b\n\nc"


@pytest.mark.parametrize(
    ("begins", "ends", "hours"),
    [("", " ", None), ("21:00", "07:30", (1260, 450)), ("21:00", "", ...), ("24:00", "07:00", ...), ("a", "b", ...),
     ("20:75", "07:00", ...)],
    ids=["none", "two", "one", "after midnight", "words", "minutes"],
)  # fmt: skip
def test_quiet_hours_are_two_times_or_none(begins: str, ends: str, hours: object) -> None:
    if hours is ...:
        with pytest.raises(TalkRefused):
            checked_hours(begins, ends)
    else:
        assert checked_hours(begins, ends) == hours


@pytest.mark.parametrize("days", [0, -1, 31], ids=["none", "below", "too many"])
def test_a_mute_lasts_some_days(days: int) -> None:
    with pytest.raises(TalkRefused):
        checked_days(days)
    assert checked_days(30) == timedelta(days=30)


def test_titles_reasons_and_sections_need_words() -> None:
    for check in (checked_title, checked_reason):
        with pytest.raises(TalkRefused):
            check(" \n ")
    with pytest.raises(TalkRefused):
        checked_section(SectionGiven({"kk": "а", "ru": "а", "en": ""}, frozenset(As)))
    with pytest.raises(TalkRefused):
        checked_section(SectionGiven({"kk": "а", "ru": "а", "en": "a"}, frozenset()))


def test_a_post_is_edited_by_its_author_within_some_minutes() -> None:
    post = Post(1, "a", As.STUDENT, NOW, "b", True, 1, None, None, None, "", "", None)

    assert may_edit(post, NOW + EDITED_WITHIN)
    assert not may_edit(post, NOW + EDITED_WITHIN + timedelta(seconds=1))
    assert not may_edit(replace(post, is_own=False), NOW)
    assert not may_edit(replace(post, deleted_at=NOW), NOW)


def test_an_excerpt_stands_around_the_first_word() -> None:
    told = around(f"{'а' * 200} Олимпиада {'б' * 200}", ["олимпиада"])

    assert told.startswith("…")
    assert told.endswith("…")
    assert "Олимпиада" in told
    assert len(told) < 200
