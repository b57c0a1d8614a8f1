"""The JSON API of a guardian's notices: read page by page, and marked as read."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.api import PREFIX, Model, refusals
from cloud.core.i18n import Language
from cloud.notifications.actions import mark_read
from cloud.notifications.kinds import Kind, Named
from cloud.notifications.queries import NoticeRow, notices_of, unread_of
from cloud.notifications.texts import told_alone

router = APIRouter(prefix=f"{PREFIX}/notices", tags=["guardian"])
REFUSALS = refusals(HTTPStatus.UNPROCESSABLE_ENTITY)
NUMBER_MAX = 2**63 - 1
Ref = Annotated[str, Query(pattern="^([0-9a-z]{12})?$", description="A child's reference; empty for all children.")]


class NamedShown(Model):
    """A dish or a meal, in three languages; of dishes, how many."""

    kk: str
    ru: str
    en: str
    count: int = 1


class NoticeShown(Model):
    """Something that an own child's guardian is told. Money is in tiyn."""

    id: int
    kind: Kind
    person: str = Field(description="The child's reference.")
    at: datetime = Field(description="When it happened.")
    told_at: datetime
    is_late: bool = Field(description="Told more than two hours after it happened: not to disturb anybody with.")
    is_delayed: bool = Field(description="Told more than five minutes after it happened.")
    is_rough: bool = Field(description="The till's or the gate's clock was not to be relied on.")
    read_at: datetime | None
    text: str = Field(description="Whole sentences, in the reader's language.")
    meal: NamedShown | None
    dishes: list[NamedShown]
    payment: str = Field(description="Of a meal: account, free, subsidised or cash.")
    amount_tiyn: int = Field(description="What was paid, came back, or came in.")
    owed_tiyn: int = Field(description="What the budget pays of a meal.")
    held_tiyn: int = Field(description="Of money: what is on the account after it.")
    way: str = Field(description="How money came (kaspi, cash), or what a return is (void, refund).")
    reason: str = Field(
        description="Why nothing was sold or it was taken back, in the till's words; closed: no lessons."
    )
    sold_at: datetime | None = Field(description="Of what was taken back: when it was sold.")
    on: date | None = Field(description="The day that nothing is ordered for, or whose order cannot be had.")
    gate: NamedShown | None = Field(description="Of a passage: the gate.")
    direction: str = Field(description="Of a passage: in or out.")
    late_min: int = Field(description="Whole minutes after the class's first lesson began.")
    lessons_at: datetime | None = Field(
        description="When the class's first lesson begins; of who leaves early, when its last one ends."
    )
    corrects: str = Field(description="Of what puts something right: the kind it was told as; empty for all else.")
    came_at: datetime | None = Field(description="Since when the child is at school, where a notice of before erred.")


class NoticesShown(Model):
    """A page of notices, newest first."""

    notices: list[NoticeShown]
    older: int | None = Field(description="What to give as `before` for the page after this one.")
    unread: int = Field(description="Of all notices; not counted beyond 100.")


class ReadUpTo(Model):
    """Which notices were read: those up to an id, of one child if one is named."""

    upto: int = Field(ge=0, le=NUMBER_MAX)
    child: str = Field("", pattern="^([0-9a-z]{12})?$")


@router.get("", responses=REFUSALS)
async def notices(
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    child: Ref = "",
    before: Annotated[int | None, Query(ge=1, le=NUMBER_MAX)] = None,
) -> NoticesShown:
    """Return what the account of who is signed in was told of its children."""
    page = await notices_of(services, actor, before=before, child=child)
    shown = [_shown(each, visit.language) for each in page.notices]
    return NoticesShown(notices=shown, older=page.older, unread=await unread_of(services, actor))


@router.post("/read", status_code=HTTPStatus.NO_CONTENT, responses=REFUSALS)
async def read(actor: SignedIn, services: TheServices, given: ReadUpTo) -> None:
    """Note that notices were read."""
    await mark_read(services, actor, given.upto, given.child)


def _shown(notice: NoticeRow, language: Language) -> NoticeShown:
    detail = notice.detail
    return NoticeShown(
        id=notice.id, kind=notice.kind, person=notice.person, at=notice.at, told_at=notice.told_at,
        is_late=notice.is_late, is_rough=detail.is_rough, read_at=notice.read_at, text=told_alone(notice, language),
        meal=None if detail.meal is None else _named(detail.meal), dishes=[_named(dish) for dish in detail.dishes],
        payment=detail.payment, amount_tiyn=detail.amount_tiyn, owed_tiyn=detail.owed_tiyn, held_tiyn=detail.held_tiyn,
        way=detail.way, reason=detail.reason, sold_at=detail.sold_at, on=detail.on,
        is_delayed=notice.is_delayed, gate=None if detail.gate is None else _named(detail.gate),
        direction=detail.direction, late_min=detail.late_min, lessons_at=detail.lessons_at, corrects=detail.was,
        came_at=detail.came_at,
    )  # fmt: skip


def _named(named: Named) -> NamedShown:
    return NamedShown(kk=named.kk, ru=named.ru, en=named.en, count=named.count)
