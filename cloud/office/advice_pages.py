"""Pages of recommendations: of a class with counts and who, of a student with what becomes of each, and the rules."""

from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.absences.queries import reach_of
from cloud.advice.actions import Aim, Pick, dismiss, hide, share, take, write_own
from cloud.advice.errors import AdviceGone
from cloud.advice.kinds import Rule, Thresholds
from cloud.advice.queries import OfStudent, advice_for, advice_for_class, advice_within, found_in
from cloud.advice.showing import shown_all, why
from cloud.advice.thresholds import FIGURES, OF_PROGRAM, put_thresholds, versions_of
from cloud.attendance.web import Desk, desk_of, reach_desk
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.portfolio.goals import State as Became
from cloud.portfolio.goals import goals_of
from cloud.portfolio.profiles import classes_within
from cloud.portfolio.reach import may, student_at
from cloud.portfolio.web import Title, goal_day

router = APIRouter(include_in_schema=False)
CLASS = "/schools/{code}/advice"
STUDENT = "/schools/{code}/people/{ref}/advice"
ReaderDesk = Annotated[Desk, Depends(reach_desk(Right.ADVICE_READ))]
KeeperDesk = Annotated[Desk, Depends(reach_desk(Right.ADVICE_KEEP))]
RulesDesk = Annotated[Desk, Depends(desk_of(Right.ADVICE_RULES_KEEP))]
Number = Annotated[int, Form(ge=0, le=2**62)]
Figure = Annotated[int, Form(ge=0, le=9_999)]
Short = Annotated[str, Form(max_length=40)]
TO = frozenset({"take", "dismiss", "share", "hide"})
Said = Annotated[str, Form(max_length=2_000)]


@router.get(CLASS)
async def show_class(
    request: Request, desk: ReaderDesk, class_id: Annotated[int, Query(ge=0, le=2**62)] = 0
) -> Response:  # fmt: skip
    """Show what is advised in a class: of each rule whom it finds, and why."""
    services, school = desk.services, desk.school
    reach = reach_of(desk.actor, school.id, Right.ADVICE_READ)
    classes = await classes_within(services, school.id, reach)
    ids = [each.id for each in classes]
    chosen = class_id if class_id in ids else (ids[0] if ids else 0)
    told = await advice_for_class(services, desk.actor, school, chosen) if chosen else None
    return pages_of(request).page(
        desk.visit, "office/advice.html", section="portfolio", classes=classes, chosen=chosen, told=told,
        may_rules=desk.actor.can(Right.ADVICE_RULES_KEEP, school.id), why=partial(why, language=desk.visit.language),
    )  # fmt: skip


@router.get(STUDENT)
async def show_student(request: Request, desk: ReaderDesk, ref: str) -> Response:
    """Show what is advised for a student, and what became of it."""
    return await _page(request, desk, await advice_for(desk.services, desk.actor, desk.school, ref))


@router.post(STUDENT)
async def answer(
    request: Request, desk: KeeperDesk, ref: str, key: Short = "", kept: Number = 0, to: Short = "",
    title: Title = "", due: Short = "", goal_id: Number = 0, reason: Said = "",
) -> Response:  # fmt: skip
    """Take a recommendation into the trajectory, dismiss it, or let the family read it, or read it no more."""
    if to not in TO:
        raise NotFound
    of = await _kept_by(desk, ref)
    line = found_in(of, key)
    pick = Pick(of, kept, line.advice if line else None)
    try:
        match to:
            case "take":
                await take(desk.services, desk.actor, pick, Aim(title, goal_day(due), goal_id))
            case "dismiss":
                await dismiss(desk.services, desk.actor, pick, reason)
            case "share":
                await share(desk.services, desk.actor, pick)
            case _:
                await hide(desk.services, desk.actor, pick)
    except NotFound:
        raise
    except Refused as refused:
        anew = await advice_within(desk.services, desk.school, of.whose) if isinstance(refused, AdviceGone) else of
        return await _page(request, desk, anew, refused)
    return _back(desk, ref)


@router.post(STUDENT + "/own")
async def write(request: Request, desk: KeeperDesk, ref: str, words: Said = "") -> Response:
    """Write a recommendation of one's own."""
    of = await _kept_by(desk, ref)
    try:
        await write_own(desk.services, desk.actor, of, words)
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, desk, of, refused, words)
    return _back(desk, ref)


@router.get(CLASS + "/rules")
async def show_rules(request: Request, desk: RulesDesk) -> Response:
    """Show the rules with what they compare with, and the form of a new version."""
    return await _rules(request, desk, None)


@router.post(CLASS + "/rules")
async def put_rules(
    request: Request, desk: RulesDesk, works: Figure = 3, owes: Figure = 0, behind: Figure = 0, falls: Figure = 0,
    misses: Figure = 0, late: Figure = 0, near: Figure = 0, strong: Figure = 0, idle: Figure = 0,
) -> Response:  # fmt: skip
    """Set a version."""
    by = Thresholds(0, works, owes, behind, falls, misses, late, near, strong, idle)
    try:
        await put_thresholds(desk.services, desk.actor, desk.school.id, by)
    except NotAllowed:
        raise
    except Refused as refused:
        return await _rules(request, desk, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/advice/rules", HTTPStatus.SEE_OTHER)


async def _kept_by(desk: Desk, ref: str) -> OfStudent:
    """Return what is advised for the student of the path, to whom the reader may answer. Raises NotFound."""
    whose = await student_at(desk.services, desk.actor, desk.school.id, ref, Right.ADVICE_KEEP)
    return await advice_within(desk.services, desk.school, whose)


async def _page(
    request: Request, desk: Desk, of: OfStudent, refused: Refused | None = None, typed: str = ""
) -> Response:  # fmt: skip
    actor, whose, language = desk.actor, of.whose, desk.visit.language
    goals = await goals_of(desk.services, whose)
    return pages_of(request).page(
        desk.visit, "office/advice_of.html", status=refused.status if refused else HTTPStatus.OK, section="portfolio",
        whose=whose, lines=shown_all(of.lines, language), may_keep=may(actor, Right.ADVICE_KEEP, whose),
        may_profile=may(actor, Right.PROFILES_READ, whose), goals=[each for each in goals if each.state is Became.OPEN],
        today=desk.school.on, typed=typed, quarter=of.quarter,
        refused=translate(language, refused.message) if refused else "",
    )  # fmt: skip


async def _rules(request: Request, desk: Desk, refused: Refused | None) -> Response:
    versions = await versions_of(desk.services, desk.school.id)
    counts = versions[-1].thresholds if versions else OF_PROGRAM
    return pages_of(request).page(
        desk.visit, "office/advice_rules.html", status=refused.status if refused else HTTPStatus.OK,
        section="portfolio", versions=versions[::-1], counts=counts, of_program=OF_PROGRAM, figures=FIGURES,
        rules=[each for each in Rule if each is not Rule.OWN],
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip


def _back(desk: Desk, ref: str) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/people/{ref}/advice", HTTPStatus.SEE_OTHER)
