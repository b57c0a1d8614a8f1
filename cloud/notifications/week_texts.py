"""The words of the week's digest: marks by subject, lessons missed, what is ahead."""

from cloud.core.formats import Formats
from cloud.core.i18n import translate
from cloud.core.messages import Message, message
from cloud.core.signs import Sign
from cloud.core.words import SIGNS
from cloud.notifications.kinds import Ahead, Week
from cloud.notifications.queries import NoticeRow

AHEAD_SHOWN = 8


def said_of_week(notice: NoticeRow, formats: Formats) -> list[Message]:
    """Return what the digest of a week says, as whole sentences; the first one tells the marks."""
    week, language = notice.detail.week or Week(), formats.language.value
    first_on, last_on = notice.detail.on, notice.detail.last_on
    days = f"{formats.day_short(first_on)} – {formats.day_short(last_on)}" if first_on and last_on else ""
    marks = "; ".join(f"{each.subject.name(language)} {', '.join(each.marks)}" for each in week.marks)
    if marks:
        said = [message("{child}, the week {days}. Marks: {marks}.", child=notice.name, days=days, marks=marks)]
    else:
        said = [message("{child}, the week {days}: no marks.", child=notice.name, days=days)]
    if week.missed or week.late:
        said.append(message("Lessons missed: {missed}, late: {late}.", missed=week.missed, late=week.late))
    if week.ahead:
        works = "; ".join(_ahead(each, formats) for each in week.ahead[:AHEAD_SHOWN])
        said.append(message("Ahead: {works}.", works=works))
    if week.homework:
        said.append(message("Homework to be done: {count}.", count=week.homework))
    return said


def _ahead(work: Ahead, formats: Formats) -> str:
    sign: Sign = SIGNS[f"lesson_{work.kind}"]
    kind = translate(formats.language, sign.word)
    return f"{kind}, {work.subject.name(formats.language.value)}, {formats.day_short(work.on)}"
