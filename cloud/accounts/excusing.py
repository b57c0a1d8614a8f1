"""What a withdrawn consent does to a student's account: the session that began with a password alone ends.

Rule: the next sign-in asks for the second step, or leads to setting one up.
"""

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.beginnings import end_sessions, needs_factor, ways_of
from cloud.core.services import Services

_OWN = "SELECT account_id FROM student_account WHERE person_id = $1"


async def end_excused(services: Services, connection: BaseDBAsyncClient, person_id: int) -> None:
    """End the sessions of a student who was excused from a second step and is no more; after the answer is written."""
    for row in await connection.execute_query_dict(_OWN, [person_id]):
        account_id = row["account_id"]
        if not await ways_of(connection, account_id) and await needs_factor(
            services, connection, account_id, services.clock.now()
        ):
            await end_sessions(connection, account_id)
