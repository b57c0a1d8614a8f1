"""The page of releases, live, for operators: what is signed, whom it has come to, what failed, and what to do next."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import OperatorDesk, everywhere
from cloud.core.actor import Actor
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.live import Quiet, stream
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import EVERYTHING
from cloud.devices.alarms import OPERATORS
from cloud.releases import rollouts
from cloud.releases.queries import first_ones, releases_of

router = APIRouter(prefix="/releases", include_in_schema=False)
TEMPLATE = "releases/releases.html"
ReleasesDesk = Annotated[OperatorDesk, Depends(everywhere(Right.RELEASES_KEEP))]
Turn = Callable[[Services, Actor, tuple[str, str, int]], Awaitable[object]]
TURNS: dict[str, Turn] = {
    "widen": rollouts.widen,
    "pause": rollouts.pause,
    "resume": rollouts.resume,
    "abort": rollouts.abort,
}


@dataclass(frozen=True, slots=True)
class ReleaseForm:
    """Which release, and the first device when it is started."""

    product: Annotated[str, Form(max_length=24)] = ""
    board: Annotated[str, Form(max_length=24)] = ""
    counter: Annotated[int, Form(ge=0, le=2**53)] = 0
    device: Annotated[str, Form(max_length=24)] = ""

    @property
    def release(self) -> tuple[str, str, int]:
        return self.product, self.board, self.counter


@router.get("")
async def releases(request: Request, desk: ReleasesDesk) -> Response:
    """Show the releases."""
    return await _page(request, desk)


@router.get("/live")
async def releases_live(request: Request, desk: ReleasesDesk) -> Response:
    """Stream the same."""

    async def draw() -> str:
        return pages_of(request).block(desk.visit, TEMPLATE, "releases", **await _values(desk))

    return stream(request, [(OPERATORS, EVERYTHING)], draw, Quiet.DRAW)


@router.post("/start")
async def start(request: Request, desk: ReleasesDesk, form: Annotated[ReleaseForm, Depends()]) -> Response:
    """Offer a release to its first device."""
    try:
        await rollouts.start(desk.services, desk.actor, form.release, form.device.strip())
    except Refused as refused:
        return await _page(request, desk, refused)
    return RedirectResponse("/releases", HTTPStatus.SEE_OTHER)


@router.post("/{turn}")
async def turned(request: Request, desk: ReleasesDesk, turn: str, form: Annotated[ReleaseForm, Depends()]) -> Response:
    """Widen, pause, resume or give up."""
    if turn not in TURNS:
        raise NotFound
    try:
        await TURNS[turn](desk.services, desk.actor, form.release)
    except Refused as refused:
        return await _page(request, desk, refused)
    return RedirectResponse("/releases", HTTPStatus.SEE_OTHER)


async def _page(request: Request, desk: OperatorDesk, refused: Refused | None = None) -> Response:
    told = translate(desk.visit.language, refused.message) if refused else ""
    return pages_of(request).page(
        desk.visit, TEMPLATE, status=refused.status if refused else HTTPStatus.OK, section="releases", refused=told,
        **await _values(desk),
    )  # fmt: skip


async def _values(desk: OperatorDesk) -> dict[str, Any]:
    rows = await releases_of(desk.services, desk.actor)
    devices = await first_ones(desk.services, desk.actor)
    fit = {
        (row.product, row.board): sorted(
            {name for (product, board), names in devices.items() for name in names
             if product == row.product and row.board in {board, "any"}}
        )
        for row in rows
    }  # fmt: skip
    return {"rows": rows, "fit": fit}
