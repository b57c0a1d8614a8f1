"""The office's page of what families ask to put right: each with the way to where it is mended, and an answer."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.people.corrections import Kept, Outcome, answer_correction, requests_of

router = APIRouter(prefix="/schools/{code}/corrections", include_in_schema=False)
CorrectionDesk = Annotated[Desk, Depends(desk_of(Right.CORRECTIONS_ANSWER))]
# Where below a person's page a kind of data is mended; the others are mended on the page itself.
PLACES = {Kept.MONEY: "/money", Kept.MEALS: "/money", Kept.DIET: "/diet", Kept.CONSENTS: "/consents"}


@router.get("")
async def show(request: Request, desk: CorrectionDesk) -> Response:
    """Show the requests."""
    return await _page(request, desk)


@router.post("/{request_id}")
async def answer(
    request: Request, desk: CorrectionDesk, request_id: Counted, outcome: Annotated[Outcome, Form()] = Outcome.REFUSED,
    reason: Annotated[str, Form(max_length=1_000)] = "",
) -> Response:  # fmt: skip
    """Answer one; what is not said clearly is a no, and a no needs its reason."""
    try:
        await answer_correction(desk.services, desk.actor, desk.school.id, request_id, outcome, reason)
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, desk, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/corrections", HTTPStatus.SEE_OTHER)


async def _page(request: Request, desk: Desk, refused: Refused | None = None) -> Response:
    return pages_of(request).page(
        desk.visit, "office/corrections.html", status=refused.status if refused else HTTPStatus.OK,
        section="corrections", requests=await requests_of(desk.services, desk.actor, desk.school.id),
        places={kind.value: path for kind, path in PLACES.items()},
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip
