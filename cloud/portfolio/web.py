"""What pages of portfolios share: the form of an entry, the file beside it, and how a file is handed out."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Form, UploadFile
from fastapi.responses import Response

from cloud.consents.scans import Scan
from cloud.core.days import day_of
from cloud.core.messages import message
from cloud.portfolio.errors import EntryRefused, GoalRefused
from cloud.portfolio.files import PICTURE_MAX, checked_file, name_of
from cloud.portfolio.kinds import Given, Kind

Typed = Annotated[str, Form(max_length=40)]
Title = Annotated[str, Form(max_length=400)]
Seen = Annotated[str, Form(max_length=64)]
Words = Annotated[str, Form(max_length=2_000)]


@dataclass(frozen=True, slots=True)
class EntryForm:
    """What the form of an entry says."""

    kind: Typed = ""
    title: Title = ""
    on: Typed = ""
    last: Typed = ""
    level: Typed = ""
    result: Typed = ""
    hours: Typed = ""
    words: Words = ""

    def given(self) -> Given:
        """Return what was meant. Raises EntryRefused."""
        if self.kind not in set(Kind):
            raise EntryRefused(message("Choose one of what is offered."))
        hours = self.hours.strip()
        if hours and not (hours.isascii() and hours.isdigit() and len(hours) < 5):
            raise EntryRefused(message("Write the hours as a number."))
        last_on = _day(self.last) if self.last.strip() else None
        return Given(
            Kind(self.kind), self.title, _day(self.on), self.words, self.level, self.result, last_on, int(hours or 0)
        )  # fmt: skip


async def file_in(file: UploadFile | None) -> Scan | None:
    """Return the file of a form, if there is one. Raises EntryRefused, ScanRefused or ScanTooLarge."""
    upload = await file.read(PICTURE_MAX + 1) if file is not None else b""
    return await checked_file(upload) if upload else None


def as_file(found: Scan, file_id: int) -> Response:
    """Return a file to keep; a browser shows none of it in a page of ours."""
    return Response(
        found.content, media_type=found.media,
        headers={
            "content-disposition": f'attachment; filename="{name_of(found, file_id)}"',
            "content-security-policy": "sandbox",
        },
    )  # fmt: skip


def goal_day(text: str) -> date:
    """Return the day of a goal or a step. Raises GoalRefused."""
    on = day_of(text)
    if on is None:
        raise GoalRefused(message("This is no day that can be: write it as 01.09.2026."))
    return on


def _day(text: str) -> date:
    on = day_of(text)
    if on is None:
        raise EntryRefused(message("This is no day that can be: write it as 01.09.2026."))
    return on
