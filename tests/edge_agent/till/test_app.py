"""The till's addresses: for its own page only, and nothing but a touch is taken for one."""

from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from edge_agent.till import watching
from edge_agent.till.app import BODY_BYTES_MAX, OWN_PAGE, create_till_app
from schemas.roster import row
from tests.edge_agent.school import ALIYA, BORIS
from tests.edge_agent.till.bench import PIN, STAFF
from tests.edge_agent.till.canteen import CASHIER, canteen, names
from tests.edge_agent.till.screen import ROWS, ShownTill

OF_ALIYA = "cd" * 32
OURS = {"x-requested-by": OWN_PAGE, "sec-fetch-site": "same-origin"}


@pytest_asyncio.fixture(name="till")
async def _till() -> ShownTill:
    till = ShownTill(*ROWS, row("person", BORIS, "<script>alert(1)</script>", "11Б", "student", 1, 1, "day"))
    await till.open()
    return till


@pytest_asyncio.fixture(name="client")
async def _client(till: ShownTill) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(create_till_app(till.pages))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8460") as client:
        yield client


async def test_a_touch_does_what_it_says(client: httpx2.AsyncClient, till: ShownTill) -> None:
    await till.tap(ALIYA)
    touch = {"turn": till.desk.stage.turn, "amount": 0, "payer": "account"}

    answer = await client.post("/act/sell", json=touch, headers=OURS)

    assert answer.status_code == 200
    assert len(till.written("sale")) == 1


async def test_what_is_not_done_is_told_in_the_cashiers_language(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/act/sell?lang=kk", json={"payer": "cash"}, headers=OURS)

    assert (answer.status_code, answer.json()["reason"]) == (409, "changed")
    assert answer.json()["why"].startswith("Экран өзгерді")


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-requested-by": "somebody"}, OURS | {"sec-fetch-site": "cross-site"}, OURS | {"sec-fetch-site": "none"}],
)
async def test_a_touch_from_elsewhere_does_nothing(
    client: httpx2.AsyncClient, till: ShownTill, headers: dict[str, str]
) -> None:
    await till.tap(ALIYA)

    answer = await client.post("/act/clear", json={}, headers=headers)

    assert (answer.status_code, till.desk.stage.kind) == (403, "buyer")


async def test_another_name_for_this_machine_is_refused(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/", headers={"host": "till.example"})

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"\xff", b'{"turn":"x"}', b'{"other":1}', b'{"count":100}', b'{"payer":"free"}',
        b'{"why":"%s"}' % (b"x" * BODY_BYTES_MAX),
    ],
)  # fmt: skip
async def test_what_is_no_touch_is_refused(client: httpx2.AsyncClient, body: bytes) -> None:
    answer = await client.post("/act/sell", content=body, headers=OURS)

    assert answer.status_code == 400


async def test_an_unknown_deed_is_refused(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/act/dance", json={}, headers=OURS)).status_code == 403


@pytest.mark.parametrize(
    ("deed", "touch", "reason"),
    [
        ("put", {"dish": "bun/9"}, "not_offered"),
        ("scan", {"code": "12345678"}, "unknown_code"),
        ("meal", {"meal": "supper"}, "not_offered"),
        ("open", {"staff": CASHIER, "pin": PIN}, "shift_open"),
        ("void", {"sale": "0" * 16, "why": "x"}, "no_sale"),
        ("refund", {"sale": "0" * 16, "why": "x", "sum": "1"}, "no_sale"),
        ("refund", {"sale": "0" * 16, "why": "x", "sum": "-1"}, "remains_less"),
    ],
)
async def test_every_deed_tells_why_it_is_not_done(
    client: httpx2.AsyncClient, deed: str, touch: dict[str, str], reason: str
) -> None:
    answer = await client.post(f"/act/{deed}", json=touch, headers=OURS)

    assert (answer.status_code, answer.json()["reason"]) == (409, reason)


async def test_the_cashier_chooses_another_meal(client: httpx2.AsyncClient, till: ShownTill) -> None:
    await client.post("/act/meal", json={"meal": "breakfast"}, headers=OURS)

    meal = till.desk.look().meal
    assert meal is not None
    assert meal.key == "breakfast"


async def test_a_code_that_a_scanner_types_is_a_tap(client: httpx2.AsyncClient, till: ShownTill) -> None:
    await client.post("/act/scan", json={"code": "ESIK:NOTHING"}, headers=OURS)

    assert (till.desk.stage.kind, till.desk.stage.reason) == ("turned", "card_unknown")


async def test_a_name_is_a_name_and_never_a_script(client: httpx2.AsyncClient, till: ShownTill) -> None:
    await till.tap(BORIS)

    page, found = await client.get("/"), await client.get("/people?q=11б")

    for text in (page.text, found.text):
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text
    assert "script-src 'self'" in page.headers["content-security-policy"]


async def test_the_list_of_sales_and_people_are_parts_of_the_page(client: httpx2.AsyncClient) -> None:
    assert "Nothing was sold yet" in (await client.get("/sales?lang=en")).text
    assert "Nobody was found" in (await client.get("/people?q=zz&lang=en")).text
    assert (await client.get("/people?q=&lang=en")).text.strip() == ""


async def test_a_dishs_photo_is_shown_when_it_is_here(client: httpx2.AsyncClient, till: ShownTill) -> None:
    till.pages.dish_photo = {"aa": b"RIFF"}.get
    till.pages.screen.has_photo = lambda digest: digest == "ab" * 32
    till.roster = canteen(row("dish", "tea/1", names("Tea"), 5_000, "", [], "ab" * 32, "", []), *STAFF)

    there, lacking = await client.get("/photo/aa"), await client.get("/photo/bb")

    assert (there.content, there.headers["content-type"], lacking.status_code) == (b"RIFF", "image/webp", 404)
    assert f'<img src="/photo/{"ab" * 32}" alt="">' in (await client.get("/")).text


async def test_a_persons_photo_is_shown_when_it_is_here_and_no_browser_keeps_it(
    client: httpx2.AsyncClient, till: ShownTill
) -> None:
    till.pages.face = {OF_ALIYA: b"RIFF"}.get
    till.learn(row("face", ALIYA, OF_ALIYA))
    await till.tap(ALIYA)
    lacking = (await client.get("/")).text
    till.screen.has_face = lambda digest: digest == OF_ALIYA

    there = await client.get(f"/face/{OF_ALIYA}")

    assert (there.content, there.headers["cache-control"]) == (b"RIFF", "no-store")
    assert f'src="/face/{OF_ALIYA}"' in (await client.get("/")).text
    assert "<img" not in lacking
    assert (await client.get("/face/aa")).status_code == 404


async def test_a_stream_more_than_a_till_has_screens_is_refused(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.till.app.WATCHERS_MAX", 0)

    assert (await client.get("/events")).status_code == 503
    assert watching.WATCHERS_MAX > 0


async def test_a_till_without_a_roster_has_a_page_that_says_so() -> None:
    till = ShownTill()
    till.roster = None

    assert "The list has not come yet" in till.pages.screen.whole("en")
    assert "The list has not come yet" in till.pages.screen.parts("en")["main"]
