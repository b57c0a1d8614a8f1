"""Who writes in a talk when, and how what is typed is kept. Pure."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.core.messages import Message, message
from cloud.core.texts import has_unseen, one_line, paragraphs
from cloud.talks.kinds import As, Kind, Mute, Post, Seat, TalkRefused

WORDS_MAX, TITLE_MAX, REASON_MAX, NAME_MAX = 4_000, 120, 300, 60
EDITED_WITHIN = timedelta(minutes=15)
DAYS_MAX = 30  # of a mute
STUDENTS_MIN = 2  # who can come in: an adult and one student would be a private chat
QUIET = (21 * 60, 7 * 60)  # what a chat begins with
ALONE = message("A chat needs two students with accounts at least: there is no private chat of an adult and a student.")
_DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class Given:
    """A post as its author gives it."""

    words: str
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class SectionGiven:
    """A section of the forum as it is typed."""

    names: Mapping[str, str]
    audience: Collection[As]
    staff_begins: bool = False
    is_active: bool = True


def is_quiet(quiet: tuple[int, int] | None, minute: int) -> bool:
    """Tell whether a minute of the day is within quiet hours, which may go over midnight."""
    if quiet is None or quiet[0] == quiet[1]:
        return False
    begins, ends = quiet
    return begins <= minute < ends if begins < ends else minute >= begins or minute < ends


def why_not(
    seat: Seat, students: int, mute: Mute | None, now: datetime, told: Callable[[datetime], str] | None = None
) -> Message | None:
    """Return why the actor cannot write in a talk now; None where it can. A page tells an instant in its own way."""
    if seat.closed_at is not None:
        return message("This talk is closed. What was written can be read.")
    if mute is not None:
        return why_muted(mute, seat.zone, told)
    if seat.kind in {Kind.COURSE, Kind.CLASS} and students < STUDENTS_MIN:
        return ALONE
    return None if seat.leads or seat.moderates else _why_member_not(seat, now)


def why_muted(mute: Mute, zone: ZoneInfo, told: Callable[[datetime], str] | None = None) -> Message:
    """Return until when somebody does not write, and why, by the clock of the school."""
    moment = told(mute.until_at) if told else told_at(mute.until_at, zone)
    return message("You cannot write here before {moment} ({name}). Reason: {reason}", moment=moment, name=mute.by_name,
                   reason=mute.why)  # fmt: skip


def _why_member_not(seat: Seat, now: datetime) -> Message | None:
    if not seat.is_member:
        return message("Only who takes part in it writes here.")
    if seat.is_read_only:
        return message("Only who leads this talk writes in it now.")
    local = now.astimezone(seat.zone)
    if is_quiet(seat.quiet, local.hour * 60 + local.minute):
        return message("Quiet hours: you can write again at {time}.", time=clock_of((seat.quiet or QUIET)[1]))
    return None


def may_edit(post: Post, now: datetime) -> bool:
    """Tell whether its author may still edit a post."""
    return post.is_own and not post.is_gone and now - post.at <= EDITED_WITHIN


def checked_words(text: str) -> str:
    """Return the words of a post as they are kept. Raises TalkRefused."""
    words = paragraphs(text)
    if len(words) > WORDS_MAX:
        raise TalkRefused(message("A post has {most} letters at most.", most=WORDS_MAX))
    if has_unseen(words):
        raise TalkRefused(message("The text holds signs that nobody can read. Type it anew."))
    return words


def checked_title(text: str) -> str:
    """Return the title of a topic as it is kept. Raises TalkRefused."""
    title = one_line(text)
    if not title or len(title) > TITLE_MAX:
        raise TalkRefused(message("Give the topic a title of {most} letters at most.", most=TITLE_MAX))
    return title


def checked_reason(text: str) -> str:
    """Return a reason as it is kept. Raises TalkRefused."""
    reason = one_line(text)
    if not reason or len(reason) > REASON_MAX:
        raise TalkRefused(message("Say why, in {most} letters at most.", most=REASON_MAX))
    return reason


def checked_section(given: SectionGiven) -> SectionGiven:
    """Return a section as it is kept. Raises TalkRefused."""
    names = {language: one_line(given.names.get(language, "")) for language in ("kk", "ru", "en")}
    if not all(0 < len(name) <= NAME_MAX for name in names.values()):
        raise TalkRefused(message("Name the section in all three languages, in {most} letters at most.", most=NAME_MAX))
    if not given.audience:
        raise TalkRefused(message("Choose who reads the section."))
    return SectionGiven(names, frozenset(given.audience), given.staff_begins, given.is_active)


def checked_hours(begins: str, ends: str) -> tuple[int, int] | None:
    """Return quiet hours of what was typed as 21:00; None where both are empty. Raises TalkRefused."""
    if not begins.strip() and not ends.strip():
        return None
    try:
        minutes = [_minute(each) for each in (begins, ends)]
    except ValueError:
        raise TalkRefused(message("Quiet hours are two times, as 21:00 and 07:00, or none.")) from None
    return minutes[0], minutes[1]


def checked_days(days: int) -> timedelta:
    """Return for how long somebody is muted. Raises TalkRefused."""
    if not 1 <= days <= DAYS_MAX:
        raise TalkRefused(message("Choose between 1 and {most} days.", most=DAYS_MAX))
    return timedelta(days=days)


def clock_of(minute: int) -> str:
    """Return a minute of the day as 21:00."""
    return f"{minute // 60:02}:{minute % 60:02}"


def told_at(instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant in figures, by the clock of a school."""
    return f"{instant.astimezone(zone):%d.%m.%Y %H:%M}"


def _minute(text: str) -> int:
    hour, _, minute = text.strip()[:5].partition(":")
    value = int(hour) * 60 + int(minute)
    if not 0 <= value < _DAY_MIN or int(minute) > 59:
        raise ValueError(text)
    return value
