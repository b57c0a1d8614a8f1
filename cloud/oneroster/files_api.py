"""The roster as files, for programs: the zip of OneRoster 1.2's CSV binding."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from cloud.core.api import PREFIX, refusals
from cloud.oneroster.files import TYPE, roster_file_for
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program, program_with

router = APIRouter(prefix=f"{PREFIX}/roster", tags=["OneRoster 1.2"])
Reader = Annotated[Program, Depends(program_with(Scope.ROSTER_READ))]
RESPONSES = refusals(HTTPStatus.TOO_MANY_REQUESTS) | {200: {"content": {TYPE: {}}, "description": "A zip file."}}


@router.get("/oneroster.zip", responses=RESPONSES, response_class=Response)
async def roster_zip(program: Reader) -> Response:
    """Return the school's whole roster as OneRoster 1.2 CSV ("bulk"), with the names that the token tells."""
    headers = {"content-disposition": 'attachment; filename="oneroster.zip"', "cache-control": "no-store"}
    return Response(await roster_file_for(program), media_type=TYPE, headers=headers)
