"""The words of notices about absences, who may collect a child and who took it, and a teacher's question."""

from datetime import date

from cloud.core.formats import Formats
from cloud.core.messages import Message, message
from cloud.core.words import word
from cloud.notifications.kinds import Detail, Kind
from cloud.notifications.queries import NoticeRow


def said_of_family(notice: NoticeRow, formats: Formats) -> list[Message]:
    """Return what a notice of these kinds says, as whole sentences."""
    if notice.kind is Kind.ABSENCE_CHANGED:
        return _absence(notice.name, notice.detail, formats)
    if notice.kind is Kind.COLLECTOR_CHANGED:
        return _collector(notice.name, notice.detail, formats)
    if notice.kind is Kind.COLLECTED:
        return _collected(notice.name, notice.detail)
    return [
        message("{child} is not where the class is, and {by} asks where.", child=notice.name, by=notice.detail.by),
        message("Tell an absence on the child's page, or call the school."),
    ]


def _absence(child: str, detail: Detail, formats: Formats) -> list[Message]:
    days = _days(detail, formats)
    match detail.way:
        case "taken_back":
            return [message("{child}: the absence of {days} was taken back. The child is expected.",
                            child=child, days=days)]  # fmt: skip
        case "accepted":
            return [message("{child}: the school accepted the absence of {days}.", child=child, days=days)]
        case "asked":
            return [message("{child}: the school asks about the absence of {days}.", child=child, days=days),
                    message("Answer on the child's page.")]  # fmt: skip
        case _:
            return [message("{child}: the school was told of an absence, {days}.", child=child, days=days)]


def _collector(child: str, detail: Detail, formats: Formats) -> list[Message]:
    told = {"child": child, "who": detail.who, "by": detail.by}
    match detail.way:
        case "ended":
            return [message("{child}: {who} may collect the child no more. Ended by: {by}.", **told)]
        case "stopped":
            return [message("{child}: {by} says no, so {who} may not collect the child.", **told)]
        case "lifted":
            return [message("{child}: the no to {who} was taken back by {by}. To collect the child, {who} must be named"
                            " anew.", **told)]  # fmt: skip
        case _:
            days = _days(detail, formats)
            return [message("{child}: {who} may collect the child, {days}. Named by: {by}.", **told, days=days),
                    message("If you do not agree, say no on the child's page.")]  # fmt: skip


def _collected(child: str, detail: Detail) -> list[Message]:
    if detail.way == "exception":
        why = Message(word(f"taken_{detail.reason}"))
        return [
            message("{child}: handed over to somebody who is not on the list of who may collect the child.",
                    child=child),
            message("Why: {why}. Allowed by: {by}.", why=why, by=detail.by) if detail.by
            else message("Why: {why}.", why=why),
            message("If you do not know of it, call the school at once."),
        ]  # fmt: skip
    if not detail.who:
        return [message("{child}: taken by somebody who may collect the child.", child=child)]
    said = [message("{child}: taken by {who}.", child=child, who=detail.who)]
    if detail.way == "ended":
        said.append(message("By then {who} could collect the child no more; the gate had not heard of it.",
                            who=detail.who))  # fmt: skip
    return said


def _days(detail: Detail, formats: Formats) -> str:
    first_on: date | None = detail.on
    if first_on is None:
        return ""
    first = formats.day_short(first_on)
    if detail.last_on is None or detail.last_on == first_on:
        return first
    return f"{first} – {formats.day_short(detail.last_on)}"
