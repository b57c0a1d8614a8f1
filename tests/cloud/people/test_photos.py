"""Photos of people: kept encrypted, shown to who works at the gate, gone with the consent."""

from datetime import date

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.pictures import PhotoRefused
from cloud.core.services import Services
from cloud.people.actions import give_consent, withdraw_consent
from cloud.people.kinds import Purpose
from cloud.people.moving import leave
from cloud.people.photos import drop_photo, photo_of, put_photo
from tests.cloud.core.pictures import picture
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school


async def put(services: Services) -> tuple[int, str, str]:
    """Put a photo of a student who consented; return the student's id, reference and the photo's digest."""
    school_id = await a_school(services)
    student_id = await a_student(services, school_id)
    await give_consent(services, SYSTEM, student_id, Purpose.PHOTO, date(2026, 8, 20), "form 12")
    await put_photo(services, SYSTEM, student_id, picture())
    row = await services.database.pool.fetchrow("SELECT ref, digest FROM person, person_photo")
    return student_id, row["ref"], row["digest"]


async def test_a_photo_is_kept_encrypted_and_shown_to_the_guard_only(services: Services) -> None:
    student_id, ref, digest = await put(services)
    school_id = await services.database.pool.fetchval("SELECT school_id FROM person WHERE id = $1", student_id)
    guard = Actor("guard", reaches=frozenset({Reach(Role.GUARD, school_id)}))
    parent = Actor("parent", account_id=1, reaches=frozenset({Reach(Role.GUARDIAN, None)}))
    other = Actor("guard", reaches=frozenset({Reach(Role.GUARD, school_id + 1)}))

    assert (await photo_of(services, guard, ref, digest))[:4] == b"RIFF"
    assert b"RIFF" not in await services.database.pool.fetchval("SELECT webp_encrypted FROM person_photo")
    for actor in (parent, other):
        with pytest.raises(NotFound):
            await photo_of(services, actor, ref, digest)
    with pytest.raises(NotFound):
        await photo_of(services, guard, ref, "0" * 64)
    with pytest.raises(NotAllowed):
        await put_photo(services, guard, student_id, picture())
    with pytest.raises(NotAllowed):
        await drop_photo(services, guard, student_id)


async def test_without_consent_there_is_no_photo_and_with_its_withdrawal_it_is_gone(services: Services) -> None:
    student_id, ref, digest = await put(services)

    await withdraw_consent(services, SYSTEM, student_id, Purpose.PHOTO, date(2026, 8, 21), "form 13")

    assert await services.database.pool.fetchval("SELECT count(*) FROM person_photo") == 0
    with pytest.raises(NotFound):
        await photo_of(services, SYSTEM, ref, digest)
    with pytest.raises(PhotoRefused, match="consented"):
        await put_photo(services, SYSTEM, student_id, picture())


async def test_a_consent_to_a_card_that_is_withdrawn_takes_no_photo_and_leaving_does(services: Services) -> None:
    student_id, _, _ = await put(services)
    await give_consent(services, SYSTEM, student_id, Purpose.CARD, date(2026, 8, 20), "form 12")
    await withdraw_consent(services, SYSTEM, student_id, Purpose.CARD, date(2026, 8, 21), "form 13")
    assert await services.database.pool.fetchval("SELECT count(*) FROM person_photo") == 1

    await leave(services, SYSTEM, student_id)

    assert await services.database.pool.fetchval("SELECT count(*) FROM person_photo") == 0


async def test_the_office_deletes_a_photo_and_every_act_is_audited(services: Services) -> None:
    student_id, _, _ = await put(services)

    await drop_photo(services, SYSTEM, student_id)

    verbs = await services.database.pool.fetch("SELECT verb FROM audit_entry WHERE verb LIKE 'photo.%' ORDER BY id")
    assert [row["verb"] for row in verbs] == ["photo.put", "photo.dropped"]
