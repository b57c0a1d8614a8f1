"""Pages of the report builder: the list, the builder, a report with its chart, table, sharing and rhythm, its runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Form as Typed
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, reach_desk
from cloud.builder import keeping, queries
from cloud.builder.choice import Choice, choice_typed
from cloud.builder.files import Form, file_of
from cloud.builder.kinds import GLANCE, PERIODS, RHYTHMS, USUAL, Every, Limits, Period
from cloud.builder.making import kept_run
from cloud.builder.queries import Built
from cloud.builder.ready import READY, ready_of
from cloud.builder.rules import access_of, fitted
from cloud.builder.running import Labels, Result, labels_of, options_of, run
from cloud.builder.subjects import SUBJECTS, subject_of
from cloud.builder.view import Shown, Sorting, address_of, fields, on_other_days, shown, subjects_for
from cloud.builder.wording import Wording
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.roles import Role

router = APIRouter(prefix="/schools/{code}/builder", include_in_schema=False)
BuilderDesk = Annotated[Desk, Depends(reach_desk(Right.REPORTS_BUILD))]
Word = Annotated[str, Query(max_length=90)]
ALL, FORM, ONE = "builder/list.html", "builder/form.html", "builder/report.html"
FIELDS_MAX = 400


@dataclass(frozen=True, slots=True)
class Found:
    """What came of running a report for a page: what it shows, or why there is nothing."""

    shown: Shown | None = None
    refused: str = ""


@router.get("")
async def show_all(request: Request, desk: BuilderDesk) -> Response:
    """Show one's reports, those that are shared with one, and the ready-made ones."""
    seen = {each.key for each in subjects_for(desk.actor, desk.school.id)}
    built = await queries.reports_of(desk.services, desk.actor, desk.school.id)
    ready = [
        (each, SUBJECTS[each.choice.subject], address_of(each.choice, f"{_here(desk)}/new", ready=each.key))
        for each in READY if each.choice.subject in seen
    ]  # fmt: skip
    return pages_of(request).page(
        desk.visit, ALL, section="builder", own=[each for each in built if each.is_of(desk.actor)],
        shared=[each for each in built if not each.is_of(desk.actor)], ready=ready, rhythms=RHYTHMS,
        may_build=bool(seen),
    )  # fmt: skip


@router.get("/new")
async def choose(request: Request, desk: BuilderDesk, ready: Word = "", of: Word = "") -> Response:
    """Show the builder: with what the address chooses, a ready-made report, or a kept one to change."""
    return await _form(request, desk, _many(request.query_params.multi_items()), ready=ready, of=of)


@router.post("/new")
async def keep(request: Request, desk: BuilderDesk) -> Response:
    """Keep a new report."""
    form = await _posted(request)
    try:
        report_id = await keeping.keep(
            desk.services, desk.actor, desk.school.id, _first(form, "name"), _choice(desk, form), desk.school.on
        )  # fmt: skip
    except Refused as refused:
        return await _form(request, desk, form, refused=refused)
    return _to(desk, f"/{report_id}")


@router.get("/{report_id}")
async def show(request: Request, desk: BuilderDesk, report_id: Counted, period: Word = "", sort: Word = "") -> Response:
    """Show a report as it is now; with `period`, of other days; with `sort`, in another order."""
    built = await queries.report_of(desk.services, desk.actor, desk.school.id, report_id)
    return await _one(request, desk, built, period=period, sort=sort)


@router.post("/{report_id}")
async def change(request: Request, desk: BuilderDesk, report_id: Counted) -> Response:
    """Change one's own report."""
    form = await _posted(request)
    try:
        await keeping.change(
            desk.services, desk.actor, desk.school.id, report_id, _first(form, "name"), _choice(desk, form),
            desk.school.on,
        )  # fmt: skip
    except NotFound:
        raise
    except Refused as refused:
        return await _form(request, desk, form, of=str(report_id), refused=refused)
    return _to(desk, f"/{report_id}")


@router.get("/{report_id}/file.{form}")
async def load(desk: BuilderDesk, report_id: Counted, form: Form, period: Word = "", sort: Word = "") -> Response:
    """Send a report as a file."""
    built = await queries.report_of(desk.services, desk.actor, desk.school.id, report_id)
    choice = _turned(built.choice, period, sort)
    result = await run(desk.services, desk.actor, desk.school.id, desk.school.on, choice)
    return await _file(desk, built, result, form)


@router.post("/{report_id}/share")
async def share(
    desk: BuilderDesk, report_id: Counted, role: Annotated[list[Role] | None, Typed(max_length=20)] = None,
    account: Annotated[list[int] | None, Typed(max_length=300)] = None,
) -> Response:  # fmt: skip
    """Say with whom a report is shared."""
    await keeping.share(desk.services, desk.actor, desk.school.id, report_id, role or [], account or [])
    return _to(desk, f"/{report_id}#share")


@router.post("/{report_id}/schedule")
async def schedule(desk: BuilderDesk, report_id: Counted, every: Annotated[str, Typed(max_length=8)] = "") -> Response:
    """Say how often a report is made by itself."""
    chosen = next((each for each in Every if each.value == every), None)
    await keeping.schedule(desk.services, desk.actor, desk.school.id, report_id, chosen, desk.school.on)
    return _to(desk, f"/{report_id}#schedule")


@router.post("/{report_id}/drop")
async def drop(desk: BuilderDesk, report_id: Counted) -> Response:
    """Drop a report."""
    await keeping.drop(desk.services, desk.actor, desk.school.id, report_id)
    return _to(desk, "")


@router.get("/{report_id}/runs/{run_id}")
async def show_run(request: Request, desk: BuilderDesk, report_id: Counted, run_id: Counted) -> Response:
    """Show what was made of a report by itself."""
    built = await queries.report_of(desk.services, desk.actor, desk.school.id, report_id)
    result, due_on = await kept_run(desk.services, desk.actor, built, run_id)
    await _note(desk, built.id, result, "built.read")
    found = Found(shown(result, await _words(desk, result)))
    return await _page(request, desk, built, found, run_id=run_id, due_on=due_on)


@router.get("/{report_id}/runs/{run_id}/file.{form}")
async def load_run(desk: BuilderDesk, report_id: Counted, run_id: Counted, form: Form) -> Response:
    """Send it as a file."""
    built = await queries.report_of(desk.services, desk.actor, desk.school.id, report_id)
    result, _ = await kept_run(desk.services, desk.actor, built, run_id)
    return await _file(desk, built, result, form)


async def _form(
    request: Request, desk: Desk, form: Mapping[str, Sequence[str]], *, ready: str = "", of: str = "",
    refused: Refused | None = None,
) -> Response:  # fmt: skip
    seen = subjects_for(desk.actor, desk.school.id)
    built = await _built(desk, of or _first(form, "of"))
    begun = ready_of(ready)
    subject = subject_of(_first(form, "subject") or (built.choice.subject if built else ""))
    values: dict[str, Any] = {"subjects": seen, "built": built, "fields": None, "found": Found(), "name": ""}
    if subject is not None and subject in seen:
        access = access_of(desk.actor, desk.school.id, subject)
        is_typed = "shape" in form or (built is not None and built.choice.subject != subject.key)
        chosen = choice_typed(form, subject.key) if is_typed or built is None else built.choice
        choice = fitted(subject, chosen, access)
        words = Wording(desk.visit.language, desk.school.zone)
        options = await options_of(desk.services, desk.school.id, subject)
        named = _first(form, "name") or (built.name if built else begun and translate(words.language, begun.name))
        values |= {
            "fields": fields(subject, choice, access, options, words), "name": named or "",
            "found": await _ran(desk, choice, GLANCE, is_masked=True),
        }  # fmt: skip
    return pages_of(request).page(
        desk.visit, FORM, status=refused.status if refused else HTTPStatus.OK, section="builder",
        refused=_told(desk, refused), name_max=keeping.NAME_MAX, **values,
    )  # fmt: skip


async def _one(request: Request, desk: Desk, built: Built, *, period: str, sort: str) -> Response:
    try:
        choice = _turned(built.choice, period, sort)
    except Refused as refused:
        return await _page(request, desk, built, Found(refused=_told(desk, refused)))
    found = await _ran(desk, choice, USUAL)
    if found.shown is not None:
        await _note(desk, built.id, found.shown.result, "built.run")
    return await _page(request, desk, built, found, choice=choice)


async def _page(
    request: Request, desk: Desk, built: Built, found: Found, *, choice: Choice | None = None, **more: Any
) -> Response:
    is_own = built.is_of(desk.actor)
    here = f"{_here(desk)}/{built.id}"
    return pages_of(request).page(
        desk.visit, ONE, section="builder", built=built, found=found, is_own=is_own, here=here, forms=list(Form),
        choice=choice, sorting=Sorting(choice, here) if choice else None,
        periods=[(each.value, PERIODS[each]) for each in Period if each is not Period.DAYS],
        rhythms=RHYTHMS, shared_with=keeping.SHARED_WITH,
        readers=await queries.readers_of(desk.services, built) if is_own else frozenset(),
        staff=await queries.staff_of(desk.services, desk.actor, desk.school.id) if is_own else [],
        runs=await queries.runs_of(desk.services, built) if is_own else [],
        sends=bool(desk.services.settings.smtp_url), **{"run_id": None, "due_on": None, **more},
    )  # fmt: skip


async def _ran(desk: Desk, choice: Choice, limits: Limits, *, is_masked: bool = False) -> Found:
    """Run a choice for a page; why it was refused is told there."""
    try:
        result = await run(desk.services, desk.actor, desk.school.id, desk.school.on, choice, limits)
    except Refused as refused:
        return Found(refused=_told(desk, refused))
    return Found(shown(result, await _words(desk, result, is_masked=is_masked)))


async def _words(desk: Desk, result: Result, *, is_masked: bool = False) -> Wording:
    labels = await labels_of(desk.services, desk.actor, desk.school.id, result)
    if is_masked:
        labels = Labels(named=labels.named)
    return Wording(desk.visit.language, desk.school.zone, labels, is_masked)


async def _file(desk: Desk, built: Built, result: Result, form: Form) -> Response:
    await _note(desk, built.id, result, "built.taken", form=form.value)
    file = file_of(result, await _words(desk, result), form, f"{desk.school.code}-{built.id}", built.name)
    headers = {"content-disposition": f'attachment; filename="{file.name}"', "cache-control": "no-store"}
    return Response(file.body, media_type=file.media_type, headers=headers)


async def _note(desk: Desk, report_id: int, result: Result, verb: str, **detail: str) -> None:
    """Note a report with names, and every file."""
    if result.names or detail:
        told = {
            "subject": result.subject.key, "names": "yes" if result.names else "no", "rows": str(len(result.rows)),
            "since": str(result.first_on), "until": str(result.last_on), **detail,
        }  # fmt: skip
        await keeping.note_run(desk.services, desk.actor, desk.school.id, report_id, verb, told)


async def _built(desk: Desk, of: str) -> Built | None:
    if not (of.isascii() and of.isdigit() and len(of) < 18):
        return None
    return await queries.report_of(desk.services, desk.actor, desk.school.id, int(of))


def _choice(desk: Desk, form: Mapping[str, Sequence[str]]) -> Choice:
    """Return what a form chooses, with what does not fit left out."""
    choice = choice_typed(form, _first(form, "subject"))
    subject = subject_of(choice.subject)
    return choice if subject is None else fitted(subject, choice, access_of(desk.actor, desk.school.id, subject))


def _turned(choice: Choice, period: str, sort: str) -> Choice:
    """Return a choice on other days and in another order, where they are asked for."""
    turned = on_other_days(choice, period)
    return replace(turned, sort=sort) if sort.lstrip("-") in turned.shown else turned


async def _posted(request: Request) -> dict[str, list[str]]:
    form = await request.form(max_fields=FIELDS_MAX)
    return _many([(key, value) for key, value in form.multi_items() if isinstance(value, str)])


def _many(items: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    many: dict[str, list[str]] = {}
    for key, value in items[:FIELDS_MAX]:
        many.setdefault(key, []).append(value)
    return many


def _first(form: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(form.get(name, ())), "")


def _told(desk: Desk, refused: Refused | None) -> str:
    return translate(desk.visit.language, refused.message) if refused else ""


def _here(desk: Desk) -> str:
    return f"/schools/{desk.school.code}/builder"


def _to(desk: Desk, path: str) -> Response:
    return RedirectResponse(f"{_here(desk)}{path}", HTTPStatus.SEE_OTHER)
