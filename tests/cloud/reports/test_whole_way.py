"""The report of the 5th from the till to the authority: recorded, made on the 1st, signed, mailed, made anew."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import cast

import httpx2
import pytest
from structlog.testing import capture_logs

from cloud.accounts.actions import add_account, change_password
from cloud.accounts.queries import actor_of
from cloud.accounts.web import HOST_COOKIE
from cloud.app import create_app
from cloud.core.actor import Reach, Role
from cloud.core.services import Services
from cloud.core.settings import Mfa
from cloud.ingest.senders import Senders
from cloud.reports.checking import check
from cloud.reports.content import document_kept
from cloud.reports.meals import MEALS
from cloud.reports.months import Month
from cloud.worker import Worker
from simulators.clock import SimulatedClock
from tests.cloud.accounts.factory import whole
from tests.cloud.reports.factory import FIRST, MONTH, School
from tests.cloud.reports.sample import days
from tests.cloud.reports.test_sending import Mailbox, listening
from tests.cloud.schools.factory import SYSTEM

SEPTEMBER = Month.parse(MONTH)
PAGE = "/schools/almaty5/reports"
EVENING = datetime(2026, 9, 30, 18, 0, tzinfo=UTC)  # an hour before the month is over at the school
NIGHT = datetime(2026, 9, 30, 22, 0, tzinfo=UTC)  # three in the morning of the 1st
FOURTH = datetime(2026, 10, 4, 5, 0, tzinfo=UTC)
PASSWORD = "тамақтану-есебі-2026"


async def turn(services: Services) -> None:
    """Do once everything that a worker's scheduler does now and then, none of which may fail."""
    worker = Worker(services)
    senders = Senders(services.database.pool, services.vault, services.clock)
    async with worker._turn.held() as has_turn:
        assert await has_turn()
        with capture_logs() as told:
            for job in worker._scheduler(senders).get_jobs():
                await job.func()
    assert [each for each in told if each["event"] == "work.failed"] == []


async def session_of(services: Services, role: Role, school_id: int, name: str) -> str:
    """Return the token of a new account that signed in, as the cookie of its browser."""
    login = f"{role.value}@almaty5.kz"
    made = await add_account(services, SYSTEM, login, name, Reach(role, school_id))
    services = replace(services, settings=replace(services.settings, mfa=Mfa.OPTIONAL))  # of reports, not of signing in
    first = await whole(services, login, made.password)
    actor = await actor_of(services, first.token)
    assert actor is not None
    await change_password(services, actor, made.password, PASSWORD)
    return (await whole(services, login, PASSWORD)).token


@asynccontextmanager
async def browsing(services: Services, token: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield somebody's browser, in English."""
    headers = {"accept": "text/html", "origin": "https://esik.test"}
    cookies = {HOST_COOKIE: token, "esik_language": "en"}
    transport = httpx2.ASGITransport(create_app(services))
    async with httpx2.AsyncClient(
        transport=transport, base_url="https://esik.test", headers=headers, cookies=cookies, follow_redirects=True
    ) as client:
        yield client


def jump(clock: SimulatedClock, to: datetime) -> None:
    clock.jump((to - clock.now()).total_seconds())


def form_of(page: str) -> dict[str, str]:
    """Return the hidden word by which a page's forms count once."""
    return {"once": re.findall(r'name="once" value="([0-9a-f]+)"', page)[0]}


@pytest.mark.requirement("KZ456-33-1.9")
async def test_what_tills_recorded_in_a_month_is_with_the_authority_by_the_5th_and_can_be_made_anew(
    services: Services, clock: SimulatedClock
) -> None:
    mailbox = Mailbox()
    async with listening(mailbox) as post:
        url = f"smtp://127.0.0.1:{post.server.port}"
        services = replace(services, settings=replace(services.settings, smtp_url=url, smtp_from="esik@example.kz"))
        await turn(services)
        school = await School.begun(services)
        for on in days(SEPTEMBER):
            for child in (0, 1):
                await school.ate(child, on, came=(child, on) != (1, FIRST))
        await school.ate(2, FIRST + timedelta(days=2), payment="subsidised", paid=200_00)
        await school.projected()
        jump(clock, EVENING)
        await turn(services)
        assert await services.database.pool.fetchval("SELECT count(*) FROM report") == 0
        jump(clock, NIGHT)
        await turn(services)
        await turn(services)
        jump(clock, FOURTH)
        director = await session_of(services, Role.DIRECTOR, school.school_id, "Бақыт Оразов")

        async with browsing(services, director) as page:
            listed = await page.get(PAGE)
            address = re.findall(rf"{PAGE}/\d+", listed.text)[0]
            opened = await page.get(address)
            correction = {"kind": "free", "meals": "-1", "budget": "-577", "reason": "Бала ауырып қалған"} | form_of(
                opened.text
            )
            corrected = await page.post(f"{address}/correct", data=correction)
            seen = re.findall(r'name="seen" value="([^"]+)"', corrected.text)[0]
            signed = await page.post(f"{address}/sign", data={"seen": seen})
            sent = await page.post(
                f"{address}/send", data={"address": "balalar@example.kz", "language": "kk"} | form_of(signed.text)
            )
            await turn(services)
            loaded = await page.get(f"{address}/file.json")
        await turn(services)

    assert "is due on 05.10.2026" in listed.text
    assert "No gate saw the child come in on this day" in opened.text
    assert [each.status_code for each in (listed, opened, corrected, signed, sent, loaded)] == [200] * 6
    (letter,) = mailbox.letters
    files = {str(each.get_filename()): each.get_payload(decode=True) for each in letter.iter_attachments()}
    assert {name.rpartition(".")[2] for name in files} == {"pdf", "xlsx", "json"}
    kept = cast(bytes, files["almaty5-meals-2026-09.json"])
    assert kept == loaded.content
    document = document_kept(kept)
    (lunch, cheap) = document.content.dishes
    assert (document.content.school.code, document.content.month) == ("almaty5", MONTH)
    assert (lunch.name.en, lunch.price_tiyn, lunch.tally.students, lunch.portions) == ("Lunch 🍲", 577_00, 2, 44)
    assert (cheap.kind, cheap.tally.parents_tiyn, cheap.tally.budget_tiyn) == ("subsidised", 200_00, 377_00)
    assert document.corrected.free.meals == 43
    assert document.signed_by == "Бақыт Оразов"
    assert document.content.remarks.counts["not_seen"] == 1
    assert [each.wrong for each in await check(services, SYSTEM, "almaty5", SEPTEMBER, MEALS)] == [""]
    assert date.fromisoformat(document.signed_at[:10]) <= SEPTEMBER.due_on
    await school.close()
