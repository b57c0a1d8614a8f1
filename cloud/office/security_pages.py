"""The page of security events, for operators: all of them in one list, to be searched and taken out."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Self
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from cloud.accounts.actions import audit
from cloud.accounts.web import OperatorDesk, everywhere
from cloud.audit.verbs import VERBS
from cloud.core.i18n import N_
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.devices.alarm_kinds import KINDS, Severity
from cloud.integrity.database_events import EventKind
from cloud.integrity.security_events import EVENTS_MAX, SOURCES, SecurityEvent, Wanted, security_events
from cloud.monitoring.kinds import ABOUT, Kind
from cloud.office.audit_view import Filters

router = APIRouter(prefix="/security", include_in_schema=False)
EventsDesk = Annotated[OperatorDesk, Depends(everywhere(Right.ALARMS_READ))]
TEMPLATE = "office/security.html"
PAGE_SIZE, PAGES_MAX, WORD_MAX = 100, 1_000, 60
LINES = "application/jsonl; charset=utf-8"
OVER = ".over"
DATABASE_WORDS = {
    EventKind.CONNECTED: N_("Connected to the database"),
    EventKind.LEFT: N_("Left the database"),
    EventKind.STRUCTURE: N_("Structure of the database changed"),
    EventKind.RIGHTS: N_("Role or privilege of the database changed"),
    EventKind.GUARDS: N_("Guards of the database's journals switched off"),
    EventKind.FAILED: N_("The database refused something"),
    EventKind.SERVER: N_("The database started, stopped, or read its settings"),
}


@dataclass(frozen=True, slots=True)
class EventFilters:
    """What somebody asked to see; what cannot be read is ignored."""

    days: Filters
    source: str = ""
    severity: Severity = Severity.NOTICE  # at least
    words: str = ""
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str], desk: OperatorDesk) -> Self:
        """Read a query string."""
        source, severity, page = (query.get(name, "") for name in ("source", "severity", "page"))
        return cls(
            Filters.read(query, desk.visit.now.astimezone(desk.visit.zone).date()),
            source=source if source in SOURCES else "",
            severity=Severity(int(severity)) if severity in {"1", "2", "3"} else Severity.NOTICE,
            words=query.get("words", "").replace("\x00", "").strip()[:WORD_MAX],
            page=min(PAGES_MAX, int(page))
            if page.isascii() and page.isdigit() and 0 < len(page) < 5 and int(page)
            else 1,
        )

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.source, self.severity, self.words, (self.page - 1) * PAGE_SIZE)

    def to(self, page: int) -> str:
        """Return the query string of another page with the same filters."""
        said = {
            "since": f"{self.days.first_on:%d.%m.%Y}", "until": f"{self.days.last_on:%d.%m.%Y}", "source": self.source,
            "severity": "" if self.severity is Severity.NOTICE else str(self.severity.value), "words": self.words,
            "page": str(page) if page > 1 else "",
        }  # fmt: skip
        return "?" + urlencode({key: value for key, value in said.items() if value})


@router.get("")
async def show(request: Request, desk: EventsDesk) -> Response:
    """Show the events that fit, newest first."""
    filters = EventFilters.read(request.query_params, desk)
    found = await _found(desk, filters, PAGE_SIZE + 1, filters.wanted)
    return pages_of(request).page(
        desk.visit, TEMPLATE, section="security", filters=filters, events=found[:PAGE_SIZE],
        has_older=len(found) > PAGE_SIZE and filters.page < PAGES_MAX, words_of=words_of, is_over=is_over,
        sources=SOURCES, severities=list(Severity), is_forwarded=bool(desk.services.settings.syslog_url),
    )  # fmt: skip


@router.get("/events.jsonl")
async def as_lines(request: Request, desk: EventsDesk) -> Response:
    """Send the events that fit, a line of JSON each, newest first."""
    filters = EventFilters.read(request.query_params, desk)
    found = await _found(desk, filters, EVENTS_MAX, replace(filters.wanted, offset=0))
    async with desk.services.database.transaction() as connection:
        await audit(
            connection, desk.actor, "security.exported", "security", {"events": str(len(found))},
            at=desk.services.clock.now(),
        )  # fmt: skip

    async def lines() -> AsyncIterator[str]:
        for each in found:
            yield each.as_json + "\n"

    return StreamingResponse(
        lines(), media_type=LINES, headers={"content-disposition": 'attachment; filename="security-events.jsonl"'}
    )  # fmt: skip


def words_of(event: SecurityEvent) -> str:
    """Return the English words of what happened, to be translated; what is not known stays itself."""
    what = event.what.removesuffix(OVER)
    match event.source:
        case "audit":
            return VERBS.get(what, what)
        case "server":
            return ABOUT[Kind(what)].word if what in set(Kind) else what
        case "database":
            kind = what.removeprefix("database.")
            return DATABASE_WORDS[EventKind(kind)] if kind in set(EventKind) else what
        case _:
            return KINDS[what].word if what in KINDS else what


def is_over(event: SecurityEvent) -> bool:
    """Tell whether it is the end of a trouble."""
    return event.source == "server" and event.what.endswith(OVER)


async def _found(desk: OperatorDesk, filters: EventFilters, most: int, wanted: Wanted) -> list[SecurityEvent]:
    midnight = time(tzinfo=desk.visit.zone)
    since = datetime.combine(filters.days.first_on, midnight).astimezone(UTC)
    until = datetime.combine(filters.days.last_on + timedelta(days=1), midnight).astimezone(UTC)
    return await security_events(desk.services, desk.actor, None, since, until, most, wanted)
