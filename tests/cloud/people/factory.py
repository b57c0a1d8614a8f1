"""People for tests: made-up names, and IINs whose digits fit."""

from datetime import date

from cloud.core.services import Services
from cloud.people.actions import add_person
from cloud.people.bulk import PersonGiven
from cloud.people.kinds import PersonRole
from cloud.people.rules import FIRST_WEIGHTS, SECOND_WEIGHTS
from tests.cloud.schools.factory import SYSTEM


def an_iin(born: date, serial: int, sex: int = 5) -> str:
    """Return the IIN with the first serial number from `serial` on that can be given."""
    while True:
        head = f"{born:%y%m%d}{sex}{serial:04d}"
        for weights in (FIRST_WEIGHTS, SECOND_WEIGHTS):
            rest = sum(int(digit) * weight for digit, weight in zip(head, weights, strict=True)) % 11
            if rest != 10:
                return f"{head}{rest}"
        serial += 1


async def a_student(services: Services, school_id: int, number: str = "1", class_id: int | None = None) -> int:
    """Add a student and return the id."""
    given = PersonGiven(
        role=PersonRole.STUDENT, surname="Әліби", given_name="Айгерім", number=number, class_id=class_id
    )  # fmt: skip
    return await add_person(services, SYSTEM, school_id, given)
