"""A tap goes the whole way to a parent's notices: agent, TLS, broker, ingest, projection, teller, page and app."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx2
import pytest

from cloud.app import create_app, serve
from cloud.core.services import Services
from cloud.people.actions import give_consent
from cloud.people.kinds import Purpose
from schemas.structs import Decision
from tests.cloud.attendance.factory import School
from tests.cloud.ingest.device import line, opened
from tests.cloud.ingest.rows import eventually
from tests.cloud.notifications.factory import Parent, a_parent
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.test_line import _agent, _clock, _pupil
from tests.edge_agent.sync.live import Agent
from tests.servers.process import free_port

__all__ = ["_agent", "_clock"]  # fixtures, found by their names
TOKEN = "token-of-the-parent"
_SESSION = "INSERT INTO sign_in (account_id, token_digest, created_at, expires_at) VALUES ($1, $2, $3, $4)"


class Home:
    """A parent's browser and app."""

    def __init__(self, services: Services, port: int) -> None:
        self.services, self.url = services, f"http://127.0.0.1:{port}"

    async def page(self) -> str:
        return await self._get("/notices")

    async def notices(self) -> list[dict[str, Any]]:
        async with self._client() as client:
            told: list[dict[str, Any]] = (await client.get("/api/v1/notices")).json()["notices"]
        return told

    async def _get(self, path: str) -> str:
        async with self._client() as client:
            return (await client.get(path)).text

    def _client(self) -> httpx2.AsyncClient:
        headers = {"cookie": f"esik_session={TOKEN}", "accept-language": "en"}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=20.0, trust_env=False)


@pytest.fixture(name="home")
async def _home(services: Services) -> AsyncIterator[Home]:
    port, started = free_port(), asyncio.Event()
    at = replace(services, settings=replace(services.settings, http_port=port, public_url=f"http://127.0.0.1:{port}"))
    serving = asyncio.create_task(serve(create_app(at), started))
    await started.wait()
    yield Home(at, port)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def a_child(services: Services) -> tuple[str, Parent]:
    """Enter the agent's school with a child, and the child's mother, who has signed in."""
    school = School(services)
    ref = await _pupil(services)
    school.refs, school.school_id = [ref], await school.pool.fetchval("SELECT id FROM school")
    await school.pool.execute(
        "INSERT INTO gate (school_id, key, name_kk, name_ru, name_en, has_sensor) VALUES ($1, $2, $3, $4, $5, false)",
        school.school_id, "main", "Бас қақпа", "Главный вход", "Main gate",
    )  # fmt: skip
    person_id = await school.pool.fetchval("SELECT id FROM person WHERE ref = $1", ref)
    await give_consent(services, SYSTEM, person_id, Purpose.CARD, services.clock.now().date(), "form 12")
    mother, now = await a_parent(school, 0), services.clock.now()
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    await school.pool.execute(_SESSION, mother.account_id, digest, now, now + timedelta(days=1))
    await school.pool.execute(
        "INSERT INTO grant_of_role (account_id, school_id, role) VALUES ($1, $2, 'guardian') ON CONFLICT DO NOTHING",
        mother.account_id, school.school_id,
    )  # fmt: skip
    await school.close()
    return ref, mother


def passed(ref: str, at: datetime, direction: Literal["in", "out"] = "in") -> bytes:
    return line(
        Decision(
            monotonic_ms=9_000, wall_ms=int(at.timestamp() * 1_000), clock="ntp", gate="main", direction=direction,
            outcome="allowed", reason="ok", roster=1, person=ref,
        )
    )  # fmt: skip


@pytest.mark.requirement("KZ456-33-1.11", part="notification")
async def test_a_parent_is_told_of_arrival_and_departure_with_date_and_time_on_the_website_and_in_the_app(
    services: Services, agent: Agent, home: Home
) -> None:
    ref, _ = await a_child(services)
    now = services.clock.now()
    async with agent.running():
        agent.append(opened(), passed(ref, now - timedelta(seconds=40)), passed(ref, now, "out"))
        await eventually(lambda: services.database.pool.fetchval("SELECT count(*) = 2 FROM notice"))

    told, page = await home.notices(), await home.page()
    ways = [(each["person"], each["direction"], each["is_late"]) for each in told]
    assert ways == [(ref, "out", False), (ref, "in", False)]
    assert told[1]["at"].startswith((now - timedelta(seconds=40)).isoformat()[:16])
    assert "(Main gate)" in told[0]["text"]
    assert "came to school" in page
    assert "left the school (Main gate)" in page
    assert await services.database.pool.fetchval("SELECT bool_and(may_push) FROM outbox")


async def test_a_days_backlog_of_a_gate_is_told_with_its_own_times_and_disturbs_nobody(
    services: Services, agent: Agent, home: Home
) -> None:
    ref, _ = await a_child(services)
    yesterday = services.clock.now() - timedelta(days=1)
    ways: tuple[Literal["in", "out"], ...] = ("in", "out")
    backlog = [passed(ref, yesterday + timedelta(minutes=10 * number), ways[number % 2]) for number in range(20)]
    agent.append(opened(), *backlog)
    async with agent.running():
        await eventually(lambda: services.database.pool.fetchval("SELECT count(*) = 20 FROM notice"), timeout_s=30)

    assert await services.database.pool.fetchval("SELECT bool_or(may_push) FROM outbox") is False
    told = await home.notices()
    assert all(each["is_late"] and each["is_delayed"] for each in told)
    assert len({each["at"] for each in told}) == 20
    assert "Told later: it happened" in await home.page()
