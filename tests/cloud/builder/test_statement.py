"""Statements: of declarations alone, whatever is chosen; each is one that PostgreSQL takes."""

import random
import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given

from cloud.builder.choice import Choice, Filter
from cloud.builder.kinds import Period, Shape
from cloud.builder.statement import Asked, heads_of, statement_of
from cloud.builder.subjects import SUBJECTS
from cloud.core.services import Services
from tests.cloud.builder.choices import HOSTILE, a_choice, choices

ASKED = Asked([1], date(2026, 8, 1), date(2026, 9, 1), 100)
_PARAMETER = re.compile(r"\$(\d+)")


@given(choices())
def test_no_text_of_a_choice_becomes_a_part_of_the_sql(choice: Choice) -> None:
    subject = SUBJECTS[choice.subject]
    other = replace(
        choice, filters=tuple(replace(each, values=each.values[::-1] + each.values[:1]) for each in choice.filters)
    )

    statement = statement_of(subject, choice, ASKED)

    assert not any(text in statement.sql for text in HOSTILE if text not in {"$1", '"'})
    assert statement.sql == statement_of(subject, other, ASKED).sql


@given(choices())
def test_each_value_is_a_parameter_and_each_parameter_has_a_value(choice: Choice) -> None:
    subject = SUBJECTS[choice.subject]
    asked = replace(ASKED, classes=[1, 2]) if subject.class_sql else ASKED

    statement = statement_of(subject, choice, asked)

    numbers = {int(number) for number in _PARAMETER.findall(statement.sql)}
    assert numbers == set(range(1, len(statement.values) + 1))
    assert [head.key for head in statement.heads] == list(choice.shown)


@pytest.mark.parametrize("key", SUBJECTS)
async def test_postgresql_takes_every_column_measure_and_filter_of_a_subject(services: Services, key: str) -> None:
    subject, rng = SUBJECTS[key], random.Random(7)
    one_by_one = [
        Choice(key, Period.DAYS, shape=Shape.ROWS, columns=(each.key,), sort=f"-{each.key}") for each in subject.columns
    ]
    grouped = [
        Choice(key, Period.DAYS, groups=(each.key,), measures=subject.reckoned[:6], sort=each.key)
        for each in subject.columns if each.groups
    ]  # fmt: skip
    reckoned = [Choice(key, Period.DAYS, measures=(each,), sort=f"-{each}") for each in subject.reckoned]
    mixed = [a_choice(rng, subject) for _ in range(40)]

    async with services.database.pool.acquire() as connection:
        for choice in (*one_by_one, *grouped, *reckoned, *mixed):
            statement = statement_of(subject, choice, ASKED)
            rows = await connection.fetch(statement.sql, *statement.values)

            assert all(len(row) == len(statement.heads) for row in rows)
            assert len(rows) <= 1 or choice.groups or choice.shape is Shape.ROWS


@pytest.mark.parametrize("key", [each.key for each in SUBJECTS.values() if each.class_sql])
async def test_postgresql_takes_the_reach_of_classes(services: Services, key: str) -> None:
    subject = SUBJECTS[key]
    choice = Choice(key, Period.DAYS, groups=subject.groups, measures=subject.measures)

    statement = statement_of(subject, choice, replace(ASKED, classes=[1]))

    assert await services.database.pool.fetch(statement.sql, *statement.values) == []


async def test_postgresql_takes_every_list_of_options(services: Services) -> None:
    for subject in SUBJECTS.values():
        for column in subject.columns:
            if column.options:
                assert await services.database.pool.fetch(column.options, [1]) == []


def test_what_begins_a_subject_is_declared_by_it() -> None:
    for subject in SUBJECTS.values():
        heads = heads_of(subject, Choice(subject.key, groups=subject.groups, measures=subject.measures))

        assert heads
        assert len({each.key for each in subject.columns}) == len(subject.columns)


def test_a_filter_of_money_is_typed_in_tenge() -> None:
    choice = Choice("meals", measures=("count",), filters=(Filter("paid", least=500),))

    assert 50_000 in statement_of(SUBJECTS["meals"], choice, ASKED).values
