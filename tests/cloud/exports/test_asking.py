"""What goes out of anonymous questionnaires, into an export and into views: what their results show, and never who."""

import json
import zipfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from cloud.core.services import Services
from cloud.exports.actions import export_school
from cloud.exports.shapes import Secret
from cloud.exports.sharing import add_sql_access, remove_sql_access
from cloud.questionnaires.making import end
from tests.cloud.exports.factory import PASSPHRASE
from tests.cloud.questionnaires.factory import Asking, asking
from tests.cloud.schools.factory import SYSTEM

TABLES = ("questionnaire_answerer", "questionnaire_count", "questionnaire_said")
_GOES_ON = "UPDATE questionnaire SET first_on = current_date, last_on = current_date"
_WAS_OVER = "UPDATE questionnaire SET first_on = current_date - 9, last_on = current_date - 2"
_VIEW = "SELECT answers, shown_answers FROM school_almaty5.questionnaire_count"


@pytest.fixture(name="asking")
async def _asking(services: Services) -> AsyncIterator[Asking]:
    """Return a school whose role at the database does not outlive the test."""
    yield await asking(services)
    if await services.database.pool.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'esik_sql_almaty5')"):
        await remove_sql_access(services, SYSTEM, "almaty5")


async def answered(of: Asking, count: int) -> int:
    """Let so many answer, each of the first five the same and a sixth otherwise, and return the questionnaire."""
    number, (first, scale, words) = await of.ask()
    for parent in of.parents[:5][:count]:
        await of.answer(parent, number, (first, "0"), (scale, "4"), (words, "жақсы"))
    for parent in of.parents[5:count]:
        await of.answer(parent, number, (first, "1"), (scale, "1"), (words, "нашар"))
    return number


async def exported(of: Asking, path: Path) -> Mapping[str, list[dict[str, object]]]:
    """Return the rows of the three tables in an export with everything that may be asked for."""
    await export_school(of.services, SYSTEM, of.school.id, path, set(Secret), passphrase=PASSPHRASE)
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        return {
            name: [json.loads(line) for line in archive.read(f"json/{name}.jsonl").splitlines()]
            if f"json/{name}.jsonl" in names else []
            for name in TABLES
        }  # fmt: skip


@pytest.mark.requirement("KZ456-27.15", part="questionnaires")
async def test_nothing_goes_out_of_an_anonymous_questionnaire_while_it_goes_on(asking: Asking, tmp_path: Path) -> None:
    await answered(asking, 6)
    await asking.services.database.pool.execute(_GOES_ON)
    await add_sql_access(asking.services, SYSTEM, "almaty5")

    assert await exported(asking, tmp_path / "school.zip") == {name: [] for name in TABLES}
    for name in TABLES:
        seen = await asking.services.database.pool.fetchval(f"SELECT count(*) FROM school_almaty5.{name}")  # noqa: S608
        assert seen == 0


@pytest.mark.requirement("KZ456-27.15", part="questionnaires")
async def test_of_one_that_was_ended_right_after_an_answer_only_what_was_shown_goes_out(
    asking: Asking, tmp_path: Path
) -> None:
    number = await answered(asking, 6)
    await asking.services.database.pool.execute(_GOES_ON)
    await end(asking.services, asking.deputy, asking.school, number)
    await add_sql_access(asking.services, SYSTEM, "almaty5")

    told = await exported(asking, tmp_path / "school.zip")

    assert told["questionnaire_answerer"] == []
    assert [(row["answers"], row["shown_answers"]) for row in told["questionnaire_count"]] == [(5, 5), (5, 5)]
    assert told["questionnaire_said"] == []  # one of its words waits for ever
    rows = await asking.services.database.pool.fetch(_VIEW)
    assert [tuple(row) for row in rows] == [(5, 5), (5, 5)]


@pytest.mark.requirement("KZ456-27.15", part="questionnaires")
async def test_of_one_that_is_over_and_whole_counts_and_words_go_out_and_nobody_who_answered(
    asking: Asking, tmp_path: Path
) -> None:
    await answered(asking, 5)
    await asking.services.database.pool.execute(_WAS_OVER)

    told = await exported(asking, tmp_path / "school.zip")

    assert told["questionnaire_answerer"] == []
    assert [(row["value"], row["answers"]) for row in told["questionnaire_count"]] == [(0, 5), (4, 5)]
    (said,) = told["questionnaire_said"]
    assert json.loads(str(said["words"])) == {"shown": ["жақсы"] * 5, "waiting": []}
