"""What gateways for SMS tell by themselves, over HTTP: texts that parents wrote, and how texts of ours went.

Rule: who does not know the operator's secret finds nothing here; a call is answered alike, whosever number it names.
"""

from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.accounts.web import TheServices
from cloud.core.errors import NotFound
from cloud.core.guarding import Figures
from cloud.core.services import Services
from cloud.core.sms_callbacks import Report, Written, of_mobizon, of_smsc
from cloud.guardian.sms_asking import take_in
from cloud.notifications.channels.confirming import Heard, hear_report
from cloud.notifications.channels.sms_requests import Noted

router = APIRouter(prefix="/sms", include_in_schema=False)
log = structlog.get_logger()
FIELDS_MAX = 40


def figures_of(request: Request) -> Figures:
    """Return the figures of this process."""
    figures: Figures = request.app.state.figures
    return figures


TheFigures = Annotated[Figures, Depends(figures_of)]


@router.post("/smsc")
async def hear_smsc(request: Request, services: TheServices, figures: TheFigures) -> Response:
    """Hear a gateway in the shape of SMSC.kz."""
    secret = _secret(services)
    async with request.form(max_files=0, max_fields=FIELDS_MAX) as form:
        told = of_smsc({name: value for name, value in form.items() if isinstance(value, str)}, secret)
    return await _heard(services, figures, told)


@router.post("/mobizon")
async def hear_mobizon(request: Request, services: TheServices, figures: TheFigures) -> Response:
    """Hear a gateway in the shape of Mobizon."""
    return await _heard(services, figures, of_mobizon(await request.body(), _secret(services)))


def _secret(services: Services) -> str:
    if not services.settings.sms_secret:
        raise NotFound
    return services.settings.sms_secret


async def _heard(services: Services, figures: Figures, told: Written | Report | None) -> Response:
    """Do what was told, and count what it came to."""
    heard: Noted | Heard
    if told is None:
        figures.sms_calls.labels("call", "refused").inc()
        log.warning("sms_call.refused")
        raise NotFound
    if isinstance(told, Written):
        about, heard = "text", await take_in(services, told)
    else:
        about, heard = "report", await hear_report(services, told)
    figures.sms_calls.labels(about, heard.value).inc()
    log.info("sms_call.heard", about=about, outcome=heard.value)
    return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE if heard is Heard.EARLY else HTTPStatus.OK)
