"""The desk's addresses: nobody is shown to who has not signed in, and only our own page's touches do anything."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from edge_agent.guard.app import COOKIE, create_guard_app
from edge_agent.guard.asking import BODY_BYTES_MAX, OWN_PAGE
from edge_agent.guard.duty import SIGNED_MS
from edge_agent.guard.links import LASTS_MS, LINKS_MAX, OPENED_MAX, Links
from edge_agent.guard.phones import create_phone_app
from edge_agent.guard.refusal import NotDone
from schemas.roster import row
from tests.edge_agent.guard.bench import COOK, PIN, STAFF, GuardBench
from tests.edge_agent.school import ALIYA, BORIS, GUARD

OURS = {"x-requested-by": OWN_PAGE, "sec-fetch-site": "same-origin"}
OF_ALIYA = "ab" * 32


@pytest_asyncio.fixture(name="bench")
async def _bench(tmp_path: Path) -> AsyncIterator[GuardBench]:
    evil = row("person", BORIS, "<script>alert(1)</script>", "11Б", "student", 1, 1, "day")
    faces = (STAFF, COOK, row("face", ALIYA, OF_ALIYA))
    async with GuardBench(tmp_path, evil, desk_rows=faces, is_shared=True).working() as bench:
        bench.guard.pages.face = {OF_ALIYA: b"webp"}.get
        bench.guard.pages.list_url = "http://127.0.0.1:8471/"
        yield bench


@pytest_asyncio.fixture(name="client")
async def _client(bench: GuardBench) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(create_guard_app(bench.guard.pages))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8470") as client:
        yield client


@pytest_asyncio.fixture(name="phone")
async def _phone(bench: GuardBench) -> AsyncIterator[httpx2.AsyncClient]:
    bench.guard.phones.is_secure = False
    transport = httpx2.ASGITransport(create_phone_app(bench.guard.phones, "127.0.0.1"))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8471") as client:
        yield client


async def sign_in(client: httpx2.AsyncClient, staff: str = GUARD, pin: str = PIN) -> httpx2.Response:
    return await client.post("/sign-in", json={"staff": staff, "pin": pin}, headers=OURS)


READ = (
    "/panel/hand", "/panel/visitors", "/panel/deliveries", "/panel/open", "/panel/alarm", "/people?class=1А",
    "/people?q=қас", f"/person/{ALIYA}", f"/face/{OF_ALIYA}", "/muster",
)  # fmt: skip


@pytest.mark.parametrize("address", READ)
async def test_only_who_has_signed_in_reads_anything(client: httpx2.AsyncClient, address: str) -> None:
    before = await client.get(address)
    assert before.status_code == 404 or before.text == ""
    assert (await sign_in(client)).status_code == 200

    after = await client.get(address)

    assert (after.status_code, bool(after.content)) == (200, True)
    assert "<script>alert" not in after.text


@pytest.mark.parametrize(
    ("staff", "pin", "reason"),
    [(GUARD, "000000", "pin_wrong"), ("cook00000000", PIN, "not_guard"), ("", "", "not_guard")],
)
async def test_nobody_signs_in_but_a_guard_with_the_pin(
    client: httpx2.AsyncClient, staff: str, pin: str, reason: str
) -> None:
    answer = await sign_in(client, staff, pin)

    assert (answer.status_code, answer.json()["reason"]) == (409, reason)
    assert COOKIE not in client.cookies


async def test_who_guesses_waits_also_with_the_right_pin(client: httpx2.AsyncClient) -> None:
    for _ in range(5):
        await sign_in(client, pin="000000")

    assert (await sign_in(client)).json()["reason"] == "pin_wait"


async def test_a_sign_in_ends_by_itself_by_the_guard_and_by_the_roster(
    client: httpx2.AsyncClient, bench: GuardBench
) -> None:
    await sign_in(client)
    await client.post("/sign-out", json={}, headers=OURS)
    assert (await client.get("/muster")).status_code == 404
    await sign_in(client)
    bench.advance(SIGNED_MS / 1000 + 1)
    assert (await client.get("/muster")).status_code == 404
    await sign_in(client)
    rows, bench.rows = bench.rows, None
    assert (await client.get("/muster")).status_code == 404
    bench.rows = rows
    assert (await client.get("/muster")).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-requested-by": "esik-till"}, OURS | {"sec-fetch-site": "cross-site"}, OURS | {"sec-fetch-site": "none"}],
)
@pytest.mark.parametrize("address", ["/sign-in", "/sign-out", "/share", "/act/order"])
async def test_a_touch_from_elsewhere_does_nothing(
    client: httpx2.AsyncClient, bench: GuardBench, headers: dict[str, str], address: str
) -> None:
    answer = await client.post(address, json={"mode": "fire"}, headers=headers)

    assert (answer.status_code, bench.regimes.mode) == (403, "normal")


async def test_another_name_for_this_machine_is_refused(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/", headers={"host": "guard.example"})).status_code == 400


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"\xff", b'{"mode":1}', b'{"other":1}', b'{"stay":9999}', b'{"name":"%s"}' % (b"x" * BODY_BYTES_MAX)],
)
async def test_what_is_no_touch_is_refused(client: httpx2.AsyncClient, body: bytes) -> None:
    assert (await client.post("/act/order", content=body, headers=OURS)).status_code == 400


async def test_an_unknown_deed_is_refused(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/act/dance", json={}, headers=OURS)).status_code == 404


@pytest.mark.parametrize(
    ("deed", "touch", "reason"),
    [
        ("hand", {"ref": ALIYA, "gate": "main", "reason": "bored"}, "not_understood"),
        ("hand", {"ref": ALIYA, "gate": "main", "reason": "lost", "way": "up"}, "not_understood"),
        ("open", {"gate": "main", "reason": "visitor"}, "not_understood"),
        ("order", {"mode": "free_pass"}, "not_understood"),
        ("call", {"key": ALIYA, "call": "gone"}, "not_understood"),
        ("call", {"key": ALIYA, "call": "here"}, "no_muster"),
        ("leave", {"visit": "0" * 16}, "has_left"),
        ("withdraw", {}, "no_muster"),
    ],
)
async def test_every_deed_tells_why_it_is_not_done(
    client: httpx2.AsyncClient, bench: GuardBench, deed: str, touch: dict[str, str], reason: str
) -> None:
    assert (await client.post(f"/act/{deed}", json=touch, headers=OURS)).json()["reason"] == "sign_in"
    await sign_in(client)

    answer = await client.post(f"/act/{deed}?lang=kk", json=touch, headers=OURS)

    assert (answer.status_code, answer.json()["reason"]) == (409, reason)
    assert bench.written() == []


# Links


async def test_a_link_is_exchanged_for_a_cookie_and_shows_names_and_classes_only(
    client: httpx2.AsyncClient, phone: httpx2.AsyncClient, bench: GuardBench
) -> None:
    await sign_in(client)
    await bench.tap(ALIYA)
    bench.advance(5)
    await client.post("/act/muster", json={"what": "begin"}, headers=OURS)
    assert "<svg" in (await client.post("/share", json={}, headers=OURS)).text
    secret, link = await bench.guard._links.make()
    assert "Әлия" not in (await phone.get("/")).text

    entered = await phone.post("/enter", json={"token": secret}, headers=OURS)
    shown = (await phone.get("/")).text

    assert entered.status_code == 200
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert "SameSite=strict" in entered.headers["set-cookie"]
    assert ("Әлия Қасымова" in shown, OF_ALIYA in shown) == (True, False)
    assert secret not in shown
    assert (await phone.post("/act/call", json={"key": ALIYA, "call": "here"}, headers=OURS)).status_code == 200
    assert [each["ph"] for each in bench.written("roll_call")] == [link.name]
    assert secret not in str(bench.written()) + str(bench.notes.kept)


@pytest.mark.parametrize("address", ["/", "/muster/changes"])
async def test_without_a_link_a_phone_sees_nobody(phone: httpx2.AsyncClient, bench: GuardBench, address: str) -> None:
    await bench.tap(ALIYA)
    bench.advance(5)
    await bench.desk.begin_muster(GUARD)

    answer = await phone.get(address)

    assert "Әлия" not in answer.text
    refused = await phone.post("/act/call", json={"key": ALIYA, "call": "here"}, headers=OURS)
    assert refused.json()["reason"] == "link_over"


async def test_a_link_is_over_after_eight_hours_survives_a_restart_and_can_be_taken_back(bench: GuardBench) -> None:
    links = bench.guard._links
    secret, _ = await links.make()
    again = Links(bench.notes, bench.timekeeper.now)
    await again.restore()
    assert again.link(secret) is not None
    assert again.link(secret + "x") is None

    bench.advance(LASTS_MS / 1000)
    assert again.link(secret) is None
    secret, _ = await links.make()
    await links.withdraw()
    with pytest.raises(NotDone, match="link_over"):
        await links.open(secret)


async def test_a_phone_does_not_fill_the_journal_nor_the_memory(
    phone: httpx2.AsyncClient, bench: GuardBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * BODY_BYTES_MAX

    monkeypatch.setattr("edge_agent.guard.links.CALLS_MAX", 2)
    await bench.desk.begin_muster(GUARD)
    secret, _ = await bench.guard._links.make()
    await phone.post("/enter", json={"token": secret}, headers=OURS)
    calls = [await phone.post("/act/call", json={"key": ALIYA, "call": "here"}, headers=OURS) for _ in range(3)]

    assert [each.status_code for each in calls] == [200, 200, 409]
    assert (await phone.post("/enter", content=endless(), headers=OURS)).status_code == 400


async def test_links_and_the_phones_that_open_one_are_bounded(bench: GuardBench) -> None:
    links = bench.guard._links
    secrets = [(await links.make())[0] for _ in range(LINKS_MAX + 1)]
    assert links.link(secrets[0]) is None
    for _ in range(OPENED_MAX):
        await links.open(secrets[1])

    with pytest.raises(NotDone, match="link_full"):
        await links.open(secrets[1])


async def test_notes_that_make_no_sense_leave_a_desk_without_links(bench: GuardBench) -> None:
    bench.notes.kept["muster_links"] = '{"what":'
    links = Links(bench.notes, bench.timekeeper.now)

    await links.restore()

    assert links.link("anything") is None
