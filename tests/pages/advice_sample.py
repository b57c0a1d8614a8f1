"""What is recommended at the sample's school: thresholds of its own, and what teachers made of some of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from cloud.advice.actions import Aim, Pick, dismiss, share, take, write_own
from cloud.advice.queries import OfStudent, advice_within
from cloud.advice.thresholds import OF_PROGRAM, put_thresholds
from cloud.attendance.queries import school_today
from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.portfolio.reach import student_at

SYSTEM = Actor("Әсел Омарова", is_system=True)
OWN = "Күн сайын 20 минут дауыстап оқу, апта соңында мазмұнын айтып беру"


async def write(services: Services, school_id: int, refs: Sequence[str]) -> None:
    """Write it: of the first student an own one that the family sees, of the next two of whom rules find something."""
    await put_thresholds(services, Actor("Ерлан Нұр", is_system=True), school_id, replace(OF_PROGRAM, behind=60))
    child = await _advised(services, school_id, refs[0])
    await share(services, SYSTEM, Pick(child, await write_own(services, SYSTEM, child, OWN)))
    advised = [await _advised(services, school_id, ref) for ref in refs[1:]]
    second, third, *_ = [each for each in advised if each.lines]
    await dismiss(services, SYSTEM, Pick(second, advice=second.lines[0].advice), "Биыл спортпен айналысып жүр")
    due_on = services.clock.now().date() + timedelta(days=60)
    await take(services, SYSTEM, Pick(third, advice=third.lines[0].advice), Aim("Математика: тақырыптар", due_on))


async def _advised(services: Services, school_id: int, ref: str) -> OfStudent:
    school = await school_today(services, SYSTEM, "almaty15", Right.ADVICE_READ)
    return await advice_within(services, school, await student_at(services, SYSTEM, school_id, ref))
