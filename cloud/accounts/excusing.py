"""What a withdrawn consent does to a student's account: the session that began with a password alone ends.

Rule: the next sign-in asks for the second step, or leads to setting one up.
"""

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.beginnings import end_sessions, needs_factor, ways_of
from cloud.core.services import Services

_AT_ONCE = 10_000
# Sessions that began with a password alone, of students whose parents do not consent to that any more.
_OF_SCHOOL = """
SELECT own.person_id FROM student_account AS own JOIN person ON person.id = own.person_id
WHERE person.school_id = $1
  AND EXISTS (SELECT FROM sign_in WHERE sign_in.account_id = own.account_id AND NOT must_enrol)
  AND NOT EXISTS (SELECT FROM passkey WHERE passkey.account_id = own.account_id)
  AND NOT EXISTS (
    SELECT FROM authenticator WHERE authenticator.account_id = own.account_id AND secret_encrypted IS NOT NULL)
  AND NOT consented(person.id, 'mfa_off') LIMIT $2
"""
_OWN = "SELECT account_id FROM student_account WHERE person_id = $1"


async def end_excused(services: Services, connection: BaseDBAsyncClient, person_id: int) -> None:
    """End the sessions of a student who was excused from a second step and is no more; after the answer is written."""
    for row in await connection.execute_query_dict(_OWN, [person_id]):
        account_id = row["account_id"]
        if not await ways_of(connection, account_id) and await needs_factor(
            services, connection, account_id, services.clock.now()
        ):
            await end_sessions(connection, account_id)


async def end_excused_of(services: Services, connection: BaseDBAsyncClient, school_id: int) -> None:
    """Do the same for all students of a school, after many answers at once, as an import writes them."""
    for row in await connection.execute_query_dict(_OF_SCHOOL, [school_id, _AT_ONCE]):
        await end_excused(services, connection, row["person_id"])
