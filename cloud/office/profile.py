"""A student's profile at somebody's desk: found by the path, shown with what the reader may do with each part of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, reach_desk
from cloud.core.errors import Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.portfolio.awards import awards_of
from cloud.portfolio.entries import entries_of
from cloud.portfolio.fields import Group
from cloud.portfolio.files import PICTURE_MAX
from cloud.portfolio.goals import goals_of
from cloud.portfolio.judges import is_close
from cloud.portfolio.kinds import KINDS, LEVELS, OF_STUDENTS, OF_STUDY, PLACES, Subject
from cloud.portfolio.profiles import profile_of
from cloud.portfolio.reach import may, student_at
from cloud.portfolio.web import EntryForm
from cloud.progress.queries import progress_of

PREFIX = "/schools/{code}/people/{ref}/profile"
TEMPLATE = "office/profile.html"
ReaderDesk = Annotated[Desk, Depends(reach_desk(Right.PROFILES_READ))]
KeeperDesk = Annotated[Desk, Depends(reach_desk(Right.PROFILES_KEEP))]
JudgeDesk = Annotated[Desk, Depends(reach_desk(Right.PORTFOLIO_CONFIRM))]
SensitiveDesk = Annotated[Desk, Depends(reach_desk(Right.PROFILES_SENSITIVE))]
OFFERED = {
    "kinds": {each.value: KINDS[each] for each in OF_STUDENTS},
    "levels": LEVELS,
    "places": PLACES,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a form on the page came to: refused, with the fields or the entry that were typed."""

    refused: Refused | None = None
    group: Group | None = None
    typed: Mapping[str, str] | None = None
    entry: EntryForm | None = None


async def judged_by(desk: JudgeDesk, ref: str) -> Subject:
    """Return the student of the path, whose portfolio the reader may judge. Raises NotFound."""
    return await student_at(desk.services, desk.actor, desk.school.id, ref, Right.PORTFOLIO_CONFIRM)


async def kept_by(desk: KeeperDesk, ref: str) -> Subject:
    """Return the student of the path, whose profile the reader may keep. Raises NotFound."""
    return await student_at(desk.services, desk.actor, desk.school.id, ref, Right.PROFILES_KEEP)


Judged = Annotated[Subject, Depends(judged_by)]
Kept = Annotated[Subject, Depends(kept_by)]


async def profile_page(request: Request, desk: Desk, ref: str, outcome: Outcome | None = None) -> Response:
    """Show a profile, with what became of a form."""
    told, actor, services = outcome or Outcome(), desk.actor, desk.services
    profile = await profile_of(services, actor, desk.school.id, ref, desk.school.on)
    whose = profile.whose
    entries = await entries_of(services, actor, whose, OF_STUDENTS)
    may_judge = may(actor, Right.PORTFOLIO_CONFIRM, whose)
    may_marks = may(actor, Right.JOURNAL_READ, whose)
    if may_judge:
        may_judge = not await is_close(services, services.database.pool, actor, whose)
    return pages_of(request).page(
        desk.visit, TEMPLATE, status=told.refused.status if told.refused else HTTPStatus.OK, section="portfolio",
        profile=profile, whose=whose, may_keep=may(actor, Right.PROFILES_KEEP, whose),
        may_advise=may(actor, Right.ADVICE_READ, whose),
        may_judge=may_judge, may_sense=may(actor, Right.PROFILES_SENSITIVE, whose),
        may_office=actor.can(Right.PEOPLE_KEEP, desk.school.id),
        studied=[each for each in entries if each.given.kind in OF_STUDY],
        entries=[each for each in entries if each.given.kind not in OF_STUDY],
        progress=await progress_of(services, whose.school_id, whose.id, desk.school.on) if may_marks else None,
        language=desk.visit.language.value,
        goals=await goals_of(services, whose), awards=await awards_of(services, whose), today=desk.school.on,
        offered=OFFERED, file_max=PICTURE_MAX, typed=told.typed or {}, typed_group=told.group, typed_entry=told.entry,
        refused=translate(desk.visit.language, told.refused.message) if told.refused else "",
    )  # fmt: skip


def back_to(desk: Desk, ref: str, part: str = "") -> Response:
    """Lead back to the page after something was done, to a part of it."""
    address = f"/schools/{desk.school.code}/people/{ref}/profile"
    return RedirectResponse(address + (f"#{part}" if part else ""), HTTPStatus.SEE_OTHER)
