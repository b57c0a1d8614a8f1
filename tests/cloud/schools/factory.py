"""Schools for tests: one with usual bells for two shifts."""

from datetime import time

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.schools.actions import NewSchool, add_school, set_bells
from cloud.schools.rules import usual_rings

SYSTEM = Actor.system("test")
FIRST_SHIFT, SECOND_SHIFT = time(8, 0), time(14, 0)


async def a_school(services: Services, code: str = "almaty5", school_days: int = 5) -> int:
    """Add a school with six lessons from 08:00 and six from 14:00, and return its id."""
    new = NewSchool(code, "№5 мектеп", "Школа № 5", "School No. 5", school_days=school_days)
    school_id = await add_school(services, SYSTEM, new)
    rings = [*usual_rings(1, FIRST_SHIFT, 6), *usual_rings(2, SECOND_SHIFT, 6)]
    await set_bells(services, SYSTEM, school_id, rings)
    return school_id
