"""A school with its IT, and programs that ask the application in this process with tokens."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI

from cloud.app import create_app
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.schools.models import School
from cloud.tokens.actions import NewToken, make_token
from cloud.tokens.rates import Rates
from cloud.tokens.scopes import Scope

HOST = "http://esik.test"
_APPS: list[FastAPI] = []


async def school(services: Services, code: str = "almaty15") -> int:
    """Write a school and return its id."""
    made = await School.create(
        code=code, shard=7, name_kk="№15 мектеп", name_ru="Школа № 15", name_en="School 15",
        created_at=services.clock.now(),
    )  # fmt: skip
    return int(made.id)


def it_of(school_id: int) -> Actor:
    """Return the IT of a school."""
    return Actor("Данияр Ким", None, frozenset({Reach(Role.IT, school_id)}))


async def token(
    services: Services, school_id: int, *scopes: Scope, name: str = "Electronic diary", days: int = 90
) -> NewToken:
    """Make a token with some scopes."""
    return await make_token(services, it_of(school_id), school_id, name, [scope.value for scope in scopes], days)


@asynccontextmanager
async def program(
    services: Services, secret: str = "", *, per_minute: int = 100_000, headers: Iterable[tuple[str, str]] = ()
) -> AsyncIterator[httpx2.AsyncClient]:
    """Ask the application without a network, with a token if one is given."""
    app = _app(services)
    app.state.services, app.state.rates = services, Rates(services.clock, per_minute)
    sent = {"accept": "application/json", **dict(headers)}
    if secret:
        sent["authorization"] = f"Bearer {secret}"
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=HOST, headers=sent) as client:
        yield client


def _app(services: Services) -> FastAPI:
    """Return the application of this process: to make one takes as long as ten requests."""
    if not _APPS:
        _APPS.append(create_app(services))
    return _APPS[0]
