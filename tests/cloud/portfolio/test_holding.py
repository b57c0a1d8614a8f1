"""What is written of somebody whose data are not to be kept: nothing, while what was given can still be taken back."""

import pytest

from cloud.consents.answering import answer
from cloud.consents.texts import current
from cloud.core.services import Services
from cloud.people.kinds import Purpose, Says
from cloud.portfolio.adding import mend, send_back, take_back
from cloud.portfolio.awards import award, awards_of, revoke
from cloud.portfolio.errors import ErasureAsked
from cloud.portfolio.fields import Group
from cloud.portfolio.goals import State, add_step, goals_of, set_goal, turn_goal, turn_step
from cloud.portfolio.keeping import put_fields
from tests.cloud.portfolio.factory import TODAY, Folder, a_folder, confirm_seen


@pytest.fixture(name="folder")
async def _folder(services: Services) -> Folder:
    return await a_folder(services)


async def test_once_data_are_not_to_be_kept_nothing_is_written_into_profile_and_portfolio(folder: Folder) -> None:
    services, whose, teacher, mother = folder.services, folder.whose, folder.teacher, folder.mother
    entry_id = await folder.told()
    goal_id = await set_goal(services, teacher, whose, "Ағылшын B1", TODAY)
    step_id = await add_step(services, teacher, whose, goal_id, "Тест", TODAY)
    award_id = await award(services, teacher, whose, "Үйірме", "")
    await answer(services, mother, folder.ref, Purpose.DATA, Says.NO, current(Purpose.DATA).version)

    for write in (
        folder.told(),
        mend(services, mother, whose, entry_id, "диплом 12"),
        confirm_seen(services, teacher, whose, entry_id),
        send_back(services, teacher, whose, entry_id, "Қай жылы?"),
        put_fields(services, teacher, folder.school_id, folder.ref, Group.MAIN, {"address": "Абай 5"}),
        set_goal(services, teacher, whose, "Шахмат", TODAY),
        add_step(services, teacher, whose, goal_id, "Тағы", TODAY),
        turn_step(services, teacher, whose, goal_id, step_id),
        turn_goal(services, teacher, whose, goal_id, State.DONE),
        award(services, teacher, whose, "Шахмат", ""),
    ):
        with pytest.raises(ErasureAsked):
            await write

    (goal,) = await goals_of(services, whose)
    assert [note.says for note in goal.notes] == ["step_added", "made"]
    assert await services.database.pool.fetchval("SELECT count(*) FROM profile_field") == 0
    await take_back(services, mother, whose, entry_id)
    await revoke(services, teacher, whose, award_id)
    assert [each.sign for each in await awards_of(services, whose)] == ["award_revoked"]


async def test_somebody_whose_erasure_was_begun_gets_nothing_new_though_nobody_refuses_any_more(folder: Folder) -> None:
    services, pool = folder.services, folder.services.database.pool
    begun = "INSERT INTO erasure (school_id, person_id, begun_at) VALUES ($1, $2, $3)"
    await pool.execute(begun, folder.school_id, folder.whose.id, services.clock.now())

    with pytest.raises(ErasureAsked):
        await folder.told()

    assert await pool.fetchval("SELECT count(*) FROM portfolio_entry") == 0
