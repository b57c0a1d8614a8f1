"""A parent's page of who else cares for a child for a while: grandparents and nannies, with rights and a last day."""

from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.guardian.queries import child_of
from cloud.imports.cells import CellWrong, date_of_text
from cloud.people.bulk import GuardianGiven
from cloud.people.errors import PersonRefused
from cloud.people.kinds import FamilyRight, Relation
from cloud.people.sharing import end_share, share, sharing_of

router = APIRouter(prefix="/children/{ref}/family", include_in_schema=False)
PAGE = "guardian/family.html"
RELATIONS = (Relation.GRANDMOTHER, Relation.GRANDFATHER, Relation.SISTER, Relation.BROTHER, Relation.OTHER)
Text = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True, slots=True)
class RelativeForm:
    """What the form of a relative says."""

    name: Text = ""
    phone: Text = ""
    relation: Annotated[Relation, Form()] = Relation.OTHER
    until: Text = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a form came to."""

    refused: Refused | None = None
    typed: dict[str, str] | None = None
    is_added: bool = False


@router.get("")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Show who was added."""
    return await _page(request, visit, actor, services, ref, Outcome())


@router.post("")
async def add(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    ref: str,
    form: Annotated[RelativeForm, Depends()],
    rights: Annotated[list[FamilyRight], Form(max_length=len(FamilyRight))] = [],  # noqa: B006 (FastAPI copies it)
) -> Response:
    """Add somebody for a term."""
    try:
        until_on = date_of_text(form.until)
        given = GuardianGiven(form.name, form.phone)
        await share(services, actor, ref, given, form.relation, rights, until_on)
    except CellWrong as wrong:
        outcome = Outcome(PersonRefused(wrong.message), _typed(form))
    except NotFound:
        raise
    except Refused as refused:
        outcome = Outcome(refused, _typed(form))
    else:
        outcome = Outcome(is_added=True)
    return await _page(request, visit, actor, services, ref, outcome)


@router.post("/{guardian_id}/end")
async def end(actor: SignedIn, services: TheServices, ref: str, guardian_id: Counted) -> Response:
    """Let somebody see and do nothing more."""
    await end_share(services, actor, ref, guardian_id)
    return RedirectResponse(f"/children/{ref}/family", HTTPStatus.SEE_OTHER)


def _typed(form: RelativeForm) -> dict[str, str]:
    return {**asdict(form), "relation": form.relation.value}


async def _page(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, outcome: Outcome
) -> Response:
    child, sharing = await child_of(services, actor, ref), await sharing_of(services, actor, ref)
    refused = outcome.refused
    return pages_of(request).page(
        replace(visit, zone=child.zone), PAGE, status=refused.status if refused else HTTPStatus.OK,
        section="children", child=child, sharing=sharing, relations=RELATIONS, typed=outcome.typed or {},
        rights=[right for right in FamilyRight if right in sharing.rights], is_added=outcome.is_added,
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip
