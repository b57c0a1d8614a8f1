"""Too many children are missing at once: nobody is told before a director has looked at the page and decided."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest

from cloud.core.actor import Role
from cloud.core.services import Services
from cloud.notifications.kinds import Kind
from simulators.clock import SimulatedClock
from tests.cloud.alerts.factory import Morning, a_morning
from tests.journeys.browsing import an_account, served, signed_in, text_of


@dataclass(frozen=True, slots=True)
class Journey:
    """The school on its morning, and the service with its pages."""

    services: Services
    morning: Morning
    url: str

    async def sign_in(self, account_id: int, role: Role) -> httpx2.AsyncClient:
        """Return the browser of an account with a role at the school."""
        return await signed_in(self.services, self.url, account_id, self.morning.gates.school_id, role)

    async def director(self) -> httpx2.AsyncClient:
        return await self.sign_in(await an_account(self.services, "Бақыт Оразов"), Role.DIRECTOR)


@pytest.fixture(name="journey")
async def _journey(services: Services, clock: SimulatedClock) -> AsyncIterator[Journey]:
    morning = await a_morning(services, clock)
    async with served(services) as url:
        yield Journey(services, morning, url)
    await morning.gates.close()


async def test_when_a_gate_loses_half_a_school_nobody_is_told_until_a_director_has_looked(journey: Journey) -> None:
    morning = journey.morning
    await morning.came(range(15))  # half of the school; the other half came by a door without a gate
    await morning.at(22)
    async with (
        await journey.director() as director,
        await journey.sign_in(morning.parent.account_id, Role.GUARDIAN) as parent,
    ):
        today = text_of((await director.get("/schools/almaty5/office")).text)
        page = text_of((await director.get("/schools/almaty5/alerts")).text)
        before = await morning.absent()
        form = {"classes": str(morning.classes[1]), "decision": "release"}
        decided = await director.post("/schools/almaty5/alerts/decide", data=form)
        after = text_of((await director.get(decided.headers["location"])).text)
        again = await director.post("/schools/almaty5/alerts/decide", data=form)
        notices = text_of((await parent.get("/notices")).text)

    assert "Alerts of absence are held in 1 class." in today
    assert "More than 10 % of the school's children were not seen." in page
    assert "At 08:20: 15 of 22 not seen, 68 %" in page
    assert "Әліби Айгерім" in page
    assert before == []
    assert "Decided. Parents of 15 children are told." in after
    assert (again.status_code, "Бақыт Оразов has decided about this already." in text_of(again.text)) == (409, True)
    assert "No gate of the school had seen Әліби Айгерім by 08:20; the first lesson began at 08:00." in notices


async def test_an_outage_of_the_gate_holds_alerts_says_so_and_the_backlog_is_told_as_delayed(journey: Journey) -> None:
    morning = journey.morning
    await morning.hear()
    await morning.gates.pool.execute("UPDATE device SET is_online = false")
    await morning.at(22, is_heard=False)
    async with (
        await journey.director() as director,
        await journey.sign_in(morning.parent.account_id, Role.GUARDIAN) as parent,
    ):
        page = text_of((await director.get("/schools/almaty5/alerts")).text)
        await morning.came(range(1, 30), minute=-8)  # the backlog, when the gate is back at nine
        await morning.at(60)
        notices = text_of((await parent.get("/notices")).text)

    assert "A gate has not told everything yet. When it has, the alerts go on by themselves." in page
    assert "Gate: not heard since" in page
    assert await morning.absent() == [0]
    assert [kind for _, kind in await morning.told(Kind.DAY_CORRECTED)] == [], "nobody was told what was wrong"
    assert "Delayed: it happened at 07:52" in notices
    assert "Delayed: it happened at 08:20" in notices
