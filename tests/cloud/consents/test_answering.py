"""Answers about consents: a no wins, texts have versions, nothing is changed, nobody answers for another's child."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from cloud.consents.answering import TextChanged, answer, asking_of, note_paper
from cloud.consents.texts import current, texts
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.people.actions import end_guardianship, give_consent, withdraw_consent
from cloud.people.consents import Answer, has_consented
from cloud.people.errors import PersonRefused
from cloud.people.family import lift_limit, note_limit
from cloud.people.kinds import FamilyRight, Purpose, Says, Way
from cloud.people.queries import guardian_accounts
from tests.cloud.people.family_factory import Family, a_family

# Digests of texts that were published: whoever changes one breaks what families agreed to. Add a new version instead.
PUBLISHED = {(purpose, 1) for purpose in Purpose}


@pytest.fixture(name="family")
async def _family(services: Services) -> Family:
    return await a_family(services)


async def holds(family: Family, purpose: Purpose = Purpose.CARD) -> bool:
    return await has_consented(family.services.database.pool, family.child_id, purpose)


async def test_a_parent_consents_in_the_app_to_a_text_that_is_known_by_its_digest(family: Family) -> None:
    text = current(Purpose.CARD)

    await answer(family.services, family.mother, family.ref, Purpose.CARD, Says.YES, text.version)

    (kept,) = (await asking_of(family.services, family.mother, family.ref)).history
    assert (kept.says, kept.way, kept.text_version, kept.text_digest) == (Says.YES, Way.APP, 1, text.digest)
    assert kept.on == family.today
    assert await holds(family)


async def test_a_no_of_one_parent_wins_whoever_was_first_and_both_see_it(family: Family) -> None:
    await answer(family.services, family.mother, family.ref, Purpose.CARD, Says.YES, 1)
    await answer(family.services, family.father, family.ref, Purpose.CARD, Says.NO, 1)
    refused = await holds(family)
    asked = {
        actor.name: next(each for each in (await asking_of(family.services, actor, family.ref)).purposes)
        for actor in (family.mother, family.father)
    }
    await answer(family.services, family.mother, family.ref, Purpose.CARD, Says.YES, 1)
    still_refused = await holds(family)

    await answer(family.services, family.father, family.ref, Purpose.CARD, Says.YES, 1)

    assert (refused, still_refused, await holds(family)) == (False, False, True)
    assert all(each.is_refused and not each.holds for each in asked.values())
    assert {name: each.mine.says for name, each in asked.items() if each.mine} == {
        family.mother.name: Says.YES, family.father.name: Says.NO,
    }  # fmt: skip


async def test_one_parent_does_not_see_where_the_other_ones_answer_is_written_nor_a_name(family: Family) -> None:
    given = Answer(
        person_id=family.child_id, purpose=Purpose.PHOTO, says=Says.YES, on=family.today, way=Way.PAPER,
        source="letter from Abai street 5", guardian_id=family.father_id,
    )  # fmt: skip
    await note_paper(family.services, family.office, given, None)

    (seen,) = (await asking_of(family.services, family.mother, family.ref)).history

    assert (seen.source, seen.guardian, seen.scan_id, seen.says) == ("", "", None, Says.YES)


async def test_the_no_of_who_is_no_guardian_any_more_or_was_limited_stands_in_nobodys_way(family: Family) -> None:
    services = family.services
    await answer(services, family.mother, family.ref, Purpose.CARD, Says.YES, 1)
    await answer(services, family.father, family.ref, Purpose.CARD, Says.NO, 1)

    limit = await note_limit(
        services, family.office, family.father_id, family.child_id, [FamilyRight.CONSENT], "court 5"
    )
    while_limited = await holds(family)
    await lift_limit(services, family.office, limit, "court 6")
    lifted = await holds(family)
    await end_guardianship(services, family.office, family.father_id, family.child_id, family.today)

    assert (while_limited, lifted, await holds(family)) == (True, False, True)


async def test_a_no_counts_again_from_the_day_after_a_courts_dated_limit(family: Family) -> None:
    services, until = family.services, family.today + timedelta(days=3)
    await answer(services, family.mother, family.ref, Purpose.CARD, Says.YES, 1)
    await answer(services, family.father, family.ref, Purpose.CARD, Says.NO, 1)
    await note_limit(
        services, family.office, family.father_id, family.child_id, [FamilyRight.CONSENT], "court 5", until
    )

    last_minute = datetime(until.year, until.month, until.day, 18, 59, tzinfo=UTC)  # 23:59 at the school
    held = [
        await services.database.pool.fetchval("SELECT consented($1, 'card', $2)", family.child_id, instant)
        for instant in (services.clock.now(), last_minute, last_minute + timedelta(minutes=1))
    ]

    assert held == [True, True, False]


async def test_a_paper_of_a_guardian_from_whom_a_court_took_consent_is_not_noted(family: Family) -> None:
    given = Answer(
        person_id=family.child_id, purpose=Purpose.CARD, says=Says.YES, on=family.today, way=Way.PAPER,
        source="form 12", guardian_id=family.father_id,
    )  # fmt: skip
    await note_limit(
        family.services, family.office, family.father_id, family.child_id, [FamilyRight.CONSENT], "court 5"
    )

    with pytest.raises(PersonRefused, match="may not consent"):
        await note_paper(family.services, family.office, given, None)

    assert not await holds(family)


async def test_a_refusal_to_have_data_kept_refuses_everything(family: Family) -> None:
    for purpose in (Purpose.CARD, Purpose.PHOTO):
        await answer(family.services, family.mother, family.ref, purpose, Says.YES, 1)

    await answer(family.services, family.father, family.ref, Purpose.DATA, Says.NO, 1)

    assert [await holds(family, each) for each in (Purpose.CARD, Purpose.PHOTO)] == [False, False]


async def test_what_goes_to_one_parents_phone_is_that_parents_own_to_answer(family: Family) -> None:
    await answer(family.services, family.mother, family.ref, Purpose.NOTICES, Says.YES, 1)
    await answer(family.services, family.father, family.ref, Purpose.NOTICES, Says.NO, 1)

    async with family.services.database.pool.acquire() as connection:
        told = await guardian_accounts(connection, [family.child_id], family.services.clock.now())

    assert told == {
        (family.child_id, right): [family.mother.account_id]
        for right in (FamilyRight.SEE, FamilyRight.MEALS, FamilyRight.PAY, FamilyRight.NOTICES)
    }


async def test_the_page_tells_each_parent_the_own_answer_about_notices(family: Family) -> None:
    await give_consent(family.services, family.office, family.child_id, Purpose.NOTICES, family.today, "form 12")
    before = await notices_of(family, family.mother)
    await answer(family.services, family.father, family.ref, Purpose.NOTICES, Says.NO, 1)
    told = [await notices_of(family, actor) for actor in (family.mother, family.father)]

    await answer(family.services, family.father, family.ref, Purpose.DATA, Says.NO, 1)

    assert (before, told) == ((True, False), [(True, False), (False, True)])
    assert await notices_of(family, family.mother) == (False, True)


async def notices_of(family: Family, actor: Actor) -> tuple[bool, bool]:
    asking = await asking_of(family.services, actor, family.ref)
    (asked,) = [each for each in asking.purposes if each.text.purpose is Purpose.NOTICES]
    return asked.holds, asked.is_refused


async def test_a_parent_answers_for_no_other_child_and_not_without_the_right(family: Family) -> None:
    other = await a_family(family.services, "almaty6", "77")
    with pytest.raises(NotFound):
        await answer(family.services, other.mother, family.ref, Purpose.CARD, Says.YES, 1)
    with pytest.raises(NotFound):
        await answer(family.services, family.office, family.ref, Purpose.CARD, Says.YES, 1)
    await note_limit(
        family.services, family.office, family.mother_id, family.child_id, [FamilyRight.CONSENT], "court 5"
    )

    with pytest.raises(NotAllowed):
        await answer(family.services, family.mother, family.ref, Purpose.CARD, Says.YES, 1)

    assert not await holds(family)


async def test_an_answer_to_a_text_that_has_changed_is_not_taken(family: Family) -> None:
    with pytest.raises(TextChanged):
        await answer(
            family.services, family.mother, family.ref, Purpose.CARD, Says.YES, current(Purpose.CARD).version + 1
        )

    assert not await holds(family)


async def test_nobody_changes_or_deletes_an_answer_not_even_with_sql(family: Family) -> None:
    await answer(family.services, family.mother, family.ref, Purpose.CARD, Says.YES, 1)

    for statement in ("UPDATE consent_answer SET says = 'no'", "DELETE FROM consent_answer", "TRUNCATE consent_answer"):
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await family.services.database.pool.execute(statement)


async def test_a_paper_of_tomorrow_or_of_who_may_not_consent_is_refused(family: Family) -> None:
    given = Answer(
        person_id=family.child_id, purpose=Purpose.CARD, says=Says.YES, on=family.today + timedelta(days=1),
        way=Way.PAPER, source="form 12", guardian_id=family.mother_id,
    )  # fmt: skip
    with pytest.raises(PersonRefused, match="still to come"):
        await note_paper(family.services, family.office, given, None)
    with pytest.raises(NotAllowed):
        await note_paper(family.services, family.mother, given, None)


async def test_a_withdrawal_dated_before_the_consent_is_not_lost_and_an_older_yes_brings_nothing_back(
    family: Family,
) -> None:
    services, on = family.services, family.today
    await give_consent(services, family.office, family.child_id, Purpose.CARD, on, "form 12")
    await withdraw_consent(services, family.office, family.child_id, Purpose.CARD, on - timedelta(days=9), "form 13")

    with pytest.raises(PersonRefused, match="later answer"):
        await give_consent(services, family.office, family.child_id, Purpose.CARD, on - timedelta(days=5), "form 11")

    assert not await holds(family)


def test_every_purpose_has_a_text_whole_in_every_language() -> None:
    assert {(purpose, text.version) for purpose, versions in texts().items() for text in versions} >= PUBLISHED
    for purpose in Purpose:
        wordings = [current(purpose).told(language) for language in Language]
        assert len({wording.title for wording in wordings}) == len(Language)
        assert all(wording.what and wording.yes and wording.no for wording in wordings)
