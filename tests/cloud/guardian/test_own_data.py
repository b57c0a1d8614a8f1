"""A guardian takes home what is kept of the own child: as far as the own rights reach, and nobody else's."""

import csv
import io
import json
import zipfile
from datetime import date
from typing import Any

import pytest

from cloud.attendance.models import Presence
from cloud.audit.queries import Wanted, noted_of
from cloud.cards.actions import give_card
from cloud.core.actor import Actor
from cloud.core.delimited import tamed
from cloud.core.errors import NotFound
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.exports.meanings import LANGUAGES, meanings
from cloud.guardian.own_data import PARTS, OwnData, own_data
from cloud.guardian.own_data_file import zip_of
from cloud.people.actions import give_consent
from cloud.people.corrections import Kept, Wrong, ask_correction
from cloud.people.family import note_limit, set_rights
from cloud.people.kinds import FamilyRight, Purpose
from cloud.people.photos import put_photo
from tests.cloud.core.pictures import picture
from tests.cloud.people.factory import an_iin
from tests.cloud.people.family_factory import Family, a_family
from tests.cloud.schools.factory import SYSTEM

IIN = an_iin(date(2015, 3, 4), 17)
OTHERS = "Бөтен бала туралы"
SALE = """
INSERT INTO meal_sale (school_id, id, device, epoch, seq, shift, meal, payment, person_id, is_known, amount_tiyn,
  full_tiyn, returned_tiyn, is_void, is_unconfirmed, clock, at, "on")
VALUES ($1, $2, 'till-1', 'e', $3, 's', 'lunch', 'account', $4, true, $5, $5, 0, false, false, 'ntp', $6, $7)
"""
UNTOLD = "ALTER TABLE meal_sale DISABLE TRIGGER USER"


async def filled(family: Family, amount_tiyn: int) -> Family:
    """Give a family something of everything; what it is named after tells it from another's."""
    services, pool = family.services, family.services.database.pool
    for purpose in (Purpose.CARD, Purpose.PHOTO):
        await give_consent(services, SYSTEM, family.child_id, purpose, family.today, "12-өтініш")
    await put_photo(services, SYSTEM, family.child_id, picture())
    await Presence(
        shard=1, school_id=family.school_id, person_id=family.child_id, on=family.today, is_inside=True,
        late_min=amount_tiyn % 59, without_card=False, entries=1, updated_at=services.clock.now(),
    ).save()  # fmt: skip
    await pool.execute(UNTOLD)
    await pool.execute(
        SALE, family.school_id, f"{amount_tiyn:016x}", amount_tiyn, family.child_id, amount_tiyn, services.clock.now(),
        family.today,
    )  # fmt: skip
    return family


@pytest.fixture(name="family")
async def _family(services: Services) -> Family:
    family = await filled(await a_family(services), 811_50)
    vault = services.vault
    await services.database.pool.execute(
        "UPDATE person SET iin_encrypted = $2 WHERE id = $1", family.child_id, vault.encrypt(IIN, "person.iin")
    )
    await give_card(services, SYSTEM, family.child_id, "04A1B2C3D4E5F6")
    return family


def everything(data: OwnData) -> str:
    """Return all text of the file, tables and page alike."""
    with zipfile.ZipFile(io.BytesIO(zip_of(data, "", Language.KK))) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist() if not name.endswith(".webp"))


def rows(data: OwnData, name: str) -> list[dict[str, Any]]:
    return [dict(row) for part in data.parts if part.name == name for row in part.rows]


async def test_a_mother_has_the_childs_days_meals_consents_photo_and_her_own_phone(
    services: Services, family: Family
) -> None:
    data = await own_data(services, family.mother, family.ref)

    assert rows(data, "person")[0]["iin"] == IIN
    assert rows(data, "guardian")[0]["phone"] == "+77015556550"
    assert rows(data, "presence")[0]["on"] == family.today
    assert rows(data, "meal_sale")[0]["amount_tiyn"] == 811_50
    assert {row["purpose"] for row in rows(data, "consent_answer")} == {"card", "photo"}
    assert len(rows(data, "card")) == 1
    assert (data.photo or b"")[8:12] == b"WEBP"
    assert data.left_out == []
    entry = (await noted_of(services, family.office, family.school_id, Wanted()))[0]
    assert (entry.verb, entry.subject) == ("family.data_taken", f"person:{family.child_id}")


async def test_the_file_is_read_by_programs_and_told_in_the_own_language(services: Services, family: Family) -> None:
    data = await own_data(services, family.mother, family.ref)

    with zipfile.ZipFile(io.BytesIO(zip_of(data, "<p>Сәлем</p>", Language.RU))) as archive:
        told = json.loads(archive.read("data.json"))
        assert archive.read("data.html").decode() == "<p>Сәлем</p>"
        assert told["tables"]["meal_sale"][0]["amount_tiyn"] == 811_50
        for part in data.parts:
            heading, *lines = csv.reader(io.StringIO(archive.read(f"csv/{part.name}.csv").decode("utf-8-sig")))
            assert heading == [tamed(meanings().of_column(part.table, each)["ru"]) for each in part.columns]
            assert len(lines) == len(told["tables"][part.name]) == len(part.rows)


async def test_nothing_of_another_family_nor_of_the_other_parent_is_in_it(services: Services, family: Family) -> None:
    other = await filled(await a_family(services, "astana7", "66"), 577_00)
    await ask_correction(services, other.mother, other.ref, Wrong(Kept.NAME, OTHERS, OTHERS))
    await ask_correction(services, family.father, family.ref, Wrong(Kept.NAME, OTHERS, OTHERS))

    text = everything(await own_data(services, family.mother, family.ref))

    assert "Сәуле" in text
    for theirs in (OTHERS, "57700", "+77015556660", "+77015556551", "Ерлан", "astana7", other.ref):
        assert theirs not in text


async def test_who_is_no_guardian_of_the_child_now_has_nothing(services: Services, family: Family) -> None:
    other = await a_family(services, "astana7", "66")
    await set_rights(services, family.office, family.father_id, family.child_id, [])

    for stranger in (other.mother, family.father, family.office, Actor("nobody")):
        with pytest.raises(NotFound):
            await own_data(services, stranger, family.ref)


@pytest.mark.parametrize(
    ("right", "tables"),
    [
        (FamilyRight.SEE, {"presence", "movement"}),
        (FamilyRight.MEALS, {"meal_sale", "meal_line", "meal_rating", "entitlement"}),
        (FamilyRight.PAY, {"payment", "ledger_line", "payment_number"}),
        (FamilyRight.NOTICES, {"notice"}),
        (FamilyRight.CONSENT, {"person"}),
    ],
)
async def test_a_guardian_without_a_right_lacks_what_it_reaches(
    services: Services, family: Family, right: FamilyRight, tables: set[str]
) -> None:
    kept = [each for each in FamilyRight if each is not right]
    await set_rights(services, family.office, family.father_id, family.child_id, kept)

    data = await own_data(services, family.father, family.ref)

    assert tables.isdisjoint({part.name for part in data.parts})
    if right is FamilyRight.CONSENT:
        assert data.photo is None
        assert IIN not in everything(data)


async def test_what_a_court_takes_is_not_in_the_file(services: Services, family: Family) -> None:
    takes = [FamilyRight.SEE, FamilyRight.MEALS, FamilyRight.CONSENT]
    await note_limit(services, family.office, family.father_id, family.child_id, takes, "сот шешімі 5")

    data = await own_data(services, family.father, family.ref)

    assert {"presence", "movement", "meal_sale", "person"}.isdisjoint({part.name for part in data.parts})
    assert "presence" in data.left_out
    assert rows(data, "family_limit")[0]["document"] == "сот шешімі 5"  # the own limit


async def test_every_part_reads_and_is_told_in_three_languages(services: Services, family: Family) -> None:
    names = [part.name or part.table for part in PARTS]

    assert len(names) == len(set(names))
    for part in PARTS:
        assert all(meanings().of_table(part.table)[language] for language in LANGUAGES)
        for column in part.columns:
            assert all(meanings().of_column(part.table, column)[language] for language in LANGUAGES)
        await services.database.pool.fetch(part.query, family.child_id, 1, services.clock.now())
