"""The rostering service of OneRoster 1.2 over HTTP: every address of it but demographics, with the standard's words."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from cloud.core.errors import NotFound
from cloud.oneroster.building import ROOT
from cloud.oneroster.errors import OneRosterRoute, StatusInfo
from cloud.oneroster.kinds import Kind, Telling
from cloud.oneroster.records import (
    Records,
    at_school,
    classes_of,
    classes_of_course,
    classes_of_term,
    enrollments_of_class,
    everything,
    in_class_of_school,
    people,
    people_of_class,
    periods_of_term,
    sessions,
)
from cloud.oneroster.rows import EVERYBODY, NOBODY, Part, count_of
from cloud.oneroster.selecting import Json, in_order, links, read_fields, read_filter, selected
from cloud.oneroster.telling import builder_of, is_anybody, is_student, is_teacher
from cloud.people.kinds import PersonRole
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program, program_with

router = APIRouter(prefix=ROOT, tags=["OneRoster 1.2"], route_class=OneRosterRoute)
LIMIT_MAX = 10_000
PAGED = {"/users": None, "/students": PersonRole.STUDENT}  # the long lists, with whom the database looks for
TEXT_MAX = 500
_ERRORS = (
    HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS,
)  # fmt: skip
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status.value: {"model": StatusInfo, "description": status.phrase} for status in _ERRORS
}
Sourced = Annotated[str, Path(max_length=80)]
Reader = Annotated[Program, Depends(program_with(Scope.ROSTER_READ))]
Fields = Annotated[str | None, Query(max_length=TEXT_MAX, description="Names of fields, with commas between.")]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page of which records is asked for."""

    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0
    sort: Annotated[str, Query(max_length=TEXT_MAX)] = ""
    orderBy: Literal["asc", "desc"] = "asc"  # noqa: N815 (the standard's name)
    filter: Annotated[str | None, Query(max_length=TEXT_MAX, description="As status='active' AND role~'teach'.")] = None
    fields: Fields = None

    @property
    def is_plain(self) -> bool:
        """Tell whether it is a page in the usual order, of all that there is: a page that the database makes."""
        return self.filter is None and not self.sort and self.orderBy == "asc"


def _all(path: str, kind: Kind, records: Records) -> None:
    """Offer a page of everything of a kind."""

    async def answer(request: Request, program: Reader, asked: Annotated[Asked, Depends()]) -> Response:
        if path in PAGED and asked.is_plain:
            part = Part(role=PAGED[path], limit=asked.limit, offset=asked.offset)
            found = await records(program, await builder_of(program, part), "", "")
            return told_page(request, program, kind, asked, found, await count_of(program, PAGED[path]))
        builder = await builder_of(program, _people_for(kind))
        return page(request, program, kind, asked, await records(program, builder, "", ""))

    offer(router, path, answer, kind.described.many_shape, f"Return a page of {path.strip('/')}.")


def _of_one(path: str, kind: Kind, records: Records) -> None:
    """Offer a page of what belongs to one object."""

    async def answer(
        request: Request, program: Reader, sourced_id: Sourced, asked: Annotated[Asked, Depends()]
    ) -> Response:
        builder = await builder_of(program)
        return page(request, program, kind, asked, await records(program, builder, sourced_id, ""))

    offer(router, path, answer, kind.described.many_shape, f"Return a page of {kind.described.many} of one object.")


def _of_two(path: str, kind: Kind, records: Records) -> None:
    """Offer a page of what belongs to a class of a school."""

    async def answer(
        request: Request, program: Reader, sourced_id: Sourced, class_id: Sourced, asked: Annotated[Asked, Depends()]
    ) -> Response:
        builder = await builder_of(program)
        return page(request, program, kind, asked, await records(program, builder, sourced_id, class_id))

    offer(
        router,
        path,
        answer,
        kind.described.many_shape,
        f"Return a page of {kind.described.many} of a class of a school.",
    )


def _one(path: str, kind: Kind, records: Records) -> None:
    """Offer one object by its identifier."""

    async def answer(program: Reader, sourced_id: Sourced, fields: Fields = None) -> Response:
        chosen = () if fields is None else read_fields(fields, kind)
        part = Part(ref=sourced_id) if kind is Kind.USER else _people_for(kind)
        found = await records(program, await builder_of(program, part), "", "")
        record = next((each for each in found if each["sourcedId"] == sourced_id), None)
        if record is None:
            raise NotFound
        return JSONResponse({kind.described.one: selected(record, chosen)})

    offer(router, f"{path}/{{sourced_id}}", answer, kind.described.one_shape, f"Return one of {path.strip('/')}.")


def offer(
    router: APIRouter, path: str, answer: Callable[..., Awaitable[Response]], shape: type[BaseModel], about: str
) -> None:  # fmt: skip
    """Offer an address of the standard."""
    router.add_api_route(
        path, answer, methods=["GET"], responses=_REFUSALS, response_model=shape, summary=about, description=about,
        name=path.strip("/").replace("/", " of ").replace("{sourced_id}", "one").replace("{class_id}", "class"),
    )  # fmt: skip


def page(request: Request, program: Program, kind: Telling, asked: Asked, records: Sequence[Json]) -> Response:
    """Return a page of records, with how many there are and where the other pages are. Raises FieldUnknown."""
    fitting = list(records)
    if asked.filter is not None:
        wanted = read_filter(asked.filter, kind)
        fitting = [each for each in fitting if wanted.holds(each)]
    ordered = in_order(fitting, kind, asked.sort, descending=asked.orderBy == "desc")
    shown = ordered[asked.offset : asked.offset + asked.limit]
    return told_page(request, program, kind, asked, shown, len(ordered))


def _people_for(kind: Kind) -> Part:
    """Return which people records of a kind are made of."""
    return EVERYBODY if kind in {Kind.USER, Kind.ENROLLMENT} else NOBODY


def told_page(
    request: Request, program: Program, kind: Telling, asked: Asked, records: Sequence[Json], total: int
) -> Response:
    """Return a page that was made already, of so many records in all."""
    fields = () if asked.fields is None else read_fields(asked.fields, kind)
    shown = [selected(each, fields) for each in records]
    address = program.services.settings.public_url.rstrip("/") + request.url.path
    query = dict(request.query_params)
    link = links(address, query, limit=asked.limit, offset=asked.offset, total=total)
    return JSONResponse({kind.described.many: shown}, headers={"x-total-count": str(total), "link": link})


for _path, _kind, _records in (
    ("/orgs", Kind.ORG, everything(Kind.ORG)),
    ("/schools", Kind.ORG, everything(Kind.ORG)),
    ("/academicSessions", Kind.SESSION, everything(Kind.SESSION)),
    ("/terms", Kind.SESSION, sessions("term")),
    ("/gradingPeriods", Kind.SESSION, sessions("gradingPeriod")),
    ("/courses", Kind.COURSE, everything(Kind.COURSE)),
    ("/classes", Kind.CLASS, everything(Kind.CLASS)),
    ("/users", Kind.USER, everything(Kind.USER)),
    ("/students", Kind.USER, people(is_student)),
    ("/teachers", Kind.USER, people(is_teacher)),
    ("/enrollments", Kind.ENROLLMENT, everything(Kind.ENROLLMENT)),
):
    _all(_path, _kind, _records)
    _one(_path, _kind, _records)

_SCHOOL = "/schools/{sourced_id}"
for _path, _kind, _records in (
    (f"{_SCHOOL}/classes", Kind.CLASS, at_school(everything(Kind.CLASS))),
    (f"{_SCHOOL}/courses", Kind.COURSE, at_school(everything(Kind.COURSE))),
    (f"{_SCHOOL}/enrollments", Kind.ENROLLMENT, at_school(everything(Kind.ENROLLMENT))),
    (f"{_SCHOOL}/students", Kind.USER, at_school(people(is_student))),
    (f"{_SCHOOL}/teachers", Kind.USER, at_school(people(is_teacher))),
    (f"{_SCHOOL}/terms", Kind.SESSION, at_school(sessions("term"))),
    ("/classes/{sourced_id}/students", Kind.USER, people_of_class(is_student)),
    ("/classes/{sourced_id}/teachers", Kind.USER, people_of_class(is_teacher)),
    ("/courses/{sourced_id}/classes", Kind.CLASS, classes_of_course),
    ("/terms/{sourced_id}/classes", Kind.CLASS, classes_of_term),
    ("/terms/{sourced_id}/gradingPeriods", Kind.SESSION, periods_of_term),
    ("/students/{sourced_id}/classes", Kind.CLASS, classes_of(is_student)),
    ("/teachers/{sourced_id}/classes", Kind.CLASS, classes_of(is_teacher)),
    ("/users/{sourced_id}/classes", Kind.CLASS, classes_of(is_anybody)),
):
    _of_one(_path, _kind, _records)

_CLASS = f"{_SCHOOL}/classes/{{class_id}}"
for _path, _kind, _records in (
    (f"{_CLASS}/enrollments", Kind.ENROLLMENT, in_class_of_school(enrollments_of_class)),
    (f"{_CLASS}/students", Kind.USER, in_class_of_school(people_of_class(is_student))),
    (f"{_CLASS}/teachers", Kind.USER, in_class_of_school(people_of_class(is_teacher))),
):
    _of_two(_path, _kind, _records)
