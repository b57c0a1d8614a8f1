"""Telegram on the page “How I am told”: a code that joins a chat."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.codes import code_svg
from cloud.core.errors import NotFound
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.notifications.channels.telegram_links import bot_name, new_code

PICTURE = message("The bot's address with the code in it, for a camera")
router = APIRouter(prefix="/notices/ways/telegram", include_in_schema=False)


@router.post("")
async def join(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices) -> Response:
    """Show a new code, this once."""
    _require_guardian(actor)
    code = await new_code(services, actor)
    return pages_of(request).page(
        visit, "guardian/telegram_code.html", section="notices", code=code, bot=await bot_name(services),
        picture=code_svg(code.address, translate(visit.language, PICTURE)) if code else "",
    )  # fmt: skip


def _require_guardian(actor: Actor) -> None:
    if not actor.kinships(Right.NOTICES_READ):
        raise NotFound
