"""The page of help, open to everybody: whom to call, what is often asked, where the ministry is; and asking support."""

from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import AnyVisit, MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.faq.reading import topics_for
from cloud.support.asking import ask, note_seen, own_questions, schools_of_asker
from cloud.support.contacts import contacts_of, installations
from cloud.support.faq import RESOURCES, sections_for, way_to
from cloud.support.kinds import TOPICS, Asked, Topic
from cloud.support.waiting import HELP

router = APIRouter(prefix="/help", include_in_schema=False)
TEMPLATE = "support/help.html"
Page = Annotated[str, Form(max_length=300)]
Words = Annotated[str, Form(max_length=4_000)]
Searched = Annotated[str, Query(max_length=100)]


@router.get("")
async def show(
    request: Request, visit: AnyVisit, services: TheServices,
    where: Annotated[str, Query(alias="from", max_length=300)] = "", sent: bool = False, search: Searched = "",
    voted: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Response:  # fmt: skip
    """Show help; the answers that a reader sees here are seen then."""
    values = await _values(visit, services, search)
    if visit.actor is not None and visit.counts.get(HELP):
        await note_seen(services, visit.actor)
        visit = replace(visit, counts={**visit.counts, HELP: 0})
    return pages_of(request).page(visit, TEMPLATE, section=HELP, given=Asked(Topic.OTHER, "", where), sent=sent,
                                  school=None, refused="", voted=voted, **values)  # fmt: skip


@router.post("/questions")
async def ask_support(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices,
    topic: Annotated[Topic, Form()] = Topic.OTHER, words: Words = "", page: Page = "",
    school: Annotated[int, Form(ge=0, le=2**63 - 1)] = 0,
) -> Response:  # fmt: skip
    """Ask; what cannot be taken stands in the form again."""
    given = Asked(topic, words, page)
    school_id = _school_asked(actor, school)
    try:
        await ask(services, actor, school_id, given)
    except NotFound:
        raise
    except Refused as refused:
        return pages_of(request).page(
            visit, TEMPLATE, status=refused.status, section=HELP, given=given, sent=False, school=school_id,
            refused=translate(visit.language, refused.message), voted=0, **await _values(visit, services),
        )  # fmt: skip
    return RedirectResponse("/help?sent=true#questions", HTTPStatus.SEE_OTHER)


def _school_asked(actor: Actor, school: int) -> int | None:
    """Return the school that is asked: the one named, else the only one there is; None is the operator."""
    own = schools_of_asker(actor)
    if school == 0 and own:
        return own[0]
    return school or None


async def _values(visit: Visit, services: Services, search: str = "") -> dict[str, Any]:
    actor = visit.actor
    may_ask = actor is not None and not actor.must_change and not actor.must_enrol
    own = schools_of_asker(actor) if actor else []
    schools = await contacts_of(services, own) if own else []
    return {
        "installation": installations(services),
        "schools": schools,
        "inboxes": [each for each in schools if actor and actor.can(Right.QUESTIONS_ANSWER, each.school_id)],
        "may_ask": may_ask,
        "topics": TOPICS,
        "questions": await own_questions(services, actor, visit.language.value) if actor and may_ask else [],
        "search": search,
        "topics_of_school": await topics_for(services, actor, search) if actor and may_ask else [],
        "kept_by": [each for each in schools if actor and actor.can(Right.FAQ_KEEP, each.school_id)],
        "sections": sections_for(actor, search),
        "resources": RESOURCES,
        "way_to": partial(way_to, actor=actor, has_mail=bool(services.settings.smtp_url)),
    }
