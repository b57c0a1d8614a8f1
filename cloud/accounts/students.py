"""Students' own accounts as signing in sees them: whose it is, and whether a second step is asked for.

Rule: it is off only while a guardian's consent stands and the IIN on record says that the student is under sixteen;
where no IIN is on record the age is not known, and the second step stays.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.core.iin import IIN, born_on, is_under_sixteen
from cloud.core.services import Services

_EXCUSED = """
SELECT person.iin_encrypted, school.zone FROM student_account AS own
JOIN person ON person.id = own.person_id JOIN school ON school.id = person.school_id
WHERE own.account_id = $1 AND consented(person.id, 'mfa_off')
"""
_STUDIES = """
SELECT EXISTS (SELECT FROM grant_of_role WHERE account_id = $1 AND role = 'student') AS studies,
  EXISTS (SELECT FROM grant_of_role WHERE account_id = $1 AND role NOT IN ('student', 'guardian')) AS works
"""


async def is_excused(services: Services, connection: BaseDBAsyncClient, account_id: int, now: datetime) -> bool:
    """Tell whether a student signs in with a password alone (KZ456-5.11)."""
    rows = await connection.execute_query_dict(_EXCUSED, [account_id])
    return bool(rows) and _is_young(services, rows[0], now)


async def only_studies(connection: BaseDBAsyncClient, account_id: int) -> bool:
    """Tell whether an account is a student's and nobody's who works here."""
    (row,) = await connection.execute_query_dict(_STUDIES, [account_id])
    return bool(row["studies"]) and not row["works"]


def _is_young(services: Services, row: dict[str, Any], now: datetime) -> bool:
    if row["iin_encrypted"] is None:
        return False
    born = born_on(services.vault.decrypt(row["iin_encrypted"], IIN))
    return born is not None and is_under_sixteen(born, now.astimezone(ZoneInfo(row["zone"])).date())
