"""A guardian blocks a child's lost card: the second of two touches."""

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import SignedIn, TheServices
from cloud.cards.actions import block_card
from cloud.core.errors import NotAllowed, NotFound
from cloud.guardian.queries import child_of
from cloud.people.kinds import FamilyRight

router = APIRouter(include_in_schema=False)


@router.post("/children/{ref}/cards/{card_id}/block")
async def block(actor: SignedIn, services: TheServices, ref: str, card_id: int) -> Response:
    """Block a child's card."""
    child = await child_of(services, actor, ref, FamilyRight.BLOCK)
    if card_id not in {card.id for card in child.cards}:
        raise NotFound
    if not child.may_block_card:
        raise NotAllowed
    await block_card(services, actor, card_id)
    return RedirectResponse(f"/children/{child.ref}?blocked=1", HTTPStatus.SEE_OTHER)
