"""The words of notices about a child's day at the gates: who came, went, came late, was not seen, what was wrong."""

from cloud.core.formats import Formats
from cloud.core.i18n import Language, translations
from cloud.core.messages import Message, message
from cloud.core.words import SIGNS, word
from cloud.notifications.day_rules import PRESENT
from cloud.notifications.kinds import Detail, Kind
from cloud.notifications.queries import NoticeRow


def said_of_day(notice: NoticeRow, formats: Formats) -> list[Message]:
    """Return the sentences of a notice about a day, without when it happened."""
    child, detail = notice.name, notice.detail
    match notice.kind:
        case Kind.ABSENT:
            return _absent(child, notice, formats)
        case Kind.WITHOUT_CARD:
            return _without_card(child, detail, formats)
        case Kind.LATE | Kind.ARRIVED:
            return [_came(child, detail, formats)]
        case Kind.LEFT_EARLY | Kind.DEPARTED:
            return _left(child, detail, formats)
        case Kind.CARD_DOUBLED:
            return _doubled(child)
        case _:
            return [_corrected(child, detail, formats)]


def _came(child: str, detail: Detail, formats: Formats) -> Message:
    gate = _gate(detail, formats.language)
    if detail.late_min:
        return message(
            "{child} came to school {late} ({gate}); the first lesson began at {time}.",
            child=child, late=_late(detail.late_min, formats.language), gate=gate, time=_lessons(detail, formats),
        )  # fmt: skip
    if detail.is_again:
        return message("{child} came into the school again ({gate}).", child=child, gate=gate)
    return message("{child} came to school ({gate}).", child=child, gate=gate)


def _left(child: str, detail: Detail, formats: Formats) -> list[Message]:
    said = [message("{child} left the school ({gate}).", child=child, gate=_gate(detail, formats.language))]
    return said + _lessons_end(detail, formats)


def _lessons_end(detail: Detail, formats: Formats) -> list[Message]:
    """Return when the class's last lesson ends, where the child leaves before that."""
    if detail.direction != "out" or detail.lessons_at is None:
        return []
    return [message("The last lesson of the class ends at {time}.", time=_lessons(detail, formats))]


def _without_card(child: str, detail: Detail, formats: Formats) -> list[Message]:
    gate, why = _gate(detail, formats.language), Message(word(detail.reason))
    if detail.direction == "out":
        said = message("The guard let {child} out of the school without a card ({gate}).", child=child, gate=gate)
    elif detail.late_min:
        said = message(
            "The guard let {child} into the school without a card, {late} ({gate}).",
            child=child, late=_late(detail.late_min, formats.language), gate=gate,
        )  # fmt: skip
    else:
        said = message("The guard let {child} into the school without a card ({gate}).", child=child, gate=gate)
    reason = [message("The guard's reason: {reason}.", reason=why)] if detail.reason else []
    return [said, *reason, *_lessons_end(detail, formats)]


def _absent(child: str, notice: NoticeRow, formats: Formats) -> list[Message]:
    return [
        message(
            "No gate of the school had seen {child} by {time}; the first lesson began at {lessons}.",
            child=child, time=formats.hour(notice.at), lessons=_lessons(notice.detail, formats),
        ),
        message("If the child is ill or at home, tell the school."),
    ]  # fmt: skip


def _doubled(child: str) -> list[Message]:
    return [
        message(
            "The card of {child} was shown at two gates within seconds: one of the two may be a copy.", child=child
        ),
        message("If the child did not do that, block the card and tell the school."),
    ]


def _corrected(child: str, detail: Detail, formats: Formats) -> Message:
    """Return what was wrong, and what is true."""
    time = "" if detail.was_at is None else formats.hour(detail.was_at)
    match detail.was, detail.now:
        case Kind.ABSENT, str(now) if now == PRESENT:
            return message("The teacher has marked that {child} is in class; no gate saw the child come.", child=child)
        case Kind.ABSENT, _:
            return _was_there(child, detail, formats)
        case Kind.LATE, Kind.ARRIVED if detail.came_at is not None:
            return message(
                "{child} was not late: at school since {time}, which the gate told of later.",
                child=child, time=formats.hour(detail.came_at),
            )  # fmt: skip
        case _, "":
            return _was_nothing(child, detail, time)
        case _, now:
            return _was_otherwise(child, now, time)


def _was_nothing(child: str, detail: Detail, time: str) -> Message:
    if detail.was == Kind.CARD_DOUBLED:
        return message(
            "The card of {child} was at one gate only at {time}: there is no sign of a copy.", child=child, time=time
        )
    return message(
        "At {time} {child} did not pass the gate after all: its sensor saw nobody.", child=child, time=time
    )  # fmt: skip


def _was_otherwise(child: str, now: str, time: str) -> Message:
    if now == Kind.WITHOUT_CARD:
        return message(
            "At {time} {child} passed without a card: the guard let the child through.", child=child, time=time
        )
    right = Message(SIGNS[now].word) if now in SIGNS else now
    return message("{child}: what was told of {time} is put right. It is: {right}.",
                   child=child, time=time, right=right)  # fmt: skip


def _was_there(child: str, detail: Detail, formats: Formats) -> Message:
    since = "" if detail.came_at is None else formats.hour(detail.came_at)
    if detail.late_min:
        return message(
            "It was wrong that {child} had not come: at school since {time}, {late}. The gate told of it later.",
            child=child, time=since, late=_late(detail.late_min, formats.language),
        )  # fmt: skip
    return message(
        "It was wrong that {child} had not come: at school since {time}. The gate told of it later.",
        child=child, time=since,
    )  # fmt: skip


def _late(minutes: int, language: Language) -> str:
    return translations(language).ngettext("{n} minute late", "{n} minutes late", minutes).format(n=minutes)


def _lessons(detail: Detail, formats: Formats) -> str:
    return "" if detail.lessons_at is None else formats.hour(detail.lessons_at)


def _gate(detail: Detail, language: Language) -> str:
    return "" if detail.gate is None else detail.gate.name(language)
