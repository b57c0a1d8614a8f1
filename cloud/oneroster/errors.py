"""Refusals as OneRoster words them, and the route class that turns every refusal below it into such words."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Literal

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from typing_extensions import override

from cloud.core.errors import NotFound, Refused
from cloud.core.messages import message
from cloud.tokens.errors import BearerRefused
from cloud.tokens.web import headers_of

Minor = Literal[
    "invalid_filter_field", "invalid_selection_field", "invaliddata", "unauthorisedrequest", "forbidden", "server_busy",
    "unknownobject", "internal_server_error",
]  # fmt: skip
_MINORS: dict[HTTPStatus, Minor] = {
    HTTPStatus.UNAUTHORIZED: "unauthorisedrequest",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "unknownobject",
    HTTPStatus.TOO_MANY_REQUESTS: "server_busy",
}


class CodeMinorField(BaseModel):
    """One code, of the system that was asked."""

    imsx_codeMinorFieldName: str = "TargetEndSystem"  # noqa: N815 (the standard's name, as those below)
    imsx_codeMinorFieldValue: Minor  # noqa: N815


class CodeMinor(BaseModel):
    """What is wrong, for programs."""

    imsx_codeMinorField: list[CodeMinorField]  # noqa: N815


class StatusInfo(BaseModel):
    """Why a request failed."""

    imsx_codeMajor: str = "failure"  # noqa: N815
    imsx_severity: str = "error"
    imsx_description: str
    imsx_CodeMinor: CodeMinor  # noqa: N815


class FieldUnknown(Refused):
    """A filter or a selection names a field that there is not, or a filter cannot be read."""

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, minor: Minor, field: str) -> None:
        super().__init__(message("There is no such field, or the filter cannot be read: {field}.", field=field[:60]))
        self.minor = minor


class OneRosterRoute(APIRoute):
    """A route whose refusals are OneRoster's."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except RequestValidationError:
                return told(HTTPStatus.UNPROCESSABLE_ENTITY, "invaliddata", "A parameter does not fit.")
            except FieldUnknown as refused:
                return told(refused.status, refused.minor, str(refused.message))
            except BearerRefused as refused:
                return told(refused.status, _MINORS[refused.status], str(refused.message), headers_of(refused))
            except NotFound:
                return told(HTTPStatus.NOT_FOUND, "unknownobject", "There is no such object.")

        return answered


def told(status: HTTPStatus, minor: Minor, text: str, headers: dict[str, str] | None = None) -> Response:
    """Return a refusal."""
    field = CodeMinorField(imsx_codeMinorFieldValue=minor)
    info = StatusInfo(imsx_description=text, imsx_CodeMinor=CodeMinor(imsx_codeMinorField=[field]))
    return JSONResponse(info.model_dump(), status, headers)
