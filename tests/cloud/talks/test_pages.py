"""Pages of talks over HTTP: who looks in is noted on each way, and who may not write sends no file that is opened."""

import hashlib
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI, Request, Response
from PIL import Image

from cloud.accounts.models import SignIn
from cloud.accounts.web import HOST_COOKIE
from cloud.app import create_app
from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor
from cloud.core.i18n import Language
from cloud.core.pages import Theme, Visit
from cloud.core.services import Services
from cloud.talks import pages
from cloud.talks.files import checked_files
from cloud.talks.kinds import Kind
from cloud.talks.leading import close_chat
from cloud.talks.muting import mute
from cloud.talks.posting import write
from cloud.talks.reading import LOOK
from cloud.talks.rules import Given
from simulators.clock import SimulatedClock
from tests.cloud.portfolio.factory import picture
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.talks.factory import Talks, talks

ADDRESS = "https://esik.test"
_apps: list[FastAPI] = []


@pytest.fixture(name="of")
async def _of(services: Services, clock: SimulatedClock) -> Talks:
    return await talks(services, clock)


@pytest.fixture(name="app")
def _app(services: Services) -> FastAPI:
    """Put the application, which is made once a run, on the test's own services."""
    if not _apps:
        _apps.append(create_app(services))
    _apps[0].state.services = services
    return _apps[0]


async def browser(app: FastAPI, of: Talks, who: Actor) -> httpx2.AsyncClient:
    """Return a browser of somebody who is signed in."""
    now, token = of.services.clock.now(), f"token-of-{who.account_id}"
    digest = hashlib.sha256(token.encode()).hexdigest()
    await of.services.database.pool.execute("UPDATE account SET must_change = false WHERE id = $1", who.account_id)
    await SignIn(
        account_id=who.account_id, token_digest=digest, created_at=now, expires_at=now + timedelta(days=1)
    ).save()
    headers = {"accept": "text/html", "accept-language": "en", "cookie": f"{HOST_COOKIE}={token}", "origin": ADDRESS}
    transport = httpx2.ASGITransport(app=app)
    return httpx2.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers)


async def looks(of: Talks) -> list[str]:
    """Return who looked into a chat without a part in it, by the journal."""
    noted = await noted_of(of.services, SYSTEM, of.school.id, Wanted())
    return [each.actor for each in noted if each.verb == "talk.looked_into"]


@pytest.mark.requirement("KZ456-27.16", part="chats")
async def test_each_way_into_a_chat_notes_a_moderators_look_once_an_hour(
    of: Talks, app: FastAPI, clock: SimulatedClock
) -> None:
    talk_id = await of.open(Kind.CLASS)
    files = await checked_files([("тақта.png", picture("PNG"))])
    post_id = await write(of.services, of.students[0], talk_id, Given("Тақта"), files)
    file_id = (await of.seen(of.deputy, talk_id))[0].files[0].id
    here = f"/talks/{talk_id}"

    async with await browser(app, of, of.deputy) as deputy:
        for count, path in enumerate((here, f"{here}/posts/{post_id}", f"{here}/files/{file_id}"), 1):
            for _ in range(2):
                assert (await deputy.get(path)).status_code == 200
            assert await looks(of) == ["Ерлан Нұр"] * count
            clock.advance(LOOK.total_seconds() + 1)
        assert (await deputy.post(here, data={"words": " "})).status_code == 422
        assert await looks(of) == ["Ерлан Нұр"] * 4
    async with await browser(app, of, of.students[1]) as member:
        assert (await member.get(here)).status_code == 200
    assert await looks(of) == ["Ерлан Нұр"] * 4


async def test_who_follows_a_chat_live_without_a_part_in_it_is_noted(
    of: Talks, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk_id = await of.open(Kind.CLASS)
    monkeypatch.setattr(pages, "stream", lambda _request, _keys, _draw: Response())
    visit = Visit(Language.EN, Theme.AUTO, f"/talks/{talk_id}/live", of.services.clock.now())

    await pages.live(Request({"type": "http"}), visit, of.deputy, of.services, talk_id)

    assert await looks(of) == ["Ерлан Нұр"]


async def test_who_may_not_write_is_refused_before_a_picture_is_drawn(
    of: Talks, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk_id, section_id, staffs = await of.open(Kind.CLASS), await of.section(), await of.section(staff_begins=True)
    spam = await of.say(of.students[0], talk_id, "Спам")
    await mute(of.services, of.deputy, talk_id, spam, 2, "Спам жазба")
    monkeypatch.setattr(Image, "open", _never)
    upload = {"files": ("тақта.png", picture("PNG"), "image/png")}

    async with await browser(app, of, of.students[0]) as muted:
        for path, fields in (
            (f"/talks/{talk_id}", {"words": "тағы"}), (f"/talks/sections/{section_id}", {"title": "Үй", "words": "а"})
        ):  # fmt: skip
            answer = await muted.post(path, data=fields, files=upload)
            assert (answer.status_code, "Спам жазба" in answer.text) == (422, True)
    async with await browser(app, of, of.students[1]) as member:
        answer = await member.post(f"/talks/sections/{staffs}", data={"title": "Үй", "words": "а"}, files=upload)
        assert "Only staff begins" in answer.text
        await close_chat(of.services, of.class_teacher, talk_id)
        answer = await member.post(f"/talks/{talk_id}", data={"words": "мен"}, files=upload)
        assert (answer.status_code, "This talk is closed" in answer.text) == (422, True)


def _never(*_: object) -> None:
    raise AssertionError("no picture is opened")
