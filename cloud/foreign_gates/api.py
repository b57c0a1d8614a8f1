"""The doors of access control systems: what Sigur, PERCo-Web or any program tells of passages, and reads of ours.

The shapes of Sigur and PERCo-Web are those of their public documents; neither was tried against the live system.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from cloud.core.api import PREFIX, Model, refusals
from cloud.foreign_gates.passages import Passages, Passed, PercoRows, SigurLogs, of_any, of_perco, of_sigur
from cloud.foreign_gates.taking import take_in
from cloud.foreign_gates.telling import passages_after
from cloud.schools.queries import school_of_id
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program, program_with

router = APIRouter(prefix=f"{PREFIX}/passages", tags=["access control"])
Writer = Annotated[Program, Depends(program_with(Scope.PASSAGES_WRITE))]
Reader = Annotated[Program, Depends(program_with(Scope.PASSAGES_READ))]
System = Annotated[str, Path(pattern="^[a-z][a-z0-9-]{1,15}$", description="The system's name, always the same.")]
REFUSALS = refusals(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS)
LIMIT_MAX = 1_000


class TakenShown(Model):
    """What became of the passages that were told."""

    new: int
    known: int = Field(description="Told before; counted once.")
    unknown: int = Field(
        description="Of a number that nobody at the school has, or of who did not consent to a card. Not kept; told"
        " again once the number is there, they count."
    )
    out_of_time: int = Field(description="From the future, or more than 31 days ago.")
    skipped: int = Field(
        description="No way in or out, no number, or no time with its offset: between two rooms, for example."
    )


class Confirmed(Model):
    """What Sigur waits for: the number of the last event that it needs not send again."""

    confirmedLogId: int  # noqa: N815 (its name)


class PassageShown(Model):
    """Somebody passed one of our gates."""

    id: int
    person: str = Field(description="The person's reference.")
    number: str = Field(description="The school's own number of the person; empty where there is none.")
    at: datetime
    direction: str = Field(description="in or out")
    gate: str
    kind: str = Field(description="card, or hand: let through by the guard.")
    device: str


class PassagesShown(Model):
    """A page of passages."""

    passages: list[PassageShown]
    next: int = Field(description="What to give as `after` the next time.")


@router.get("", responses=REFUSALS)
async def passages(
    program: Reader,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100,
) -> PassagesShown:
    """Return who passed the school's gates, as they were written, after a place."""
    told = await passages_after(program, after, limit)
    shown = [
        PassageShown(
            id=each.id, person=each.person, number=each.number, at=each.at, direction=each.direction, gate=each.gate,
            kind=each.kind, device=each.device,
        )
        for each in told
    ]  # fmt: skip
    return PassagesShown(passages=shown, next=told[-1].id if told else after)


@router.post("/sigur", responses=REFUSALS)
async def sigur(program: Writer, body: SigurLogs) -> Confirmed:
    """Take in what Sigur's web delegation sends. All of it is confirmed, also of people who are not known here."""
    await take_in(program, "sigur", of_sigur(body))
    return Confirmed(confirmedLogId=max((each.logId for each in body.logs), default=0))


@router.post("/perco", responses=REFUSALS)
async def perco(program: Writer, body: PercoRows) -> TakenShown:
    """Take in rows of PERCo-Web's report of passages."""
    school = await school_of_id(program.services, program.bearer.school_id)
    return await _take(program, "perco", of_perco(body, school.zone), len(body.rows))


@router.post("/of/{system}", responses=REFUSALS)
async def any_system(program: Writer, system: System, body: Passages) -> TakenShown:
    """Take in passages at gates of any other system."""
    return await _take(program, system, of_any(body), len(body.passages))


async def _take(program: Program, system: str, told: list[Passed], sent: int) -> TakenShown:
    taken = await take_in(program, system, told)
    return TakenShown(
        new=taken.new, known=taken.known, unknown=taken.unknown, out_of_time=taken.out_of_time,
        skipped=sent - len(told),
    )  # fmt: skip
