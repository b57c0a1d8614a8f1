"""Certificates for who has their address: the page, the signed document, and how a school's signature is checked."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response

from cloud.core.codes import code_svg
from cloud.core.i18n import N_, translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.portfolio.awards import award_at, controller_of, revoked_of

router = APIRouter(include_in_schema=False)
Address = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{22}$")]
Code = Annotated[str, Path(max_length=12)]
CODE = N_("Code of this page")
HIDDEN = {"x-robots-tag": "noindex"}  # a certificate is found by its address, never by a search
OPEN = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}  # verifiers of others ask


@router.get("/certificates/{address}")
async def show(request: Request, address: Address) -> Response:
    """Show a certificate, and whether it is valid."""
    services: Services = request.app.state.services
    visit = Visit.of(request, services.clock.now())
    request.state.visit = visit
    shown = await award_at(services, address)
    place = f"{services.settings.public_url}/certificates/{address}"
    title = translate(visit.language, CODE)
    answer = pages_of(request).page(
        visit, "portfolio/certificate.html", shown=shown, address=f"/certificates/{address}/document",
        code=code_svg(place, title), place=place,
    )  # fmt: skip
    answer.headers.update(HIDDEN)
    return answer


@router.get("/certificates/{address}/document")
async def document(request: Request, address: Address) -> Response:
    """Hand out the signed credential."""
    shown = await award_at(request.app.state.services, address)
    return Response(
        shown.document, HTTPStatus.OK, media_type="application/vc+ld+json",
        headers={"content-disposition": 'attachment; filename="certificate.json"', **HIDDEN, **OPEN},
    )  # fmt: skip


@router.get("/schools/{code}/issuer")
async def controller(request: Request, code: Code) -> Response:
    """Tell with which keys a school signs certificates."""
    return JSONResponse(await controller_of(request.app.state.services, code), headers=OPEN)


@router.get("/schools/{code}/issuer/revoked")
async def revoked(request: Request, code: Code) -> Response:
    """Tell which certificates a school took back."""
    return JSONResponse(await revoked_of(request.app.state.services, code), headers=OPEN)
