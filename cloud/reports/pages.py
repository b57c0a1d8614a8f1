"""The page that a signed report's code leads to: whoever holds the report sees whether it is the signed one."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.reports.queries import signed_of_digest
from cloud.reports.wording import Wording

router = APIRouter(prefix="/reports", include_in_schema=False)
Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


@router.get("/{digest}")
async def show(request: Request, digest: Digest) -> Response:
    """Say whose report has this checksum, of which month, and who signed it when; nothing else of it."""
    services: Services = request.app.state.services
    visit = Visit.of(request, services.clock.now())
    request.state.visit = visit
    found = await signed_of_digest(services, digest)
    words = Wording(visit.language, visit.zone)
    return pages_of(request).page(
        visit, "reports/signed.html", found=found, digest=digest, month=words.month(found.month)
    )
