"""An address proves itself by a code: only what the school knows, only its owner, only in time."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.i18n import Language
from cloud.core.messenger_targets import TargetRefused
from cloud.core.services import Services
from cloud.notifications.channels.actions import limit_sms
from cloud.notifications.channels.addresses import OF_A_CHANNEL_MAX, TooManyAddresses, addresses_of
from cloud.notifications.channels.proving import (
    ContactRefused,
    TooManyCodes,
    connect,
    contacts_of,
    disconnect,
    masked,
    send_code,
)
from cloud.notifications.channels.sender import Refused, Traits
from cloud.people.bulk import EMAIL
from tests.cloud.notifications.channels.factory import Recorder, Told, told
from tests.cloud.notifications.factory import Parent
from tests.cloud.schools.factory import SYSTEM


@pytest.fixture(name="mail")
def _mail() -> Recorder:
    return Recorder("email")


@pytest.fixture(name="sms")
def _sms() -> Recorder:
    return Recorder("sms", Traits(is_paid=True, repeats=False))


@pytest.fixture(name="school")
async def _school(services: Services, mail: Recorder, sms: Recorder) -> AsyncIterator[Told]:
    async with told(services, mail, sms) as school:
        yield school


async def test_a_mailbox_that_the_school_knows_is_connected_by_the_code_that_came_there(
    school: Told, mail: Recorder
) -> None:
    parent = await known(school)
    (contact,) = await contacts(school, parent, "email")

    await send_code(school.services, parent.actor, mail, contact, Language.EN)
    message, to = mail.given[0]
    await connect(school.services, parent.actor, mail, contact, code_in(message.body).upper())
    await school.happened()

    assert to.value == "anna@mail.kz"
    assert [each.label for each in await addresses_of(school.services, parent.account_id)] == ["a•••@mail.kz"]
    assert mail.given[1][1].value == "anna@mail.kz"
    assert await contacts(school, parent, "email") == []


async def test_a_code_that_is_wrong_old_or_anothers_connects_nothing(school: Told, mail: Recorder) -> None:
    mother, father = await known(school), await known(school)
    (contact,) = await contacts(school, mother, "email")
    await send_code(school.services, mother.actor, mail, contact, Language.EN)
    code = code_in(mail.given[0][0].body)

    with pytest.raises(ContactRefused):
        await connect(school.services, father.actor, mail, contact, code)
    with pytest.raises(ContactRefused):
        await connect(school.services, mother.actor, mail, contact, "k7mw-3hqp-x9tn")
    school.pass_time(timedelta(minutes=31))
    with pytest.raises(ContactRefused):
        await connect(school.services, mother.actor, mail, contact, code)

    assert await school.pool.fetchval("SELECT count(*) FROM channel_address") == 0


async def test_codes_are_asked_for_and_guessed_a_few_times_only(school: Told, mail: Recorder) -> None:
    parent = await known(school)
    (contact,) = await contacts(school, parent, "email")

    for _ in range(3):
        await send_code(school.services, parent.actor, mail, contact, Language.EN)
    with pytest.raises(TooManyCodes):
        await send_code(school.services, parent.actor, mail, contact, Language.EN)
    for _ in range(3):
        with pytest.raises(ContactRefused):
            await connect(school.services, parent.actor, mail, contact, "x")
    with pytest.raises(TooManyCodes):
        await connect(school.services, parent.actor, mail, contact, "x")

    assert len(mail.given) == 3


async def test_nobody_connects_what_the_school_does_not_know_them_by(school: Told, mail: Recorder) -> None:
    parent, stranger = await known(school), await known(school, "other@mail.kz")
    (of_stranger,) = await contacts(school, stranger, "email")

    for contact in (of_stranger, "", "anna@mail.kz", "0" * 16):
        with pytest.raises(NotFound):
            await send_code(school.services, parent.actor, mail, contact, Language.EN)
    with pytest.raises(NotAllowed):
        await send_code(school.services, Actor("Nobody"), mail, of_stranger, Language.EN)

    assert mail.given == []


async def test_a_code_by_sms_is_counted_before_it_goes_and_not_sent_beyond_the_schools_month(
    school: Told, sms: Recorder
) -> None:
    parent = await known(school)
    (contact,) = await contacts(school, parent, "sms")
    await limit_sms(school.services, SYSTEM, school.canteen.school_id, "1")

    await send_code(school.services, parent.actor, sms, contact, Language.KK)
    with pytest.raises(ContactRefused, match="no SMS left"):
        await send_code(school.services, parent.actor, sms, contact, Language.KK)

    assert len(sms.given) == 1
    assert sms.given[0][0].short != sms.given[0][0].body
    assert await school.pool.fetchval("SELECT parts FROM sms_month") == 1


async def test_a_code_that_could_not_be_sent_is_told(school: Told, mail: Recorder) -> None:
    parent = await known(school)
    (contact,) = await contacts(school, parent, "email")
    mail.outcomes = [Refused("mail_server")]

    with pytest.raises(ContactRefused, match="Try again later"):
        await send_code(school.services, parent.actor, mail, contact, Language.EN)


async def test_what_is_typed_for_a_messenger_is_proved_there_too_and_must_be_a_plain_word(school: Told) -> None:
    ntfy = Recorder("apprise.ntfy")
    parent = await known(school)

    await send_code(school.services, parent.actor, ntfy, "anna-5A", Language.EN)
    await connect(school.services, parent.actor, ntfy, "anna-5A", code_in(ntfy.given[0][0].body))
    with pytest.raises(TargetRefused):
        await send_code(school.services, parent.actor, ntfy, "http://10.0.0.1/", Language.EN)

    assert ntfy.given[0][1].value == "anna-5A"
    assert [each.label for each in await addresses_of(school.services, parent.account_id)] == ["anna-5A"]


async def test_an_account_has_ten_addresses_of_a_channel_and_removes_only_its_own(school: Told) -> None:
    parent, other = await known(school), await known(school)
    for number in range(OF_A_CHANNEL_MAX):
        await school.address(parent, "webpush", f"browser {number}")
    with pytest.raises(TooManyAddresses):
        await school.address(parent, "webpush", "one more")
    own = await addresses_of(school.services, parent.account_id)

    await disconnect(school.services, other.actor, own[0].id)
    await disconnect(school.services, parent.actor, own[1].id)

    left = await addresses_of(school.services, parent.account_id)
    assert [each.id for each in left] == [each.id for each in own if each.id != own[1].id]


@pytest.mark.parametrize(
    ("value", "shown"),
    [("+77012345667", "+7701•••••67"), ("anna@mail.kz", "a•••@mail.kz"), ("@x", "•••@x"), ("12", "1212")],
)
def test_a_contact_is_shown_so_that_its_owner_alone_knows_it(value: str, shown: str) -> None:
    assert masked(value) == shown


async def known(school: Told, mail: str = "anna@mail.kz") -> Parent:
    """Add a guardian whose mailbox the school knows."""
    parent = await school.parent(0, channels=())
    sealed = school.services.vault.encrypt(mail, EMAIL)
    await school.pool.execute("UPDATE guardian SET email_encrypted = $2 WHERE id = $1", parent.guardian_id, sealed)
    return parent


async def contacts(school: Told, parent: Parent, channel: str) -> list[str]:
    """Return the keys of a guardian's contacts that are not connected."""
    found = await contacts_of(school.services, parent.actor, school.senders)
    return [each.key for each in found if each.channel == channel and not each.is_connected]


def code_in(body: str) -> str:
    """Return the code of a letter."""
    return body.partition("Code: ")[2].partition(". ")[0]
