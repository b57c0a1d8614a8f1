"""A bank at its line to the cloud, and families, for tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date

import httpx2
from fastapi import FastAPI

from cloud.core.services import Services
from cloud.people.actions import add_guardian
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Relation
from cloud.people.queries import PersonRow, people_of
from cloud.topups import kaspi_api
from simulators.bank import Answer, Line, Query
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

BANK = "192.0.2.7"
TODAY = date(2026, 9, 1)
ONCE = "0" * 32
MOTHER = GuardianGiven("Әліби Сауле", "8 701 234 56 78")


async def a_family(services: Services, count: int = 2, code: str = "almaty5") -> tuple[int, list[PersonRow]]:
    """Add a school with children of one mother, and return its id and the children."""
    school_id = await a_school(services, code)
    for number in range(1, count + 1):
        child = await a_student(services, school_id, str(number))
        await add_guardian(services, SYSTEM, child, MOTHER, Relation.MOTHER)
    return school_id, sorted(await people_of(services, SYSTEM, school_id), key=lambda person: person.id)


@asynccontextmanager
async def bank_line(services: Services, host: str = BANK, sources: str = BANK) -> AsyncIterator[Line]:
    """Yield a line from a host to a cloud that takes the bank's requests from `sources`."""
    app = FastAPI()
    app.state.services = replace(services, settings=replace(services.settings, kaspi_sources=sources))
    app.include_router(kaspi_api.router)
    transport = httpx2.ASGITransport(app, client=(host, 40_000))
    async with httpx2.AsyncClient(transport=transport, base_url="https://esik.test") as client:

        async def ask(query: Query) -> Answer:
            answer = await client.get("/pay/kaspi", params=dict(query))
            told: Answer = answer.raise_for_status().json()
            return told

        yield ask
