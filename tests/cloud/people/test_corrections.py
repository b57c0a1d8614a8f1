"""A guardian asks to put data right, the office answers with a reason, and nobody else sees or answers it."""

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.people.corrections import (
    OPEN_MAX,
    CorrectionRefused,
    Kept,
    Outcome,
    Wrong,
    answer_correction,
    ask_correction,
    own_requests,
    requests_of,
)  # fmt: skip
from cloud.people.family import set_rights
from tests.cloud.people.family_factory import Family, a_family

PHONE = Wrong(Kept.CONTACTS, "Ескі телефон", "+7 701 000 11 22")


@pytest.fixture(name="family")
async def _family(services: Services) -> Family:
    return await a_family(services)


async def asked(family: Family, wrong: Wrong = PHONE) -> int:
    """Let the mother ask, and return the request's number."""
    await ask_correction(family.services, family.mother, family.ref, wrong)
    return (await own_requests(family.services, family.mother, family.ref))[0].id


@pytest.mark.requirement("KZ456-9")
async def test_what_a_mother_asks_the_office_sees_and_its_answer_she_sees(services: Services, family: Family) -> None:
    number = await asked(family)

    (seen,) = await requests_of(services, family.office, family.school_id)
    assert (seen.wrong, seen.person, seen.state) == (PHONE, "Әліби Айгерім", "asked")
    await answer_correction(services, family.office, family.school_id, number, Outcome.CORRECTED, "")

    (answered,) = await own_requests(services, family.mother, family.ref)
    assert (answered.state, answered.answered_by) == ("corrected", "Гүлнар")
    verbs = [entry.verb for entry in await noted_of(services, family.office, family.school_id, Wanted())]
    assert verbs[:2] == ["correction.corrected", "correction.asked"]


async def test_a_no_needs_its_reason_and_an_answer_is_given_once(services: Services, family: Family) -> None:
    number = await asked(family)

    with pytest.raises(CorrectionRefused, match="letters"):
        await answer_correction(services, family.office, family.school_id, number, Outcome.REFUSED, "  ")
    await answer_correction(services, family.office, family.school_id, number, Outcome.REFUSED, "Құжат керек")

    assert (await own_requests(services, family.mother, family.ref))[0].answer == "Құжат керек"
    with pytest.raises(NotFound):
        await answer_correction(services, family.office, family.school_id, number, Outcome.CORRECTED, "")


async def test_what_was_written_lies_sealed_and_stands_in_no_journal(services: Services, family: Family) -> None:
    number = await asked(family)
    await answer_correction(services, family.office, family.school_id, number, Outcome.REFUSED, "Құжат керек")

    row = str(dict(await services.database.pool.fetchrow("SELECT * FROM correction_request")))
    entries = str([dict(each) for each in await services.database.pool.fetch("SELECT * FROM audit_entry")])
    for text in (PHONE.is_wrong, PHONE.would_be_right, "Құжат керек"):
        assert text not in row + entries
        assert text.encode().hex() not in row


async def test_another_guardian_of_the_same_child_does_not_read_it(services: Services, family: Family) -> None:
    await asked(family)

    assert await own_requests(services, family.father, family.ref) == []


async def test_of_a_child_of_another_family_nothing_is_asked_nor_read(services: Services, family: Family) -> None:
    other = await a_family(services, "astana7", "66")
    ended = family.father
    await set_rights(services, family.office, family.father_id, family.child_id, [])

    for stranger in (other.mother, family.office, ended, Actor("nobody")):
        with pytest.raises(NotFound):
            await ask_correction(services, stranger, family.ref, PHONE)
        with pytest.raises(NotFound):
            await own_requests(services, stranger, family.ref)


async def test_only_the_office_of_the_school_sees_and_answers(services: Services, family: Family) -> None:
    number = await asked(family)
    other = await a_family(services, "astana7", "66")
    guard = Actor("Guard", None, frozenset({Reach(Role.GUARD, family.school_id)}))

    for stranger in (guard, family.mother, other.office):
        with pytest.raises(NotAllowed):
            await requests_of(services, stranger, family.school_id)
        with pytest.raises(NotAllowed):
            await answer_correction(services, stranger, family.school_id, number, Outcome.CORRECTED, "")
    with pytest.raises(NotFound):
        await answer_correction(services, other.office, other.school_id, number, Outcome.CORRECTED, "")


async def test_requests_that_wait_are_few_and_short(services: Services, family: Family) -> None:
    for text in ("x", "x" * 501, "a\x00bc"):
        with pytest.raises(CorrectionRefused, match="letters"):
            await ask_correction(services, family.mother, family.ref, Wrong(Kept.NAME, text, "Айгерім"))
    for _ in range(OPEN_MAX):
        await asked(family)

    with pytest.raises(CorrectionRefused, match="wait"):
        await asked(family)
    await ask_correction(services, family.father, family.ref, PHONE)  # of another guardian it says nothing
