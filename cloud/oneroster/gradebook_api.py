"""The gradebook service of OneRoster 1.2 over HTTP, read only: what a program reads of marks of this school year."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from cloud.core.errors import NotFound
from cloud.oneroster.api import Asked, Fields, Sourced, offer, page, told_page
from cloud.oneroster.building import Built
from cloud.oneroster.errors import OneRosterRoute
from cloud.oneroster.gradebook import GRADES_ROOT, GradeBuilder, number_of
from cloud.oneroster.graded_kinds import GradedKind
from cloud.oneroster.grading_rows import Wished, count_results, graded_of, is_student, results_of, works_of
from cloud.oneroster.seen import dated
from cloud.oneroster.selecting import read_fields, selected
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program, program_with

router = APIRouter(prefix=GRADES_ROOT, tags=["OneRoster 1.2: gradebook"], route_class=OneRosterRoute)
Reader = Annotated[Program, Depends(program_with(Scope.MARKS_READ))]
Page = Annotated[Asked, Depends()]
Records = Callable[[Program, GradeBuilder, str, str], Awaitable[list[Built]]]


async def builder_of(program: Program) -> GradeBuilder:
    """Return what makes the gradebook of a program's school."""
    return GradeBuilder(await graded_of(program), program.services.settings.public_url.rstrip("/"))


async def categories(program: Program, builder: GradeBuilder, _one: str, _two: str) -> list[Built]:
    """Return all categories."""
    return await _dated(program, GradedKind.CATEGORY, builder.categories())


async def items(program: Program, builder: GradeBuilder, _one: str, _two: str) -> list[Built]:
    """Return all line items."""
    works = await works_of(program, builder.graded.rows.on)
    return await _dated(program, GradedKind.LINE_ITEM, builder.items(works))


async def results(program: Program, builder: GradeBuilder, _one: str, _two: str) -> list[Built]:
    """Return all results."""
    return builder.results(await results_of(program, builder.graded.rows.on, Wished()))


async def scales(program: Program, builder: GradeBuilder, _one: str, _two: str) -> list[Built]:
    """Return all scales."""
    return await _dated(program, GradedKind.SCORE_SCALE, builder.scales())


async def categories_of_class(program: Program, builder: GradeBuilder, class_id: str, _two: str) -> list[Built]:
    """Return the categories of a class: every class has all of them."""
    _class_of(builder, class_id)
    return await categories(program, builder, "", "")


async def items_of_class(program: Program, builder: GradeBuilder, class_id: str, _two: str) -> list[Built]:
    """Return the line items of a class."""
    works = await works_of(program, builder.graded.rows.on, _class_of(builder, class_id))
    return await _dated(program, GradedKind.LINE_ITEM, builder.items(works))


async def scales_of_class(program: Program, builder: GradeBuilder, class_id: str, _two: str) -> list[Built]:
    """Return the scale of a class."""
    return await _dated(program, GradedKind.SCORE_SCALE, builder.scales(_class_of(builder, class_id)))


async def results_of_class(program: Program, builder: GradeBuilder, class_id: str, _two: str) -> list[Built]:
    """Return the results of a class."""
    wished = Wished(class_id=_class_of(builder, class_id))
    return builder.results(await results_of(program, builder.graded.rows.on, wished))


async def results_of_item(program: Program, builder: GradeBuilder, class_id: str, item_id: str) -> list[Built]:
    """Return the results of a line item of a class."""
    held = {str(each["sourcedId"]) for each in await items_of_class(program, builder, class_id, "")}
    if item_id not in held:
        raise NotFound
    lesson_id = number_of(item_id, builder.item_id(0).removesuffix("0"))
    return builder.results(await results_of(program, builder.graded.rows.on, Wished(lesson_id=lesson_id)))


async def results_of_student(program: Program, builder: GradeBuilder, class_id: str, ref: str) -> list[Built]:
    """Return the results of a student in a class."""
    wished = Wished(class_id=_class_of(builder, class_id), ref=ref)
    if not await is_student(program.services, program.bearer.school_id, ref):
        raise NotFound
    return builder.results(await results_of(program, builder.graded.rows.on, wished))


def _class_of(builder: GradeBuilder, class_id: str) -> int:
    found = next(
        (each.id for each in builder.graded.rows.classes if builder.roster.class_id(each.id) == class_id), None
    )
    if found is None:
        raise NotFound
    return found


async def _dated(program: Program, kind: GradedKind, built: Sequence[Built]) -> list[Built]:
    async with program.services.database.pool.acquire() as connection:
        return await dated(connection, program.bearer.school_id, kind, built, program.services.clock.now())


def _all(path: str, kind: GradedKind, records: Records) -> None:
    """Offer a page of everything of a kind; a plain page of results is made by the database."""

    async def answer(request: Request, program: Reader, asked: Page) -> Response:
        builder = await builder_of(program)
        if kind is GradedKind.RESULT and asked.is_plain:
            on, part = builder.graded.rows.on, Wished(limit=asked.limit, offset=asked.offset)
            found = builder.results(await results_of(program, on, part))
            return told_page(request, program, kind, asked, found, await count_results(program, on))
        return page(request, program, kind, asked, await records(program, builder, "", ""))

    offer(router, path, answer, kind.described.many_shape, f"Return a page of {path.strip('/')}.")


def _one(path: str, kind: GradedKind, records: Records) -> None:
    """Offer one object by its identifier."""

    async def answer(program: Reader, sourced_id: Sourced, fields: Fields = None) -> Response:
        chosen = () if fields is None else read_fields(fields, kind)
        found = await records(program, await builder_of(program), "", "")
        record = next((each for each in found if each["sourcedId"] == sourced_id), None)
        if record is None:
            raise NotFound
        return JSONResponse({kind.described.one: selected(record, chosen)})

    offer(router, f"{path}/{{sourced_id}}", answer, kind.described.one_shape, f"Return one of {path.strip('/')}.")


def _of_class(path: str, kind: GradedKind, records: Records) -> None:
    """Offer a page of what belongs to a class."""

    async def answer(request: Request, program: Reader, class_id: Sourced, asked: Page) -> Response:
        return page(
            request, program, kind, asked, await records(program, await builder_of(program), class_id, "")
        )  # fmt: skip

    offer(router, path, answer, kind.described.many_shape, f"Return a page of {kind.described.many} of a class.")


def _within_class(path: str, records: Records) -> None:
    """Offer a page of results of a line item, or of a student, in a class."""
    kind = GradedKind.RESULT

    async def answer(
        request: Request, program: Reader, class_id: Sourced, sourced_id: Sourced, asked: Page
    ) -> Response:  # fmt: skip
        found = await records(program, await builder_of(program), class_id, sourced_id)
        return page(request, program, kind, asked, found)

    offer(router, path, answer, kind.described.many_shape, "Return a page of results within a class.")


for _path, _kind, _records in (
    ("/categories", GradedKind.CATEGORY, categories),
    ("/lineItems", GradedKind.LINE_ITEM, items),
    ("/results", GradedKind.RESULT, results),
    ("/scoreScales", GradedKind.SCORE_SCALE, scales),
):
    _all(_path, _kind, _records)
    _one(_path, _kind, _records)

_CLASS = "/classes/{class_id}"
_of_class(f"{_CLASS}/categories", GradedKind.CATEGORY, categories_of_class)
_of_class(f"{_CLASS}/lineItems", GradedKind.LINE_ITEM, items_of_class)
_of_class(f"{_CLASS}/results", GradedKind.RESULT, results_of_class)
_of_class(f"{_CLASS}/scoreScales", GradedKind.SCORE_SCALE, scales_of_class)
_within_class(f"{_CLASS}/lineItems/{{sourced_id}}/results", results_of_item)
_within_class(f"{_CLASS}/students/{{sourced_id}}/results", results_of_student)
