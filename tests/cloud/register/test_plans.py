"""What is asked of the class register is found by indexes, in a country's marks too."""

from datetime import date

import pytest

from cloud.core.database import Database
from cloud.register import actions, monthly, queries
from tests.cloud.meals.test_plans import plan_of, reads_all

DAY, LAST = date(2026, 9, 1), date(2026, 9, 30)
ASKED: dict[str, tuple[object, str, tuple[object, ...]]] = {
    "a class's day": (queries, "CHILDREN", (1, DAY, [1], 9)),
    "what was said on a day": (queries, "_HISTORY", ([1], DAY, 9)),
    "what parents are told": (queries, "_OF_PEOPLE", ([1], DAY, LAST, 9)),
    "whether gates saw anybody": (queries, "_HEARD", (1, DAY)),
    "who was absent in a month": (monthly, "ABSENT", (1, DAY, LAST, 9)),
    "the last mark": (monthly, "_LAST", (1,)),
    "the next number": (actions, "_NEXT", (1,)),
}


@pytest.mark.parametrize("name", ASKED)
async def test_every_question_to_the_register_is_answered_by_an_index(database: Database, name: str) -> None:
    module, constant, values = ASKED[name]

    steps = await plan_of(database, vars(module)[constant], values)

    assert [(step["Node Type"], step["Relation Name"]) for step in steps if reads_all(step)] == []
