"""Whom to tell of a weakness: /.well-known/security.txt (RFC 9116), from the settings."""

from datetime import UTC, timedelta
from typing import cast

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from cloud.core.errors import NotFound
from cloud.core.services import Services

PATH = "/.well-known/security.txt"
GOOD_FOR = timedelta(days=180)  # the standard wants less than a year; it is made anew at every request
router = APIRouter(include_in_schema=False)


@router.get(PATH)
async def security_txt(request: Request) -> Response:
    """Return the contact, where there is one."""
    services = cast(Services, request.app.state.services)
    contact = services.settings.security_contact
    if not contact:
        raise NotFound
    until = (services.clock.now() + GOOD_FOR).astimezone(UTC).replace(microsecond=0)
    lines = (
        f"Contact: {contact}",
        f"Expires: {until.isoformat().replace('+00:00', 'Z')}",
        "Preferred-Languages: kk, ru, en",
        f"Canonical: {services.settings.public_url.rstrip('/')}{PATH}",
    )
    return PlainTextResponse("\n".join(lines) + "\n")
