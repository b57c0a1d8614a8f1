"""The JSON API of the four indicators: of a school, and of the schools that an account reaches."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from cloud.accounts.web import SignedIn, TheServices
from cloud.attendance.web import Desk, desk_of
from cloud.core.api import PREFIX, Model, refusals
from cloud.core.pages import DEFAULT_ZONE
from cloud.core.rights import Right
from cloud.statistics.indicators import Shares, school_indicators
from cloud.statistics.indicators_above import NodeShares, SchoolShares, indicators_above

router = APIRouter(prefix=f"{PREFIX}/statistics/indicators", tags=["statistics"])
of_one = APIRouter(prefix=f"{PREFIX}/schools/{{code}}/indicators", tags=["statistics"])
ReadersDesk = Annotated[Desk, Depends(desk_of(Right.INDICATORS_READ))]
PAGE_SIZE = 200
On = Annotated[date | None, Query(description="By which day; today when none is said.")]


class SharesShown(Model):
    """Of how many people each indicator is the share: numerators, and what they are taken of."""

    students: int = Field(description="What 4.1, 4.2 and 4.4 are shares of.")
    profiled: int = Field(description="4.1: students whose digital profile is filled.")
    advised: int = Field(description="4.2: students with recommendations or a trajectory.")
    students_reaching: int = Field(description="4.4: students who can open verified content free of charge.")
    teachers: int = Field(description="What 4.3 is a share of.")
    teachers_reaching: int = Field(description="4.3: teachers who can open verified content free of charge.")


class SchoolIndicators(Model):
    """A school's indicators as they are now."""

    school: str
    on: date
    shares: SharesShown
    missing: int | None = Field(description="How many people lack something; none where the account may not see them.")
    untied: int = Field(description="Accounts of pedagogues that are tied to nobody of the staff.")


class SchoolCounted(Model):
    """A school as it was counted last."""

    school: str
    on: date | None = Field(description="The day; none where nothing was counted in the month before.")
    shares: SharesShown | None


class NodeCounted(Model):
    """An authority with what the schools below it come to; without a code, the schools below none."""

    code: str
    schools: int
    counted: int = Field(description="Of these schools.")
    shares: SharesShown


class RegionIndicators(Model):
    """What the schools below an authority come to, as far as the account reaches."""

    node: str
    on: date
    shares: SharesShown
    below: list[NodeCounted]
    schools: list[SchoolCounted] = Field(description="A page of them by code.")
    after: str | None = Field(description="Ask for the next page after this code; none where there is none.")


@router.get("", responses=refusals(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
async def of_schools(
    actor: SignedIn, services: TheServices, node: Annotated[str, Query(max_length=24)] = "", on: On = None,
    after: Annotated[str, Query(max_length=12)] = "",
) -> RegionIndicators:  # fmt: skip
    """Return the indicators by a day over the schools that the account reaches, or those below a node."""
    today = services.clock.now().astimezone(DEFAULT_ZONE).date()
    above = await indicators_above(services, actor, node, min(on or today, today))
    page = [each for each in above.schools if each.code > after][: PAGE_SIZE + 1]
    return RegionIndicators(
        node=above.node.code if above.node else "", on=above.on, shares=_shares(above.shares),
        below=[_node(each) for each in above.below], schools=[_school(each) for each in page[:PAGE_SIZE]],
        after=page[PAGE_SIZE - 1].code if len(page) > PAGE_SIZE else None,
    )  # fmt: skip


@of_one.get("", responses=refusals(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
async def of_school(desk: ReadersDesk) -> SchoolIndicators:
    """Return a school's indicators."""
    found = await school_indicators(desk.services, desk.actor, desk.school.id)
    return SchoolIndicators(
        school=desk.school.code, on=found.on, shares=_shares(found.shares), untied=found.untied,
        missing=None if found.missing is None else len(found.missing),
    )  # fmt: skip


def _shares(shares: Shares) -> SharesShown:
    return SharesShown(**{name: getattr(shares, name) for name in SharesShown.model_fields})


def _node(each: NodeShares) -> NodeCounted:
    return NodeCounted(
        code=each.node.code if each.node else "", schools=each.schools, counted=each.counted,
        shares=_shares(each.shares),
    )  # fmt: skip


def _school(each: SchoolShares) -> SchoolCounted:
    return SchoolCounted(school=each.code, on=each.on, shares=None if each.shares is None else _shares(each.shares))
