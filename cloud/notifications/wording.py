"""What a channel says of a notice: a title, whole sentences, and the same short enough for an SMS.

Rule: a notice whose words cannot be made is told in a plain sentence, and an error in the log names its kind; it is
never lost.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from cloud.core.errors import kinds_of
from cloud.core.formats import Formats
from cloud.core.i18n import Language, translate
from cloud.core.messages import message
from cloud.core.sms import parts_of
from cloud.core.words import SIGNS
from cloud.notifications.kinds import OF_WORDS, Kind
from cloud.notifications.queries import NoticeRow
from cloud.notifications.rules import is_late
from cloud.notifications.texts import BROKEN, first_told, told, told_alone, told_plainly

SHORT_PARTS = 2  # that a text by SMS is made to fit, if it can
CUT_MIN = 20  # letters are left of one that has no place to cut
logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Words:
    """A message's words in one language."""

    title: str
    body: str
    short: str


def words_of(notice: NoticeRow, language: Language, now: datetime, held_until: datetime | None = None) -> Words:
    """Return what is said of a notice now; of one that waited for quiet hours to end, that it did."""
    is_held = held_until is not None and not notice.is_late
    if not is_held and is_late(notice.at, now):
        notice = replace(notice, is_late=True)  # the office let it be tried again much later
    try:
        title = translate(language, SIGNS[notice.kind.value].word)
        body = _held(notice, language) if is_held else told_alone(notice, language)
        short = body if parts_of(body) <= SHORT_PARTS else first_told(notice, language)
        return Words(title, body, fitted(short))
    except BROKEN as error:
        told_of = {"kind": notice.kind.value, "language": language.value, "error": kinds_of(error)}
        logger.error("notice.unreadable", **told_of)  # noqa: TRY400 (a traceback may tell names)
        news = told_plainly(notice, language)
        return Words("Esik", news, fitted(news))


def page_of(notice: NoticeRow) -> str:
    """Return the page that shows what a notice is about."""
    if notice.kind in OF_WORDS and notice.detail.message_id:
        return f"/messages/{notice.detail.message_id}"
    if notice.kind is Kind.WEEK and notice.detail.last_on is not None:
        return f"/children/{notice.person}/diary?week={notice.detail.last_on}"
    if notice.kind is Kind.QUESTIONNAIRE:
        return f"/questionnaires/{notice.detail.message_id}"
    return "/help" if notice.kind is Kind.SUPPORT_ANSWER else "/notices"


def fitted(text: str, parts: int = SHORT_PARTS) -> str:
    """Return a text that is so many parts of SMS at most, cut after a word."""
    if parts_of(text) <= parts:
        return text
    words = text.split(" ")
    while len(words) > 1 and parts_of(" ".join(words) + "…") > parts:
        words.pop()
    cut = " ".join(words)
    while parts_of(cut + "…") > parts and len(cut) > CUT_MIN:
        cut = cut[:-1].rstrip()
    return cut + "…"


def _held(notice: NoticeRow, language: Language) -> str:
    moment = Formats(language, notice.zone).moment(notice.at)
    words = told(notice, language)
    return translate(language, message("Held in your quiet hours: {moment}. {words}", moment=moment, words=words))
