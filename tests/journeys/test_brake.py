"""From a gate to a parent's page: a reader fails in silence, its children are held, a director looks and decides."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx2
import pytest

from cloud.alerts.judging import judge_due
from cloud.alerts.rules import AlertRules
from cloud.alerts.settings import set_rules
from cloud.core.actor import Role
from cloud.core.services import Services
from cloud.schools.actions import set_bells
from cloud.schools.calendar import set_day
from cloud.schools.models import DayKind
from cloud.schools.rules import Day, Ring
from tests.cloud.attendance.factory import School
from tests.cloud.ingest.device import opened
from tests.cloud.ingest.rows import add_devices, eventually
from tests.cloud.notifications.factory import a_parent
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.cloud.test_line import DEVICE, _agent, _clock
from tests.edge_agent.sync.live import Agent
from tests.edge_agent.sync.model import IDENTITY
from tests.journeys.browsing import an_account, served, signed_in, text_of
from tests.journeys.test_day_notices import passed

__all__ = ["_agent", "_clock"]  # fixtures, found by their names
CHILDREN, BY_B = 20, 8  # the first eight usually come through Gate B
LATE_BY = timedelta(minutes=30)  # since the first lesson began
_GATES = """
INSERT INTO gate (school_id, key, name_kk, name_ru, name_en, has_sensor, device_id)
SELECT $1, key, key, key, title, false, device.id FROM device, (VALUES ('main', 'Main gate'), ('b', 'Gate B'))
  AS gate (key, title)
"""
_CAME = """
INSERT INTO movement (shard, position, school_id, person_id, "on", at, received_at, direction, gate, kind, reason, let,
  let_reason, passage, clock, device, epoch, seq)
SELECT 1, 0, $1, id, day::date, day, day, 'in', CASE WHEN ref = ANY($3) THEN 'b' ELSE 'main' END, 'card', '', 'card',
  '', '', 'ntp', 'before', to_char(day, 'YYMMDD'), id
FROM person, generate_series($2::timestamptz - interval '9 days', $2::timestamptz - interval '1 day', '1 day') AS day
"""
_USED = """
INSERT INTO presence (shard, school_id, person_id, "on", first_in_at, is_inside, late_min, without_card, entries,
  updated_at)
SELECT 1, $1, id, ($2::timestamptz - interval '1 day')::date, $2, false, 0, false, 1, $2 FROM person
"""
_CONSENT = """
INSERT INTO consent_answer (person_id, purpose, says, "on", way, source, recorded_at)
SELECT id, 'card', 'yes', $1::timestamptz::date, 'import', '', $1 FROM person
"""


@dataclass(slots=True)
class Place:
    """The agent's school at its noon, and the service with its pages."""

    services: Services
    url: str
    school: School
    zone: ZoneInfo
    now: datetime

    async def browser(self, account_id: int, role: Role) -> httpx2.AsyncClient:
        """Return the browser of an account that is signed in with a role."""
        return await signed_in(self.services, self.url, account_id, self.school.school_id, role)

    async def begin_lessons(self) -> None:
        """Let the lessons have begun half an hour ago, and the alerts be due."""
        at = self.now.astimezone(self.zone) - LATE_BY
        first_min = at.hour * 60 + at.minute
        await set_bells(self.services, SYSTEM, self.school.school_id, [Ring(1, 1, first_min, first_min + 300)])
        await set_day(self.services, SYSTEM, self.school.school_id, at.date(), Day(DayKind.WORKDAY))
        await set_rules(self.services, SYSTEM, self.school.school_id, AlertRules(absent_after_min=25))

    async def notices(self, account_id: int) -> str:
        """Return what a parent reads."""
        async with await self.browser(account_id, Role.GUARDIAN) as parent:
            return text_of((await parent.get("/notices")).text)


@pytest.fixture(name="place")
async def _place(services: Services) -> AsyncIterator[Place]:
    async with served(services) as url:
        yield await _opened(services, url)


async def _opened(services: Services, url: str) -> Place:
    """Enter the agent's school in a zone where it is about noon, with children and how they came until yesterday."""
    pool, now = services.database.pool, services.clock.now()
    zone = ZoneInfo(f"Etc/GMT{now.hour - 12:+d}")  # its sign is the other way round
    school = School(services)
    school.school_id = await a_school(services, IDENTITY.school, school_days=6)
    await pool.execute("UPDATE school SET shard = $1, zone = $2", IDENTITY.shard, zone.key)
    school.class_id = await pool.fetchval(
        "INSERT INTO school_class (school_id, grade, letter, shift, is_active) VALUES ($1, 5, 'А', 1, true) "
        "RETURNING id",
        school.school_id,
    )
    for number in range(CHILDREN):
        await a_student(services, school.school_id, str(number), school.class_id)
    school.refs = [row["ref"] for row in await pool.fetch("SELECT ref FROM person ORDER BY id")]
    await add_devices(pool, services.vault, services.clock, DEVICE)
    await pool.execute(_GATES, school.school_id)
    await pool.execute(_CAME, school.school_id, now, school.refs[:BY_B])
    await pool.execute(_USED, school.school_id, now)
    await pool.execute(_CONSENT, now)
    return Place(services, url, school, zone, now)


async def came(place: Place, agent: Agent, refs: Sequence[str], at: datetime) -> None:
    """Let the agent's gate tell of children, and wait until the cloud knows."""
    before = await place.school.pool.fetchval("SELECT count(*) FROM presence WHERE is_inside")
    agent.append(*[passed(ref, at) for ref in refs])
    there = before + len(refs)
    await eventually(
        lambda: place.school.pool.fetchval("SELECT count(*) = $1 FROM presence WHERE is_inside", there), timeout_s=30
    )


async def test_a_reader_fails_in_silence_and_only_who_never_came_by_it_is_told_of_until_a_director_has_looked(
    place: Place, agent: Agent
) -> None:
    pool, refs = place.school.pool, place.school.refs
    of_b, of_main = await a_parent(place.school, 0), await a_parent(place.school, BY_B)
    director_id = await an_account(place.services, "Бақыт Оразов")
    async with agent.running():
        agent.append(opened())
        await came(place, agent, refs[BY_B + 1 :], place.now - timedelta(minutes=40))  # Gate B tells of nobody
        await place.begin_lessons()
        await judge_due(place.services, [IDENTITY.shard])
        await eventually(lambda: pool.fetchval("SELECT state = 'held' FROM alert_round"))
        main_read, b_read = await place.notices(of_main.account_id), await place.notices(of_b.account_id)
        async with await place.browser(director_id, Role.DIRECTOR) as director:
            page = text_of((await director.get(f"/schools/{IDENTITY.school}/alerts")).text)
            form = {"classes": str(place.school.class_id), "decision": "release"}
            await director.post(f"/schools/{IDENTITY.school}/alerts/decide", data=form)
        b_told = await place.notices(of_b.account_id)
        await came(place, agent, refs[:1], place.now - timedelta(minutes=50))  # the reader's backlog, too late
        await eventually(lambda: pool.fetchval("SELECT count(*) = 2 FROM notice WHERE kind IN ('day_corrected',"
                                               " 'arrived') AND person_id = (SELECT min(id) FROM person)"))  # fmt: skip
        b_right = await place.notices(of_b.account_id)

    assert "Of 8 children who usually come through Gate B, 8 were not seen." in page
    assert page.count("Әліби Айгерім") == BY_B, "of whom it was told already is decided by nobody"
    assert "No gate of the school had seen Әліби Айгерім" in main_read
    assert "No gate of the school had seen" not in b_read
    assert "No gate of the school had seen Әліби Айгерім" in b_told
    assert "Delayed: it happened at" in b_right
    assert "came to school" in b_right
