"""Rules of tests: what a test may hold, on which terms it is given, who sees what when, and what counts. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from cloud.assessments.errors import MarkingRefused, TestRefused
from cloud.assessments.kinds import Attempt, Counts, Given, Review, Section, Terms
from cloud.assessments.questions import CENT
from cloud.core.messages import message
from cloud.core.texts import has_unseen, one_line, paragraphs
from cloud.schools.rules import GRADES

TITLE_MAX, THEME_MAX, REMARK_MAX = 120, 120, 500
SECTIONS_MAX, QUESTIONS_MAX = 10, 100  # of a test; questions that one attempt is asked
POOL_MAX = 300  # questions of a theme that are kept for drawing
LIMIT_MIN, ATTEMPTS = range(1, 601), range(1, 11)
AHEAD = timedelta(days=366)
LONGEST = timedelta(days=120)


def checked_name(text: str, most: int = TITLE_MAX) -> str:
    """Return the name of a test or a section. Raises TestRefused."""
    name = one_line(text)
    if not 0 < len(name) <= most:
        raise TestRefused(message("Give it a name, in {most} letters at most.", most=most))
    return name


def checked_theme(text: str) -> str:
    """Return a theme of a bank; none is one, too. Raises TestRefused."""
    theme = one_line(text)
    if len(theme) > THEME_MAX:
        raise TestRefused(message("A theme has {most} letters at most.", most=THEME_MAX))
    return theme


def checked_grade(grade: int) -> int:
    """Return a grade. Raises TestRefused."""
    if grade not in GRADES:
        raise TestRefused(message("Choose a grade of the list."))
    return grade


def checked_sections(
    sections: Sequence[Section], known: Collection[int], themes: Mapping[str, int]
) -> tuple[Section, ...]:  # fmt: skip
    """Return sections as they are kept; `known` are questions in use, `themes` how many there are of each.

    Raises TestRefused.
    """
    if len(sections) > SECTIONS_MAX:
        raise TestRefused(message("A test has {most} sections at most.", most=SECTIONS_MAX))
    kept = tuple(_section(each, known, themes) for each in sections)
    chosen = [number for each in kept for number in each.questions]
    if len(set(chosen)) < len(chosen):
        raise TestRefused(message("This question is in the test already."))
    themes_drawn = [each.theme for each in kept if each.draws]
    if len(set(themes_drawn)) < len(themes_drawn):
        raise TestRefused(message("This theme is drawn from already: take that section out first."))
    if asked_in(kept) > QUESTIONS_MAX:
        raise TestRefused(message("An attempt is asked {most} questions at most.", most=QUESTIONS_MAX))
    return kept


def asked_in(sections: Sequence[Section]) -> int:
    """Return how many questions an attempt is asked."""
    return sum(each.draws or len(each.questions) for each in sections)


def checked_terms(terms: Terms, now: datetime) -> Terms:
    """Return terms on which a test can be given. Raises TestRefused."""
    if terms.closes_at <= max(terms.opens_at, now):
        raise TestRefused(message("The test must close after it opens, and not in the past."))
    if terms.opens_at > now + AHEAD or terms.closes_at - terms.opens_at > LONGEST:
        raise TestRefused(message("A test opens within a year, and closes {days} days later at most.",
                                  days=LONGEST.days))  # fmt: skip
    if terms.limit_min is not None and terms.limit_min not in LIMIT_MIN:
        raise TestRefused(message("An attempt lasts 1 to {most} minutes.", most=max(LIMIT_MIN)))
    if terms.attempts not in ATTEMPTS:
        raise TestRefused(message("There are 1 to {most} attempts.", most=max(ATTEMPTS)))
    return replace(terms, counts=Counts(terms.counts), review=Review(terms.review))


def is_reviewed(given: Given, attempt: Attempt, now: datetime) -> bool:
    """Tell whether the student sees the answers and what was right."""
    if not attempt.is_over(now):
        return False
    match given.terms.review:
        case Review.HANDED:
            return True
        case Review.CLOSED:
            return now >= given.terms.closes_at
        case Review.NEVER:
            return False


def counting(attempts: Sequence[Attempt], counts: Counts, now: datetime) -> Attempt | None:
    """Return the attempt that counts of those that are over; of two that are as good the earlier one."""
    over = [each for each in attempts if each.is_over(now)]
    if not over:
        return None
    if counts is Counts.LAST:
        return max(over, key=lambda each: each.number)
    return max(over, key=lambda each: (each.percent, -each.number))


def is_final(attempts: Sequence[Attempt], counted: Attempt, counts: Counts, now: datetime) -> bool:
    """Tell whether what counts can become no other by an attempt that goes on, or by essays that nobody has marked."""
    waits = counted.waiting or (counts is Counts.BEST and any(each.waiting for each in attempts))
    return not waits and all(each.is_over(now) for each in attempts)


def as_mark(percent: Decimal, most: int) -> int:
    """Return percent as a formative mark of 1 to `most`, rounded half up: no mark is below one."""
    return max(1, int((percent * most / 100).quantize(Decimal(1), ROUND_HALF_UP)))


def checked_points(typed: str, most: int) -> Decimal:
    """Return the points that a teacher gives. Raises MarkingRefused."""
    plain = typed.strip().replace(",", ".")
    whole, _, part = plain.partition(".")
    if not (whole + part).isdigit() or not plain.isascii() or len(whole) > 3 or len(part) > 2:
        raise MarkingRefused(message("Points are 0 to {most}, as 4 or 4.5.", most=most))
    points = Decimal(plain).quantize(CENT)
    if points > most:
        raise MarkingRefused(message("Points are 0 to {most}, as 4 or 4.5.", most=most))
    return points


def checked_remark(text: str) -> str:
    """Return what a teacher writes to a student about an answer. Raises MarkingRefused."""
    kept = paragraphs(text)
    if len(kept) > REMARK_MAX or has_unseen(kept):
        raise MarkingRefused(message("Say it in {most} letters at most.", most=REMARK_MAX))
    return kept


def _section(section: Section, known: Collection[int], themes: Mapping[str, int]) -> Section:
    title = checked_name(section.title)
    if not section.draws:
        if not all(each in known for each in section.questions):
            raise TestRefused(message("Choose questions of the bank that are in use."))
        return Section(title, section.questions)
    there = themes.get(section.theme, 0)
    if section.draws > there:
        raise TestRefused(
            message("The theme has {count} questions in use: so many at most can be drawn.", count=there)
        )  # fmt: skip
    return Section(title, (), section.theme, section.draws)
