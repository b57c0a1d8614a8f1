"""Director and office are written to once for each late report, in three languages, while it is not sent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.core.actor import Actor, Reach
from cloud.core.errors import NotAllowed
from cloud.core.roles import Role
from cloud.core.services import Services
from cloud.reports.errors import AddressRefused
from cloud.reports.lateness import ADDRESSES_MAX, addresses_typed, ask_late, late_addresses, set_late_addresses
from cloud.reports.queries import State, report_of, sendings_of
from cloud.reports.sending import note_handed_over, send_due
from simulators.clock import SimulatedClock
from tests.cloud.reports.factory import School
from tests.cloud.reports.test_actions import FORM, drafted, signed_by_director, verbs
from tests.cloud.reports.test_sending import Mailbox, listening

DIRECTOR, OFFICE = "director@example.kz", "office@example.kz"
DAY_S = timedelta(days=1).total_seconds()


@pytest.fixture(name="posting")
def _posting(services: Services) -> Services:
    settings = replace(services.settings, smtp_url="smtp://127.0.0.1:1", smtp_from="esik@example.kz")
    return replace(services, settings=settings)


async def named(services: Services, school: School, *addresses: str) -> None:
    await set_late_addresses(services, school.office, school.school_id, ", ".join(addresses))


async def test_each_address_is_told_once_of_a_report_that_is_late_and_of_none_before_that(
    posting: Services, school: School, clock: SimulatedClock
) -> None:
    report_id = await drafted(posting, school)
    await named(posting, school, DIRECTOR, OFFICE)
    mailbox = Mailbox()
    async with listening(mailbox) as post:
        in_time = await ask_late(posting)
        clock.advance(5 * DAY_S)
        asked = [await ask_late(posting), await ask_late(posting)]
        sent = [await send_due(posting, post), await send_due(posting, post)]
        clock.advance(9 * DAY_S)
        later = await ask_late(posting)

    assert (in_time, asked, sent, later) == (0, [2, 0], [2, 0], 0)
    assert {letter["To"] for letter in mailbox.letters} == {DIRECTOR, OFFICE}
    text = mailbox.letters[0].get_content()
    assert [
        word in text for word in ("қыркүйек", "сентябрь", "September", f"/schools/almaty5/reports/{report_id}")
    ] == [True] * 4
    assert mailbox.letters[0]["Subject"].count("/") == 2
    report = await report_of(posting, school.office, school.school_id, report_id)
    assert (report.state, report.sent_at) == (State.DRAFT, None)  # a letter to the school is none to the authority
    assert "report.late_told" in await verbs(posting)


async def test_of_a_report_that_was_sent_meanwhile_nobody_is_told(
    posting: Services, school: School, clock: SimulatedClock
) -> None:
    report_id = await drafted(posting, school)
    await signed_by_director(posting, school, report_id)
    await named(posting, school, DIRECTOR)
    clock.advance(5 * DAY_S)
    asked = await ask_late(posting)
    await note_handed_over(posting, school.office, school.school_id, report_id, "қолма-қол", FORM)
    mailbox = Mailbox()
    async with listening(mailbox) as post:
        sent = await send_due(posting, post)

    assert (asked, sent, mailbox.letters) == (1, 0, [])
    assert {each.way for each in await sendings_of(posting, report_id)} == {"hand", "late"}


async def test_of_a_month_long_ago_that_was_made_only_now_no_letter_goes_out(
    posting: Services, school: School, clock: SimulatedClock
) -> None:
    await named(posting, school, "direktor@example.kz")
    await drafted(posting, school)

    clock.advance(timedelta(days=40).total_seconds())  # the 10th of November

    assert await ask_late(posting) == 0


async def test_a_service_without_a_mail_server_keeps_no_letters_for_later(
    services: Services, school: School, clock: SimulatedClock
) -> None:
    await drafted(services, school)
    await named(services, school, DIRECTOR)
    clock.advance(5 * DAY_S)

    assert await ask_late(services) == 0


async def test_who_is_told_is_kept_and_can_be_nobody(services: Services, school: School) -> None:
    await named(services, school, DIRECTOR, "Director@example.kz", OFFICE)
    kept = await late_addresses(services, school.school_id)
    await named(services, school)

    assert kept == ["Director@example.kz", OFFICE]
    assert await late_addresses(services, school.school_id) == []
    guard = Actor("Guard", None, frozenset({Reach(Role.GUARD, school.school_id)}))
    with pytest.raises(NotAllowed):
        await set_late_addresses(services, guard, school.school_id, DIRECTOR)


@pytest.mark.parametrize("typed", ["nobody", "a@b.kz, x", " ".join(f"a{n}@b.kz" for n in range(ADDRESSES_MAX + 1))])
def test_addresses_that_cannot_be_are_refused(typed: str) -> None:
    with pytest.raises(AddressRefused):
        addresses_typed(typed)
