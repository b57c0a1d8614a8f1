"""Certificates of a school: signed as Open Badges, checked by another program from what is served, and taken back."""

import json
from pathlib import Path

import httpx2
import pytest

from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.erasure.steps import STEPS
from cloud.portfolio.awards import award, award_at, awards_of, controller_of, revoke, revoked_of
from cloud.portfolio.errors import AwardRefused
from tests.cloud.people.factory import an_iin
from tests.cloud.portfolio.factory import TODAY, Folder, a_folder
from tests.cloud.signon.served import program, serving

SCRIPT = Path(__file__).with_name("verifier.mjs")
CODE = "almaty5"


@pytest.fixture(name="folder")
async def _folder(services: Services) -> Folder:
    return await a_folder(services)


async def address_of(folder: Folder) -> str:
    """Return the secret of the newest certificate's address."""
    return (await awards_of(folder.services, folder.whose))[0].address.removeprefix("/certificates/")


@pytest.mark.requirement("KZ456-27.1", part="certificates")
@pytest.mark.requirement("KBR-4.1.achievements")
async def test_another_program_verifies_a_certificate_from_what_is_served_until_it_is_taken_back(
    folder: Folder,
) -> None:
    async with serving(folder.services) as here, program(SCRIPT) as verifier:
        award_id = await award(here, folder.teacher, folder.whose, "Робототехника үйірмесі", "Екі жоба «қорғалды»")
        address = f"{here.settings.public_url}/certificates/{await address_of(folder)}"
        async with httpx2.AsyncClient() as client:
            credential = (await client.get(f"{address}/document")).json()
            page = await client.get(address, headers={"accept-language": "ru"})

        valid = await verifier.ask("verify", credential=credential)
        assert valid == {"verified": True, "status": True, "why": []}
        forged = {**credential, "name": "Күміс медаль"}
        assert (await verifier.ask("verify", credential=forged))["verified"] is False
        await revoke(here, folder.teacher, folder.whose, award_id)
        taken = await verifier.ask("verify", credential=credential)

    assert (taken["verified"], taken["status"]) == (False, False)
    assert "Робототехника үйірмесі" in page.text
    assert page.headers["x-robots-tag"] == "noindex"
    assert credential["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert credential["credentialSubject"]["identifier"][0]["identityHash"] == "Әліби Айгерім"


async def test_a_certificate_is_shown_by_its_address_alone_and_says_when_it_was_taken_back(folder: Folder) -> None:
    services = folder.services
    award_id = await award(services, folder.teacher, folder.whose, "Үйірме", "")
    address = await address_of(folder)
    shown = await award_at(services, address)
    assert (shown.sign, shown.name, shown.award.title, shown.award.awarded_on) == (
        "award_valid", "Әліби Айгерім", "Үйірме", TODAY,
    )  # fmt: skip

    await revoke(services, folder.teacher, folder.whose, award_id)

    assert (await award_at(services, address)).sign == "award_revoked"
    with pytest.raises(NotFound):
        await award_at(services, address[:-1] + ("A" if address[-1] != "A" else "B"))
    with pytest.raises(NotFound):
        await revoke(services, folder.teacher, folder.whose, award_id)


async def test_what_somebody_changed_in_the_database_is_told_as_changed(folder: Folder) -> None:
    services, vault = folder.services, folder.services.vault
    award_id = await award(services, folder.teacher, folder.whose, "Үйірме", "")
    address = await address_of(folder)
    document = (await award_at(services, address)).document.replace("Үйірме", "Медаль")
    forged = vault.encrypt(document, "award.document", str(award_id))
    await services.database.pool.execute("UPDATE award SET document_encrypted = $1", forged)

    shown = await award_at(services, address)

    assert (shown.sign, shown.holds) == ("award_changed", False)


async def test_the_list_of_those_taken_back_names_no_address_and_a_school_without_any_has_none(folder: Folder) -> None:
    services = folder.services
    for nothing in (controller_of, revoked_of):
        with pytest.raises(NotFound):
            await nothing(services, CODE)
    award_id = await award(services, folder.teacher, folder.whose, "Үйірме", "")
    address = await address_of(folder)
    await award(services, folder.teacher, folder.whose, "Шахмат", "")
    assert (await revoked_of(services, CODE))["revokedCredential"] == []

    await revoke(services, folder.teacher, folder.whose, award_id)

    told = json.dumps(await revoked_of(services, CODE))
    assert told.count("urn:uuid:") == 1
    assert address not in told
    methods = (await controller_of(services, CODE))["assertionMethod"]
    assert isinstance(methods, list)
    assert len(methods) == 1  # both by one key


@pytest.mark.parametrize("title", ["", "x" * 161, f"ЖСН {an_iin(TODAY.replace(year=2015), 12)}"])
async def test_a_certificate_without_a_name_or_with_an_iin_is_not_given(folder: Folder, title: str) -> None:
    with pytest.raises(AwardRefused):
        await award(folder.services, folder.teacher, folder.whose, title, "")

    assert await awards_of(folder.services, folder.whose) == []


async def test_neither_name_nor_address_lies_open_and_erasure_takes_certificates(folder: Folder) -> None:
    await award(folder.services, folder.teacher, folder.whose, "Үйірме", "")
    pool, address = folder.services.database.pool, await address_of(folder)
    row = await pool.fetchval("SELECT award::text FROM award")
    assert address not in row
    assert "Айгерім".encode().hex() not in row

    await pool.fetch(STEPS["profile"], folder.whose.id)

    with pytest.raises(NotFound):
        await award_at(folder.services, address)


async def test_a_certificate_that_was_taken_back_stays_so_when_its_student_is_erased(folder: Folder) -> None:
    services = folder.services
    award_id = await award(services, folder.teacher, folder.whose, "Үйірме", "")
    number = json.loads((await award_at(services, await address_of(folder))).document)["id"]
    await revoke(services, folder.teacher, folder.whose, award_id)

    await services.database.pool.fetch(STEPS["profile"], folder.whose.id)

    assert await services.database.pool.fetchval("SELECT count(*) FROM award") == 0
    assert (await revoked_of(services, CODE))["revokedCredential"] == [{"id": number, "revoked": True}]


async def test_the_list_of_those_taken_back_leaves_none_out_however_many_they_are(folder: Folder) -> None:
    services = folder.services
    award_id = await award(services, folder.teacher, folder.whose, "Үйірме", "")
    await services.database.pool.execute(
        "INSERT INTO award_revocation SELECT $1, gen_random_uuid()::text FROM generate_series(1, 10100)",
        folder.school_id,
    )

    await revoke(services, folder.teacher, folder.whose, award_id)

    listed = (await revoked_of(services, CODE))["revokedCredential"]
    assert isinstance(listed, list)
    assert len(listed) == 10_101
