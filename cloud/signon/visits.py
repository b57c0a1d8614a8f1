"""The way of a browser between this platform and others: who is signed in here, and how it is sent on.

Rule: a form is answered by a page that leads on, not by a redirect: a policy that lets forms go to this site only (CSP
form-action) stops a redirect to another one too.
"""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.beginnings import token_digest
from cloud.accounts.web import token_of
from cloud.core.navigation import SIGN_IN
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services

ADDRESS_MAX = 2_000  # of a request that comes back after signing in
_SESSION = """
SELECT id, account_id, created_at FROM sign_in WHERE token_digest = $1 AND expires_at > $2
"""


@dataclass(frozen=True, slots=True)
class Session:
    """The session of a browser here, by its row: what hangs on it ends with it."""

    id: int
    account_id: int
    signed_in_at: datetime


async def session_of(services: Services, request: Request) -> Session | None:
    """Return the browser's session, or None."""
    token = token_of(request)
    if not token:
        return None
    row = await services.database.pool.fetchrow(_SESSION, token_digest(token), services.clock.now())
    return None if row is None else Session(row["id"], row["account_id"], row["created_at"])


def sign_in_first(onward: str, query: str) -> Response:
    """Send a browser to the sign-in, and from there on to an address of this site with a query."""
    address = f"{onward}?{query}"
    if len(address) > ADDRESS_MAX:
        address = "/"
    return RedirectResponse(f"{SIGN_IN}?next={quote(address, safe='')}", HTTPStatus.SEE_OTHER)


def lead_on(request: Request, visit: Visit, address: str, name: str = "") -> Response:
    """Return a page that goes on to an address by itself, and by its link where that is switched off."""
    return pages_of(request).page(visit, "signon/onward.html", address=address, name=name)


def with_parameters(address: str, parameters: dict[str, str | None]) -> str:
    """Return an address with parameters after its own."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(given)}" if given else address
