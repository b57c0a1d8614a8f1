"""The guardians on a person's page: adding one, the rights of each, the way in, and the end of a guardianship."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.office.person import PREFIX, OfficeDesk, Outcome, Text, ThePerson, back_to, person_page
from cloud.people.actions import add_guardian, end_guardianship, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.family import set_rights
from cloud.people.kinds import FamilyRight, Relation
from cloud.people.opening import open_apart
from cloud.people.queries import GuardianRow, guardians_of

router = APIRouter(prefix=f"{PREFIX}/guardians", include_in_schema=False)
of_one = APIRouter(prefix=f"{PREFIX}/guardians/{{guardian_id}}", include_in_schema=False)
Rights = Annotated[list[FamilyRight], Form(max_length=len(FamilyRight))]


class Under(StrEnum):
    """What an account is opened under."""

    PHONE = "phone"
    DRAWN = "drawn"  # a login, where the number's account is not known to the guardian


WAYS_IN = {Under.PHONE: open_guardian_account, Under.DRAWN: open_apart}


@dataclass(frozen=True, slots=True)
class GuardianForm:
    """What the form of a new guardian says."""

    name: Text = ""
    phone: Text = ""
    email: Text = ""
    relation: Annotated[Relation, Form()] = Relation.OTHER


async def guardian_of(desk: OfficeDesk, person: ThePerson, guardian_id: Counted) -> GuardianRow:
    """Return the guardian of the path, who must be one of the person's."""
    for guardian in await guardians_of(desk.services, desk.actor, person.ref):
        if guardian.id == guardian_id:
            return guardian
    raise NotFound


TheGuardian = Annotated[GuardianRow, Depends(guardian_of)]


@router.post("")
async def add(
    request: Request, desk: OfficeDesk, person: ThePerson, form: Annotated[GuardianForm, Depends()]
) -> Response:
    """Add a guardian, known again by the phone number."""
    try:
        given = GuardianGiven(form.name, form.phone, form.email.strip() or None)
        await add_guardian(desk.services, desk.actor, person.id, given, form.relation)
    except Refused as refused:
        typed = {**asdict(form), "relation": form.relation.value}
        return await person_page(request, desk, person, Outcome(refused, typed))
    return back_to(desk, person)


@of_one.post("/rights")
async def change_rights(desk: OfficeDesk, person: ThePerson, guardian: TheGuardian, rights: Rights = []) -> Response:  # noqa: B006 (FastAPI copies it)
    """Say what a guardian may see and do about this person."""
    await set_rights(desk.services, desk.actor, guardian.id, person.id, rights)
    return back_to(desk, person)


@of_one.post("/end")
async def end(desk: OfficeDesk, person: ThePerson, guardian: TheGuardian) -> Response:
    """Let somebody be this person's guardian no more, from today on."""
    await end_guardianship(desk.services, desk.actor, guardian.id, person.id, desk.school.on)
    return back_to(desk, person)


@of_one.post("/account")
async def open_account(
    request: Request,
    desk: OfficeDesk,
    person: ThePerson,
    guardian: TheGuardian,
    under: Annotated[Under, Form()] = Under.PHONE,
) -> Response:
    """Open a guardian's account; the first password, or the code, is on this answer and nowhere else."""
    opened = await WAYS_IN[under](desk.services, desk.actor, guardian.id)
    return await person_page(request, desk, person, Outcome(opened=opened))
