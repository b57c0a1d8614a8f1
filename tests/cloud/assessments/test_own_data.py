"""What of tests goes home with a family's own data: nothing that tells what is right while somebody can answer."""

from cloud.core.services import Services
from cloud.guardian.own_data import own_data
from cloud.people.actions import add_guardian, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Relation
from tests.cloud.assessments.factory import SUM, a_sitting
from tests.cloud.people.family_factory import actor_of_guardian
from tests.cloud.schools.factory import SYSTEM


async def test_answers_and_their_points_go_home_once_the_test_has_closed(services: Services) -> None:
    sitting = await a_sitting(services)
    child_id = sitting.journal.studies.student_ids[0]
    given = GuardianGiven("Сәуле Әліби", "+77015550177", None)
    guardian_id = await add_guardian(services, SYSTEM, child_id, given, Relation.MOTHER)
    await open_guardian_account(services, SYSTEM, guardian_id)
    mother = await actor_of_guardian(services, guardian_id, sitting.school.id)
    await sitting.sat(await sitting.given(SUM, attempts=2), 0, [["b"]])
    found = []

    for days in (0, 2):
        sitting.wait(days=days)
        data = await own_data(services, mother, sitting.ref(0))
        found.append([len(part.rows) for part in data.parts if part.table == "assessment_answer"])

    assert found == [[0], [1]]
