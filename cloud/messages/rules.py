"""How a message is judged before it is kept, and which of its languages a reader gets. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from cloud.core.i18n import Language
from cloud.core.messages import message
from cloud.core.texts import has_unseen, paragraphs
from cloud.messages.kinds import Audience, Given, MessageRefused, Wording

TITLE_MAX, BODY_MAX, ANSWER_MAX = 120, 4_000, 2_000
AHEAD = timedelta(days=60)
GRADES = range(13)  # 0 is the preparatory one
CLASSES_MAX = 200


def checked(given: Given, now: datetime) -> Given:
    """Return a message as it is kept. Raises MessageRefused."""
    wordings = checked_wordings(given.wordings)
    if given.only_language and given.only_language not in set(Language):
        raise MessageRefused(message("Choose a language of the list."))
    if given.send_at is not None and not now <= given.send_at <= now + AHEAD:
        raise MessageRefused(message("Choose a time between now and {days} days ahead.", days=AHEAD.days))
    _check_audience(given)
    return replace(given, wordings=wordings)


def checked_wordings(given: Mapping[str, Wording]) -> dict[str, Wording]:
    """Return texts by language as they are kept, in one language at least. Raises MessageRefused."""
    wordings = {code: _checked_wording(each) for code, each in given.items() if each.title or each.body}
    wordings = {language.value: wordings[language.value] for language in Language if language.value in wordings}
    if not wordings:
        raise MessageRefused(message("Write a title and a text, in one language at least."))
    return wordings


def checked_answer(text: str) -> str:
    """Return an answer as it is kept. Raises MessageRefused."""
    words = paragraphs(text)
    if not words or len(words) > ANSWER_MAX or has_unseen(words):
        raise MessageRefused(message("Write an answer of {most} letters at most.", most=ANSWER_MAX))
    return words


def chosen(wordings: Mapping[str, Wording], language: str) -> tuple[str, Wording]:
    """Return a message in the reader's language; else in the first that it is written in, and which that is."""
    code = language if language in wordings else next(each.value for each in Language if each.value in wordings)
    return code, wordings[code]


def _check_audience(given: Given) -> None:
    fits = {
        Audience.SCHOOL: True,
        Audience.GRADES: bool(given.grades) and set(given.grades) <= set(GRADES),
        Audience.CLASSES: 0 < len(set(given.classes)) <= CLASSES_MAX,
        Audience.FAMILY: bool(given.child),
    }
    if not fits[given.audience]:
        raise MessageRefused(message("Choose for whom it is: a grade, a class or a child of the lists."))


def _checked_wording(given: Wording) -> Wording:
    title, body = " ".join(given.title.split()), paragraphs(given.body)
    if not title or not body:
        raise MessageRefused(message("A language needs a title and a text, or neither."))
    if len(title) > TITLE_MAX or len(body) > BODY_MAX:
        raise MessageRefused(
            message("A title has {title} letters at most, a text {body}.", title=TITLE_MAX, body=BODY_MAX)
        )
    if has_unseen(title) or has_unseen(body):
        raise MessageRefused(message("The text holds signs that nobody can read. Type it anew."))
    return Wording(title, body)
