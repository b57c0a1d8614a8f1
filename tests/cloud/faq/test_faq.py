"""What is often asked of a school through its seam: kept in order, shown to whom it concerns, found, and judged."""

import pytest

from cloud.accounts.actions import add_account
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.faq.errors import FaqRefused
from cloud.faq.keeping import checked, drop_entry, entries_at, lift_entry, put_entry
from cloud.faq.kinds import Given
from cloud.faq.reading import Topic, say_helpful, topics_for
from tests.cloud.schools.factory import SYSTEM, a_school

UNIFORM = Given("Форма", {"kk": "Қандай форма керек?", "ru": "Какая нужна форма?"},
                {"kk": "Көк жилет.", "ru": "Синий жилет."}, ("parents", "students"))  # fmt: skip
LEAVE = Given("", {"ru": "Как оформить отпуск?"}, {"ru": "Заявлением за две недели."}, ("teachers", "staff"))
BELLS = Given("Форма", {"kk": "Қоңырау қашан?"}, {"kk": "08:00-де."})


@pytest.fixture(name="school_id")
async def _school_id(services: Services) -> int:
    return await a_school(services)


def at_work(school_id: int, role: Role = Role.OFFICE) -> Actor:
    return Actor("Гүлнар", reaches=frozenset({Reach(role, school_id)}))


async def reader(services: Services, school_id: int, role: Role, login: str) -> Actor:
    reach = Reach(role, school_id)
    account = await add_account(services, SYSTEM, login, login, reach)
    return Actor(login, account.account_id, frozenset({reach}))


def told(topics: list[Topic], language: str = "kk") -> list[tuple[str, list[str]]]:
    return [(each.name, [one.told(language)[0] for one in each.entries]) for each in topics]


@pytest.mark.requirement("KZ456-27.16", part="faq")
async def test_everybody_reads_what_concerns_them_by_topic_and_in_the_schools_order(
    services: Services, school_id: int
) -> None:  # fmt: skip
    office = at_work(school_id)
    for each in (LEAVE, UNIFORM, BELLS):
        await put_entry(services, office, school_id, each)
    mother = await reader(services, school_id, Role.GUARDIAN, "mother")
    teacher = await reader(services, school_id, Role.TEACHER, "teacher")
    elsewhere = await reader(services, await a_school(services, "astana7"), Role.GUARDIAN, "elsewhere")

    assert told(await topics_for(services, mother)) == [("Форма", ["Қандай форма керек?", "Қоңырау қашан?"])]
    assert told(await topics_for(services, teacher)) == [
        ("", ["Как оформить отпуск?"]), ("Форма", ["Қоңырау қашан?"]),
    ]  # fmt: skip
    assert await topics_for(services, elsewhere) == []
    assert await topics_for(services, Actor("nobody")) == []


async def test_words_are_found_in_whichever_language_and_in_part(services: Services, school_id: int) -> None:
    await put_entry(services, at_work(school_id), school_id, UNIFORM)
    mother = await reader(services, school_id, Role.GUARDIAN, "mother")

    for words, count in (("жилет", 1), ("СИНИЙ жил", 1), ("көк", 1), ("форма", 1), ("брюки", 0), ("", 1)):
        assert len(await topics_for(services, mother, words)) == count, words


@pytest.mark.requirement("KZ456-27.16", part="faq")
async def test_whether_it_helped_is_said_once_by_each_and_the_school_sees_how_many(
    services: Services, school_id: int
) -> None:  # fmt: skip
    office = at_work(school_id)
    entry_id = await put_entry(services, office, school_id, UNIFORM)
    readers = [await reader(services, school_id, Role.GUARDIAN, f"parent{number}") for number in range(3)]
    for each in readers:
        await say_helpful(services, each, entry_id, is_helpful=True)
    await say_helpful(services, readers[0], entry_id, is_helpful=False)

    (kept,) = await entries_at(services, office, school_id)
    ((own,),) = [topic.entries for topic in await topics_for(services, readers[0])]

    assert (kept.helped, kept.not_helped) == (2, 1)
    assert own.vote is False
    teacher = await reader(services, school_id, Role.TEACHER, "teacher")
    with pytest.raises(NotFound):  # whom it does not concern
        await say_helpful(services, teacher, entry_id, is_helpful=True)


async def test_entries_are_changed_hidden_moved_and_taken_away(services: Services, school_id: int) -> None:
    office = at_work(school_id)
    first, second = [await put_entry(services, office, school_id, each) for each in (UNIFORM, BELLS)]
    await lift_entry(services, office, school_id, second)
    await lift_entry(services, office, school_id, second)  # it is the first already
    assert [each.id for each in await entries_at(services, office, school_id)] == [second, first]
    hidden = Given(BELLS.topic, BELLS.questions, {"kk": "08:30-да."}, (), is_shown=False)
    await put_entry(services, office, school_id, hidden, second)
    mother = await reader(services, school_id, Role.GUARDIAN, "mother")
    assert told(await topics_for(services, mother)) == [("Форма", ["Қандай форма керек?"])]
    with pytest.raises(NotFound):
        await say_helpful(services, mother, second, is_helpful=True)

    await drop_entry(services, office, school_id, second)

    assert [each.id for each in await entries_at(services, office, school_id)] == [first]
    for deed in (drop_entry(services, office, school_id, second),
                 put_entry(services, office, school_id, UNIFORM, second)):  # fmt: skip
        with pytest.raises(NotFound):
            await deed


@pytest.mark.parametrize(
    "given",
    [
        Given("", {}, {}),
        Given("", {"kk": "Неге?"}, {}),
        Given("", {"kk": "Неге?", "ru": "Почему?"}, {"kk": "Себебі."}),
        Given("", {"kk": "x" * 201}, {"kk": "x"}),
        Given("", {"kk": "x"}, {"kk": "x" * 2_001}),
        Given("x" * 61, {"kk": "x"}, {"kk": "x"}),
        Given("", {"kk": "x"}, {"kk": "x"}, ("everybody",)),
    ],
    ids=["nothing", "no_answer", "half", "long_question", "long_answer", "long_topic", "audience"],
)
def test_an_entry_that_cannot_be_is_refused(given: Given) -> None:
    with pytest.raises(FaqRefused):
        checked(given)


async def test_only_the_office_and_the_heads_keep_it(services: Services, school_id: int) -> None:
    for role in (Role.TEACHER, Role.IT, Role.PEDAGOGUE):
        for deed in (put_entry(services, at_work(school_id, role), school_id, UNIFORM),
                     entries_at(services, at_work(school_id, role), school_id)):  # fmt: skip
            with pytest.raises(NotAllowed):
                await deed
    for role in (Role.DEPUTY, Role.DIRECTOR):
        assert await put_entry(services, at_work(school_id, role), school_id, UNIFORM)
