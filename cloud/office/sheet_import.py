"""What pages that take in one table have in common: the chosen file, what is wrong in it, what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import Request, UploadFile
from fastapi.responses import Response

from cloud.attendance.web import Desk
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.messages import Message, message
from cloud.core.pages import pages_of
from cloud.imports.errors import FileRefused
from cloud.imports.report import Problem
from cloud.imports.zips import FILE_MAX

TEMPLATE = "office/sheet_import.html"
NOTHING = message("Nothing was changed: mend what stands below, and send the file once more.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: refused, with problems, or told in words."""

    refused: Message | None = None
    problems: Sequence[Problem] = ()
    told: Message | None = None
    status: HTTPStatus = HTTPStatus.OK


async def chosen(file: UploadFile | None) -> bytes:
    """Return what was sent. Raises FileRefused where nothing was."""
    content = await file.read(FILE_MAX + 1) if file is not None else b""
    if not content:
        raise FileRefused(message("Choose a file first."))
    return content


def refused_with(refused: Refused) -> Outcome:
    """Return a refusal as the outcome. Raises what is nobody's to see."""
    if isinstance(refused, NotFound | NotAllowed):
        raise refused
    return Outcome(refused.message, status=refused.status)


def with_problems(problems: Sequence[Problem]) -> Outcome:
    """Return that a file was not taken."""
    return Outcome(NOTHING, problems, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def shown(request: Request, desk: Desk, outcome: Outcome, **values: Any) -> Response:
    """Return the page with what became of a file."""
    language = desk.visit.language
    return pages_of(request).page(
        desk.visit, TEMPLATE, status=outcome.status, problems=outcome.problems, file_max=FILE_MAX,
        refused=translate(language, outcome.refused) if outcome.refused else "",
        done=translate(language, outcome.told) if outcome.told else "", **values,
    )  # fmt: skip
