"""Calendars for other programs: iCalendar (RFC 5545), times in UTC. Pure.

Rule: an event keeps its UID for good, so that a calendar that asks again changes what it has instead of doubling it; a
lesson that was called off stays in it, and says so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

LINE_BYTES = 75
PRODUCT = "-//Esik//Timetable//EN"
REFRESH = "PT1H"  # how often programs are asked to look again


@dataclass(frozen=True, slots=True)
class Event:
    """One event."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    place: str = ""
    words: str = ""
    is_off: bool = False


def calendar(name: str, events: Iterable[Event], at: datetime) -> bytes:
    """Return a calendar as it is at an instant."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        f"NAME:{escaped(name)}", f"X-WR-CALNAME:{escaped(name)}", f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}",
        f"X-PUBLISHED-TTL:{REFRESH}",
    ]  # fmt: skip
    for event in events:
        lines += _lines(event, at)
    lines.append("END:VCALENDAR")
    return b"".join(folded(line) for line in lines)


def escaped(text: str) -> str:
    """Return a text as a value of type TEXT (3.3.11)."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r\n", "\n").replace("\n", "\\n")


def folded(line: str) -> bytes:
    """Return a line in lines of 75 bytes at most, which break within no letter (3.1)."""
    parts, part, size = [], "", 0
    for letter in line:
        length = len(letter.encode())
        if size + length > LINE_BYTES:
            parts.append(part)
            part, size = " ", 1
        part, size = part + letter, size + length
    return "".join(f"{each}\r\n" for each in [*parts, part]).encode()


def _lines(event: Event, at: datetime) -> Iterator[str]:
    yield from ("BEGIN:VEVENT", f"UID:{event.uid}", f"DTSTAMP:{_instant(at)}")
    yield from (f"DTSTART:{_instant(event.starts_at)}", f"DTEND:{_instant(event.ends_at)}")
    yield f"SUMMARY:{escaped(event.summary)}"
    if event.place:
        yield f"LOCATION:{escaped(event.place)}"
    if event.words:
        yield f"DESCRIPTION:{escaped(event.words)}"
    yield f"STATUS:{'CANCELLED' if event.is_off else 'CONFIRMED'}"
    yield from ("TRANSP:TRANSPARENT" if event.is_off else "TRANSP:OPAQUE", "END:VEVENT")


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
