"""Webhooks from the event to a program that checks them by the standard's own library, and attempts on them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import httpx2
import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from cloud.accounts.actions import close_account, take_role
from cloud.accounts.web import HOST_COOKIE
from cloud.app import create_app
from cloud.attendance.models import Movement, MovementKind
from cloud.core.actor import Actor, Reach, Role
from cloud.core.clock import SystemClock
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.core.settings import Mfa
from cloud.people.models import Person
from cloud.webhooks.actions import NewSecret, add_webhook, change_secret, end_webhook, send_test, take_over
from cloud.webhooks.delivering import PAUSES, deliver_due, forget_events
from cloud.webhooks.errors import WebhookWrong
from cloud.webhooks.queries import deliveries_of, webhooks_of
from simulators.clock import SimulatedClock
from tests.cloud.accounts.factory import somebody
from tests.cloud.oneroster.factory import person, roster
from tests.cloud.organisation.factory import SYSTEM, an_account
from tests.cloud.tokens.factory import it_of
from tests.cloud.webhooks.receiver import Receiver, receiver


@pytest.fixture(name="clock")
def _clock() -> SimulatedClock:
    """Return a clock a little ahead: the library and the database look at the machine's own."""
    return SimulatedClock(started_at=SystemClock().now() + timedelta(minutes=2))


@pytest.fixture(name="near")
def _near(services: Services) -> Services:
    """Services of an operator who lets webhooks go to this machine."""
    return replace(services, settings=replace(services.settings, webhook_networks="127.0.0.0/8"))


@pytest.mark.requirement("KZ456-33-1.2", part="access-control")
@pytest.mark.requirement("KZ456-7")
async def test_a_passage_is_told_once_signed_as_the_standard_has_it(near: Services) -> None:
    async with told(near, "passage") as (at, made, hearing):
        child = await pass_gate(near, at, "Әлия", seq=1)
        await pass_gate(near, at, "Әлия", seq=2, kind=MovementKind.DENIED)
        await Movement.filter(seq=1).update(passage="passed")
        await deliver_due(near)
        await deliver_due(near)

        (one,) = [hearing.checked(number, made.secret) for number in range(len(hearing.heard))]

    assert (one["type"], one["school"]) == ("passage", "almaty15")
    passed_at = datetime.fromisoformat(one["data"].pop("at"))
    assert passed_at == near.clock.now()
    assert one["data"] == {"person": child, "direction": "in", "gate": "north", "how": "card"}
    headers = hearing.heard[0][0]
    assert headers["line"] == "POST /hook?from=esik HTTP/1.1"
    with pytest.raises(WebhookVerificationError):
        hearing.checked(0, "whsec_" + "A" * 43 + "=")


async def test_a_program_that_does_not_answer_is_told_again_and_later_given_up(
    near: Services, clock: SimulatedClock
) -> None:
    async with told(near, "passage") as (at, _made, hearing):
        hearing.answers += [500] * (len(PAUSES) + 1)
        await pass_gate(near, at, "Әлия", seq=1)
        for pause in (*PAUSES, timedelta()):
            await deliver_due(near)
            assert await deliver_due(near) == 0, "not before its time"
            clock.advance(pause.total_seconds())
        ids = {headers["webhook-id"] for headers, _ in hearing.heard}
        (row,) = await deliveries_of(near, it_of(at), at)
        alarm = await near.database.pool.fetchrow("SELECT school_id, kind, detail FROM alarm")

    assert len(ids) == 1, "the program can tell that it is one event"
    assert len(hearing.heard) == len(PAUSES) + 1
    assert (row.state, row.last_status) == ("webhook_given_up", 500)
    assert tuple(alarm) == (at, "webhook_given_up", "Journal")
    assert sum(PAUSES, timedelta()) > timedelta(days=2, hours=12)


async def test_no_redirect_is_followed(near: Services) -> None:
    async with told(near, "passage") as (at, _made, hearing):
        hearing.answers, hearing.headers = [302], "location: http://127.0.0.1:1/inside\r\n"
        await pass_gate(near, at, "Әлия", seq=1)
        await deliver_due(near)
        (row,) = await deliveries_of(near, it_of(at), at)

    assert (row.state, row.last_error) == ("webhook_waiting", "status 302")
    assert len(hearing.heard) == 1


async def test_a_name_that_turns_inside_after_it_was_taken_leads_nowhere(services: Services) -> None:
    at = await roster(services)
    await add_webhook(services, it_of(at), at, "Journal", "https://rebound.example/hook", ["passage"])
    await pass_gate(services, at, "Әлия", seq=1)
    asked = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["169.254.169.254"]

    await deliver_due(services, resolve)

    (row,) = await deliveries_of(services, it_of(at), at)
    assert asked == ["rebound.example"], "what was checked is what is connected to: it is asked once"
    assert (row.state, row.last_status, row.last_error) == ("webhook_waiting", None, "the address is not public")


async def test_a_secret_that_was_changed_holds_for_a_day_more(near: Services, clock: SimulatedClock) -> None:
    async with told(near, "passage") as (at, old, hearing):
        new = await change_secret(near, it_of(at), at, old.webhook_id)
        await pass_gate(near, at, "Әлия", seq=1)
        await deliver_due(near)
        assert hearing.checked(0, old.secret) == hearing.checked(0, new.secret)
        clock.advance(25 * 3600)
        await send_test(near, it_of(at), at, old.webhook_id)
        await deliver_due(near)

        assert [headers["webhook-signature"].count("v1,") for headers, _ in hearing.heard] == [2, 1]
        kept = await near.database.pool.fetch("SELECT w::text AS row FROM webhook AS w")
        assert not [row for row in kept if old.secret in row["row"] or new.secret in row["row"]]


async def test_a_dead_program_holds_up_no_other(near: Services) -> None:
    async with told(near, "passage") as (at, _made, hearing):
        await add_webhook(near, it_of(at), at, "Dead", "http://127.0.0.1:9/", ["passage"])
        await pass_gate(near, at, "Әлия", seq=1)

        tried = await deliver_due(near)

    assert (tried, len(hearing.heard)) == (2, 1)


async def test_a_list_that_changes_often_is_told_of_once_a_minute(near: Services) -> None:
    async with told(near, "roster.changed") as (at, _made, hearing):
        async with near.database.transaction():
            await Person.filter(given_name="Әлия").update(surname="Жаңа")
            await Person.filter(given_name="Тимур").update(surname="Жаңа")
            await person(near, at, "newcomer0001", "Жаңа", "Бала", None)
        await deliver_due(near)

    assert len(hearing.heard) == 1


async def test_what_is_ended_is_told_nothing_more_and_old_events_are_forgotten(
    near: Services, clock: SimulatedClock
) -> None:
    async with told(near, "passage") as (at, made, hearing):
        await pass_gate(near, at, "Әлия", seq=1)
        await end_webhook(near, it_of(at), at, made.webhook_id)
        await pass_gate(near, at, "Әлия", seq=2)

        assert await deliver_due(near) == 0
        assert hearing.heard == []
    clock.advance(31 * 24 * 3600)
    await forget_events(near.database.pool, clock.now())
    assert await near.database.pool.fetchval("SELECT count(*) FROM webhook_event") == 0


@pytest.mark.parametrize("loss", ["closed", "role taken"])
async def test_a_webhook_rests_when_who_made_it_may_not_keep_it_any_more_until_somebody_takes_it_over(
    near: Services, clock: SimulatedClock, loss: str
) -> None:
    async with told(near, "passage") as (at, made, hearing):
        maker, heir = [await an_account(near, login, Role.IT, at) for login in ("daniyar", "next")]
        await an_account(near, "last", Role.IT, at)
        await take_over(near, Actor("D", maker, reach := frozenset({Reach(Role.IT, at)})), at, made.webhook_id)
        await pass_gate(near, at, "Әлия", seq=1)
        if loss == "closed":
            await close_account(near, SYSTEM, maker)
        else:
            await take_role(near, SYSTEM, maker, Reach(Role.IT, at))

        assert await deliver_due(near) == 0
        (row,) = await webhooks_of(near, it_of(at), at)
        assert (row.rests, row.waiting) == (True, 1)
        alarms = await near.database.pool.fetch("SELECT school_id, kind, detail, count FROM alarm")
        assert [tuple(each) for each in alarms] == [(at, "webhook_rests", "Journal", 1)]
        await take_over(near, Actor("N", heir, reach), at, made.webhook_id)
        assert await deliver_due(near) == 1  # what waited meanwhile

        (row,) = await webhooks_of(near, it_of(at), at)
        assert (row.rests, row.waiting, len(hearing.heard)) == (False, 0, 1)
        await close_account(near, SYSTEM, heir)
        await pass_gate(near, at, "Әлия", seq=2)
        clock.advance(4 * 24 * 3600)
        assert await deliver_due(near) == 0
        (told_last, *_) = await deliveries_of(near, it_of(at), at)
        assert (told_last.state, told_last.last_error) == ("webhook_given_up", "rests")  # nobody came for three days
        await take_over(near, it_of(at), at, made.webhook_id)
        assert await deliver_due(near) == 0
        assert len(hearing.heard) == 1


async def test_the_page_says_that_a_webhook_rests_and_another_it_takes_it_over_there(services: Services) -> None:
    own = replace(services, settings=replace(services.settings, mfa=Mfa.OPTIONAL))
    it = await somebody(own, Role.IT)
    maker = await an_account(own, "daniyar", Role.IT, it.school_id)
    reach = frozenset({Reach(Role.IT, it.school_id)})
    hook = await add_webhook(own, Actor("D", maker, reach), it.school_id, "Journal", "https://e.kz/h", ["passage"])
    await close_account(own, SYSTEM, maker)
    code = await own.database.pool.fetchval("SELECT code FROM school")
    page = f"/schools/{code}/programs"
    headers = {"origin": "https://esik.test", "cookie": f"{HOST_COOKIE}={it.token}", "accept-language": "en"}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(create_app(own)), base_url="https://esik.test", headers=headers
    ) as http:
        before = await http.get(page)
        taken = await http.post(f"{page}/webhooks/{hook.webhook_id}/take")
        after = await http.get(page)

    assert "Rests: its maker has left" in before.text
    assert "Take it over" in before.text
    assert "Send a test" not in before.text
    assert taken.status_code == 303
    assert "Take it over" not in after.text
    assert "Send a test" in after.text


async def test_it_of_another_school_and_the_office_reach_no_webhook(near: Services) -> None:
    async with told(near, "passage") as (at, made, _hearing):
        other = await roster(near, "astana7")
        office = Actor("Office", 1, frozenset({Reach(Role.OFFICE, at)}))
        for stranger in (it_of(other), office):
            for act in (change_secret, end_webhook, send_test, take_over):
                with pytest.raises(NotAllowed):
                    await act(near, stranger, at, made.webhook_id)
            with pytest.raises(NotAllowed):
                await webhooks_of(near, stranger, at)
        for act in (change_secret, end_webhook, send_test, take_over):
            with pytest.raises(NotFound):
                await act(near, it_of(other), other, made.webhook_id)
        with pytest.raises(WebhookWrong):
            await add_webhook(near, it_of(at), at, "x", "https://example.kz/", ["everything"])


@asynccontextmanager
async def told(services: Services, kind: str) -> AsyncIterator[tuple[int, NewSecret, Receiver]]:
    """Write a school with a webhook to a receiver; give the school, the secret and the receiver."""
    at = await roster(services)
    async with receiver() as hearing:
        made = await add_webhook(services, it_of(at), at, "Journal", hearing.address, [kind])
        yield at, made, hearing


async def pass_gate(services: Services, at: int, name: str, *, seq: int, kind: MovementKind = MovementKind.CARD) -> str:
    """Write that a child was at a gate, and return its reference."""
    child, now = await Person.get(given_name=name, school_id=at), services.clock.now()
    await Movement(
        shard=7, position=seq, school_id=at, person_id=child.id, on=now.date(), at=now, received_at=now, direction="in",
        gate="north", kind=kind, clock="ntp", device="gate-1", epoch="e", seq=seq,
    ).save()  # fmt: skip
    return str(child.ref)
