"""Browsers of people who are signed in already, for journeys that end at the pages of a service."""

import asyncio
import contextlib
import hashlib
import itertools
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html import unescape

import httpx2

from cloud.app import create_app, serve
from cloud.core.actor import Role
from cloud.core.services import Services
from tests.servers.process import free_port

_ACCOUNT = """
INSERT INTO account (password_hash, must_change, name, language, is_active, created_at)
VALUES ('x', false, $1, '', true, $2) RETURNING id
"""
_GRANT = "INSERT INTO grant_of_role (account_id, school_id, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_CHOSEN = "UPDATE account SET must_change = false WHERE id = $1"
_SESSION = "INSERT INTO sign_in (account_id, token_digest, created_at, expires_at) VALUES ($1, $2, $3, $4)"
SESSION = timedelta(days=2)
_numbers = itertools.count()


@contextlib.asynccontextmanager
async def served(services: Services) -> AsyncIterator[str]:
    """Serve the pages at an address of their own, which is returned."""
    port, started = free_port(), asyncio.Event()
    url = f"http://127.0.0.1:{port}"
    at = replace(services, settings=replace(services.settings, http_port=port, public_url=url))
    serving = asyncio.create_task(serve(create_app(at), started), name="web of a journey")
    await started.wait()
    try:
        yield url
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def an_account(services: Services, name: str) -> int:
    """Add an account and return its id."""
    return int(await services.database.pool.fetchval(_ACCOUNT, name, services.clock.now()))


async def signed_in(services: Services, url: str, account_id: int, school_id: int, role: Role) -> httpx2.AsyncClient:
    """Return the browser of an account with a role at a school, signed in by a password of its own."""
    pool, now, named = services.database.pool, services.clock.now(), f"token-{next(_numbers)}"
    await pool.execute(_GRANT, account_id, school_id, role.value)
    await pool.execute(_CHOSEN, account_id)
    await pool.execute(_SESSION, account_id, hashlib.sha256(named.encode()).hexdigest(), now, now + SESSION)
    headers = {"cookie": f"esik_session={named}", "accept-language": "en", "origin": url}
    return httpx2.AsyncClient(base_url=url, headers=headers, timeout=20.0, trust_env=False)


def text_of(page: str) -> str:
    """Return what stands on a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
