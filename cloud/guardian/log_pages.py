"""The log of an attempt, as the student's page writes it."""

import json
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import JSONResponse, Response

from cloud.accounts.web import SignedIn, TheServices
from cloud.core.api import Counted
from cloud.proctoring.logs import note
from cloud.proctoring.rules import noticed

router = APIRouter(prefix="/children/{ref}/attempts/{attempt_id}/log", include_in_schema=False)
Events = Annotated[str, Form(max_length=20_000)]
NOT_KEPT = {"cache-control": "no-store"}


@router.post("")
async def write(
    actor: SignedIn, services: TheServices, ref: str, attempt_id: Counted, events: Events = ""
) -> Response:  # fmt: skip
    """Take what a page noticed, and that it is there; tell whether a log is kept."""
    try:
        told = json.loads(events or "[]")
    except (ValueError, RecursionError):
        told = []
    is_logged = await note(services, actor, ref, attempt_id, noticed(told))
    return JSONResponse({"is_logged": is_logged}, HTTPStatus.OK, NOT_KEPT)
