"""Pages of students' profiles: the list, one profile with its fields, and what is sensitive on a page of its own."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.absences.queries import reach_of
from cloud.attendance.web import Desk
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.office.profile import PREFIX, KeeperDesk, Outcome, ReaderDesk, SensitiveDesk, back_to, profile_page
from cloud.portfolio.entries import waiting_of_students
from cloud.portfolio.fields import BY_KEY, Group, fields_of
from cloud.portfolio.keeping import put_fields
from cloud.portfolio.profiles import classes_within, profiles_at, sensitive_of, share_filled
from cloud.portfolio.reach import may
from cloud.schools.queries import ClassRow

router = APIRouter(include_in_schema=False)
LIST = "/schools/{code}/portfolio"
LINE_MAX = 400  # of what a field sends


@router.get(LIST)
async def show_all(
    request: Request, desk: ReaderDesk, class_id: Annotated[int, Query(ge=0, le=2**62)] = 0
) -> Response:  # fmt: skip
    """Show what waits to be confirmed, and the students of a class."""
    actor, school, services = desk.actor, desk.school, desk.services
    reach = reach_of(actor, school.id, Right.PROFILES_READ)
    classes = await classes_within(services, school.id, reach)
    chosen = _chosen(classes, class_id)
    students = await profiles_at(services, school.id, reach, chosen) if chosen else []
    return pages_of(request).page(
        desk.visit, "office/profiles.html", section="portfolio", classes=classes, chosen=chosen, students=students,
        counted=len(fields_of(Group.MAIN)) + len(fields_of(Group.EXTRA)),
        waiting=await waiting_of_students(services, actor, school.id),
        may_advise=actor.can(Right.ADVICE_READ, school.id) or bool(actor.classes(Right.ADVICE_READ, school.id)),
        may_exams=actor.can(Right.EXAMS_KEEP, school.id),
        may_staff=actor.can(Right.STAFF_PROFILES_READ, school.id),
        share=await share_filled(services, actor, school.id) if reach is None else None,
    )  # fmt: skip


@router.get(PREFIX)
async def show(request: Request, desk: ReaderDesk, ref: str) -> Response:
    """Show a profile."""
    return await profile_page(request, desk, ref)


@router.get(PREFIX + "/sensitive")
async def show_sensitive(request: Request, desk: SensitiveDesk, ref: str) -> Response:
    """Show what is sensitive; the look is noted."""
    return await _sensitive(request, desk, ref)


@router.post(PREFIX + "/fields/{group}")
async def put(request: Request, desk: KeeperDesk, ref: str, group: str) -> Response:
    """Keep the fields of a group."""
    if group not in set(Group):
        raise NotFound
    form = await request.form()
    typed = {key: str(value)[:LINE_MAX] for key, value in form.items() if key in BY_KEY and isinstance(value, str)}
    try:
        await put_fields(desk.services, desk.actor, desk.school.id, ref, Group(group), typed)
    except NotFound:
        raise
    except Refused as refused:
        if Group(group) is Group.SENSITIVE:
            return await _sensitive(request, desk, ref, refused, typed)
        return await profile_page(request, desk, ref, Outcome(refused, Group(group), typed))
    if Group(group) is Group.SENSITIVE:
        address = f"/schools/{desk.school.code}/people/{ref}/profile/sensitive"
        return RedirectResponse(address, HTTPStatus.SEE_OTHER)
    return back_to(desk, ref, group)


async def _sensitive(
    request: Request,
    desk: Desk,
    ref: str,
    refused: Refused | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    whose, values, changes = await sensitive_of(desk.services, desk.actor, desk.school.id, ref)
    return pages_of(request).page(
        desk.visit, "office/profile_sensitive.html", status=refused.status if refused else HTTPStatus.OK,
        section="portfolio", whose=whose, values=values, changes=changes, typed=typed or {},
        may_keep=may(desk.actor, Right.PROFILES_KEEP, whose),
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip


def _chosen(classes: list[ClassRow], class_id: int) -> int:
    """Return the class that is shown: the one asked for, or the first."""
    ids = [each.id for each in classes]
    return class_id if class_id in ids else (ids[0] if ids else 0)
