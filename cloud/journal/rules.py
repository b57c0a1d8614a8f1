"""Rules of the journal: how what was typed is read, what can stand in a cell, and who writes until when. Pure."""

import re
from dataclasses import replace
from datetime import date
from enum import StrEnum

from cloud.core.messages import message
from cloud.core.texts import has_unseen
from cloud.journal.errors import JournalClosed, JournalRefused
from cloud.journal.grading import Scheme
from cloud.journal.kinds import OF_LETTER, Cell, Here, Kind, Lesson
from cloud.journal.quarters import Quarter

TYPED_MAX = 12  # letters
POINTS_MAX = 100  # that a summative work may have
THEME_MAX, NOTES_MAX, REMARK_MAX, REASON_MAX = 200, 4_000, 200, 200
LINKS_MAX, LINK_MAX = 5, 300
_TYPED = re.compile(r"(?P<letter>[^\W\d_]|\+)?\s*(?P<points>[0-9]{1,3})?")
_LINK = re.compile(r"https?://[^\s<>\"'/?#]+\.[^\s<>\"'/?#]+(?:[/?#][^\s<>\"']*)?")


class Hand(StrEnum):
    """Whose hand writes: it decides for how long."""

    TEACHER = "teacher"  # of the course or of this lesson: until the next quarter begins
    CORRECTOR = "corrector"  # afterwards, with a reason


def read_cell(typed: str, before: Cell, kind: Kind) -> Cell:
    """Return the cell that somebody means who types over another one: the whole of it is written anew.

    Points without a letter say that the student was there, unless a summative work was written later. Raises
    JournalRefused.
    """
    found = _TYPED.fullmatch(typed.strip().lower()) if len(typed) <= TYPED_MAX else None
    letter = found["letter"] if found else None
    if found is None or (letter is not None and letter not in OF_LETTER):
        raise JournalRefused(message("This cannot be read. Write points, or one letter: absent, late, for the school."))
    points = None if found["points"] is None else int(found["points"])
    if letter is not None:
        return Cell(OF_LETTER[letter], points)
    if points is None:
        return Cell(Here.PRESENT if before.here is Here.PRESENT else Here.UNSAID)
    stays = before.here is Here.LATE or (kind is not Kind.LESSON and before.here is not Here.UNSAID)
    return Cell(before.here if stays else Here.PRESENT, points)


def check_points(cell: Cell, lesson: Lesson, scheme: Scheme, grade: int) -> None:
    """Raise JournalRefused unless these points can be given in a lesson."""
    if cell.points is None:
        return
    if not scheme.has_marks(grade):
        raise JournalRefused(message("Grade {grade} gets no marks.", grade=grade))
    if lesson.is_summative and not lesson.points_max:
        raise JournalRefused(message("Say first how many points this work has at most: open the lesson."))
    most = lesson.points_max if lesson.is_summative else scheme.formative_max
    least = 0 if lesson.is_summative else 1
    if not least <= cell.points <= most:
        raise JournalRefused(message("Points are {least} to {most} here.", least=least, most=most))
    if not lesson.is_summative and cell.here in (Here.ABSENT, Here.AWAY):
        raise JournalRefused(message("Who was not at the lesson gets no mark for it."))


def check_lesson(hand: Hand, lesson: Lesson, quarter: Quarter, today: date, reason: str) -> None:
    """Raise JournalClosed unless somebody can write at a lesson now, or JournalRefused for an odd reason."""
    if lesson.is_off:
        raise JournalClosed(message("This lesson is called off: nothing is written there."))
    if lesson.on > today:
        raise JournalClosed(message("This lesson has not come yet."))
    if len(reason) > REASON_MAX or has_unseen(reason):
        raise JournalRefused(message("Say it in {most} letters at most.", most=REASON_MAX))
    is_open = quarter.is_open(today)
    if hand is Hand.TEACHER and not is_open:
        raise JournalClosed(message("This quarter is closed. A deputy director puts marks of it right, with a reason."))
    if hand is Hand.CORRECTOR and is_open:
        raise JournalClosed(message("This quarter is open: its teacher writes. Only earlier ones can be corrected."))
    if hand is Hand.CORRECTOR and not reason.strip():
        raise JournalClosed(message("Say the reason: a mark of an earlier quarter is put right with one only."))


def checked_text(text: str, most: int) -> str:
    """Return what somebody wrote, without space around it. Raises JournalRefused where it is too long or odd."""
    kept = text.replace("\r\n", "\n").strip()
    if len(kept) > most or has_unseen(kept.replace("\n", " ")):
        raise JournalRefused(message("Say it in {most} letters at most.", most=most))
    return kept


def checked_links(text: str) -> tuple[str, ...]:
    """Return links that were written one a line. Raises JournalRefused."""
    links = tuple(line.strip() for line in text.splitlines() if line.strip())
    if len(links) > LINKS_MAX or any(len(each) > LINK_MAX or not _LINK.fullmatch(each) for each in links):
        raise JournalRefused(message("Write up to {most} links, one a line, each with https://.", most=LINKS_MAX))
    return links


def checked_kind(lesson: Lesson, kind: Kind, points_max: int, highest: int | None) -> Lesson:
    """Return a lesson as another kind of it; `highest` are the most points that somebody has, None where nobody has.

    Raises JournalRefused.
    """
    if kind is Kind.LESSON:
        points_max = 0
    elif not 1 <= points_max <= POINTS_MAX:
        raise JournalRefused(message("A summative work has 1 to {most} points.", most=POINTS_MAX))
    if highest is not None and kind is not lesson.kind:
        raise JournalRefused(message("There are marks in this lesson: it stays what it is."))
    if highest is not None and kind is not Kind.LESSON and points_max < highest:
        raise JournalRefused(message("Somebody has {points} points already.", points=highest))
    return replace(lesson, kind=kind, points_max=points_max)
