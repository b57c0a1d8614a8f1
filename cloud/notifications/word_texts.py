"""The words of notices about what people wrote: messages and questionnaires of the school, answers of support."""

from cloud.core.formats import Formats
from cloud.core.i18n import Language
from cloud.core.messages import Message, message
from cloud.notifications.kinds import Detail, Kind
from cloud.notifications.queries import NoticeRow


def said_in_words(notice: NoticeRow, formats: Formats) -> Message:
    """Return what such a notice says."""
    if notice.kind is Kind.SUPPORT_ANSWER:
        return _answered(notice.detail, formats)
    if notice.kind is Kind.QUESTIONNAIRE:
        return _asked(notice, formats)
    return _written(notice, formats.language)


def _written(notice: NoticeRow, language: Language) -> Message:
    detail, child = notice.detail, notice.name
    author, title = detail.author, "" if detail.title is None else detail.title.name(language)
    match detail.reason, bool(title), bool(notice.corrects):
        case "recalled", True, _:
            return message("{author} took the message “{title}” back.", author=author, title=title)
        case "recalled", False, _:
            return message("{author} took a message to you back.", author=author)
        case "answered", _, _:
            return message("{author} answered you. Read it under “Messages”.", author=author)
        case _, True, True:
            return message("{author} corrects an earlier message: “{title}”.", author=author, title=title)
        case _, True, False:
            return message("{author}: “{title}”. Read it under “Messages”.", author=author, title=title)
        case _:
            return message("{author} wrote to you about {child}. Read it under “Messages”.", author=author, child=child)


def _answered(detail: Detail, formats: Formats) -> Message:
    on = "" if detail.on is None else formats.day_short(detail.on)
    return message("Support has answered your question of {day}. The answer stands under “Help”.", day=on)


def _asked(notice: NoticeRow, formats: Formats) -> Message:
    detail = notice.detail
    title = "" if detail.title is None else detail.title.name(formats.language.value)
    day = "" if detail.last_on is None else formats.day_short(detail.last_on)
    return message(
        "The school of {child} asks you: “{title}”. Answer under “Questionnaires” until {day}.", child=notice.name,
        title=title, day=day,
    )  # fmt: skip
