"""Every route of the application, one by one: who may come in, and that nobody else does, whatever they send.

Rule: a route that nobody wrote down here fails the test.
"""

from collections.abc import AsyncIterator
from enum import Enum
from http import HTTPStatus

import httpx2
import pytest
import pytest_asyncio
from fastapi.routing import RouteContext, iter_route_contexts

from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]


class Who(Enum):
    """Whom a route is for."""

    ANYBODY = ()
    DEVICES = ("a device, by its signature",)
    BANKS = ("a bank, by its address",)
    SIGNED_IN = ("guardian", "guard", "office", "canteen", "director", "it", "newcomer", "stranger")
    MEMBERS = ("guardian", "guard", "office", "canteen", "director", "it", "stranger")
    GUARDIANS = ("guardian", "stranger")
    GUARDIAN = ("guardian",)
    GATE = ("guard", "office")
    OFFICE = ("office",)
    CANTEEN = ("canteen",)
    DIRECTOR = ("director",)
    SOLD = ("canteen", "office", "director")
    ORDERS = ("office", "director")
    RULES = ("canteen", "director")
    IT = ("it",)
    AUDIT = ("office", "director", "it")
    OPERATORS = ("operator",)


NO_ACCOUNTS = {Who.ANYBODY, Who.DEVICES, Who.BANKS}
PERSON = "/schools/{code}/people/{ref}"
CHILD = "/children/{ref}"
DISH = "/schools/{code}/dishes/of/{key}"
REPORT = "/schools/{code}/reports/{report_id}"
ROUTES = {
    "GET /dishes/{school}/{digest}.webp": Who.MEMBERS,
    "GET /schools/{code}/menu": Who.CANTEEN,
    "POST /schools/{code}/menu/publish": Who.CANTEEN,
    "POST /schools/{code}/menu/keep": Who.CANTEEN,
    "POST /schools/{code}/menu/fill": Who.CANTEEN,
    "GET /schools/{code}/menu/{on}/{meal}": Who.CANTEEN,
    "POST /schools/{code}/menu/{on}/{meal}": Who.CANTEEN,
    "GET /schools/{code}/dishes": Who.CANTEEN,
    "POST /schools/{code}/dishes/import": Who.CANTEEN,
    "GET /schools/{code}/dishes/empty.csv": Who.CANTEEN,
    "GET /schools/{code}/dishes/new": Who.CANTEEN,
    "POST /schools/{code}/dishes/new": Who.CANTEEN,
    f"GET {DISH}": Who.CANTEEN,
    f"POST {DISH}": Who.CANTEEN,
    f"POST {DISH}/photo": Who.CANTEEN,
    f"POST {DISH}/retire": Who.CANTEEN,
    "GET /schools/{code}/canteen": Who.CANTEEN,
    "GET /schools/{code}/canteen/settings": Who.SOLD,
    "POST /schools/{code}/canteen/settings": Who.RULES,
    "POST /schools/{code}/canteen/meals": Who.CANTEEN,
    "POST /schools/{code}/canteen/meals/usual": Who.CANTEEN,
    "POST /schools/{code}/canteen/meals/{key}/end": Who.CANTEEN,
    "POST /schools/{code}/canteen/tills": Who.CANTEEN,
    "POST /schools/{code}/canteen/tills/{key}/end": Who.CANTEEN,
    "POST /schools/{code}/canteen/pins": Who.CANTEEN,
    "POST /schools/{code}/canteen/pins/{person}/drop": Who.CANTEEN,
    "GET /api/v1/schools/{code}/menu": Who.CANTEEN,
    "GET /schools/{code}/entitlements": Who.OFFICE,
    "POST /schools/{code}/entitlements": Who.OFFICE,
    "GET /schools/{code}/entitlements/{order_id}": Who.OFFICE,
    "POST /schools/{code}/entitlements/{order_id}/list": Who.OFFICE,
    "POST /schools/{code}/entitlements/{order_id}/list/{person}/end": Who.OFFICE,
    "POST /schools/{code}/entitlements/{order_id}/end": Who.OFFICE,
    "GET /schools/{code}/approvals": Who.DIRECTOR,
    "GET /schools/{code}/audit": Who.AUDIT,
    "GET /schools/{code}/audit/entries.csv": Who.AUDIT,
    "GET /schools/{code}/audit/entries.jsonl": Who.AUDIT,
    "GET /audit": Who.OPERATORS,
    "GET /audit/entries.csv": Who.OPERATORS,
    "GET /audit/entries.jsonl": Who.OPERATORS,
    "GET /schools/{code}/approvals/{order_id}": Who.DIRECTOR,
    "POST /schools/{code}/approvals/{order_id}/approve": Who.DIRECTOR,
    "POST /schools/{code}/approvals/{order_id}/refuse": Who.DIRECTOR,
    f"GET {CHILD}/menu": Who.GUARDIAN,
    f"GET {CHILD}/orders": Who.GUARDIAN,
    f"POST {CHILD}/orders": Who.GUARDIAN,
    f"POST {CHILD}/orders/cancel": Who.GUARDIAN,
    "GET /schools/{code}/orders": Who.SOLD,
    f"GET {CHILD}/statistics": Who.GUARDIAN,
    f"GET {CHILD}/statistics.csv": Who.GUARDIAN,
    f"GET {CHILD}/statistics.xlsx": Who.GUARDIAN,
    f"GET /api/v1{CHILD}/statistics": Who.GUARDIAN,
    f"GET /api/v1{CHILD}/balance": Who.GUARDIAN,
    f"GET {CHILD}/ratings": Who.GUARDIAN,
    f"POST {CHILD}/ratings": Who.GUARDIAN,
    "GET /schools/{code}/ratings": Who.CANTEEN,
    f"GET {CHILD}/limits": Who.GUARDIAN,
    f"POST {CHILD}/limits": Who.GUARDIAN,
    f"POST {CHILD}/limits/{{restriction_id}}/lift": Who.GUARDIAN,
    f"GET /api/v1{CHILD}/menu": Who.GUARDIAN,
    f"GET /api/v1{CHILD}/restrictions": Who.GUARDIAN,
    "GET /assets/{name}": Who.ANYBODY,
    "GET /health": Who.ANYBODY,
    "GET /metrics": Who.ANYBODY,  # figures without names; the server edition's nginx keeps them inside
    "GET /api/v1/openapi.json": Who.ANYBODY,
    "POST /api/v1/oauth/token": Who.ANYBODY,  # a client shows its secret
    "GET /office/ui": Who.ANYBODY,
    "GET /sign-in": Who.ANYBODY,
    "POST /sign-in": Who.ANYBODY,
    "POST /sign-out": Who.ANYBODY,
    "POST /preferences": Who.ANYBODY,
    "GET /device/v1/roster": Who.DEVICES,
    "GET /device/v1/roster/canteen": Who.DEVICES,
    "POST /device/v1/certificate": Who.DEVICES,
    "GET /device/v1/dish-photo/{digest}": Who.DEVICES,
    "GET /device/v1/face/{digest}": Who.DEVICES,
    "GET /device/v1/ca": Who.ANYBODY,
    "POST /device/v1/enrol": Who.DEVICES,
    "GET /device/v1/release": Who.DEVICES,
    "GET /device/v1/release/{product}/{board}/{counter}": Who.DEVICES,
    "GET /pay/kaspi": Who.BANKS,
    "GET /account": Who.SIGNED_IN,
    "POST /account/password": Who.SIGNED_IN,
    "POST /account/sign-out-everywhere": Who.MEMBERS,
    "GET /": Who.MEMBERS,
    "GET /go/{key}": Who.OFFICE,  # with the key of the office's page
    "GET /live": Who.GUARDIANS,
    "GET /notices": Who.GUARDIANS,
    "GET /notices/live": Who.GUARDIANS,
    "POST /notices/read": Who.GUARDIANS,
    "GET /api/v1/notices": Who.MEMBERS,  # of who is no guardian: none
    "POST /api/v1/notices/read": Who.MEMBERS,
    "GET /children/{ref}": Who.GUARDIAN,
    "GET /children/{ref}/live": Who.GUARDIAN,
    "POST /children/{ref}/cards/{card_id}/block": Who.GUARDIAN,
    "GET /children/{ref}/pass": Who.GUARDIAN,
    "GET /children/{ref}/pass/live": Who.GUARDIAN,
    "GET /api/v1/children": Who.MEMBERS,  # of who is no guardian: none
    "GET /api/v1/children/{ref}/timeline": Who.GUARDIAN,
    "GET /schools/{code}/gate": Who.GATE,
    "GET /schools/{code}/gate/live": Who.GATE,
    "GET /schools/{code}/muster": Who.GATE,
    "GET /schools/{code}/office": Who.OFFICE,
    "GET /schools/{code}/office/live": Who.OFFICE,
    "GET /schools/{code}/office.csv": Who.OFFICE,
    "GET /schools/{code}/office.xlsx": Who.OFFICE,
    "GET /api/v1/schools/{code}/presence": Who.OFFICE,
    "GET /schools/{code}/import": Who.OFFICE,
    "POST /schools/{code}/import": Who.OFFICE,
    "GET /schools/{code}/import/template.xlsx": Who.OFFICE,
    "GET /schools/{code}/cards": Who.OFFICE,
    "POST /schools/{code}/cards": Who.OFFICE,
    "GET /children/{ref}/money": Who.GUARDIAN,
    "GET /schools/{code}/money": Who.OFFICE,
    "GET /schools/{code}/money/receipts/{number}": Who.OFFICE,
    "GET /schools/{code}/money/{program}.journal": Who.OFFICE,
    "POST /schools/{code}/money/promises/{promise_id}/pay": Who.OFFICE,
    "POST /schools/{code}/money/fiscal/again": Who.OFFICE,
    "POST /schools/{code}/money/settle": Who.OFFICE,
    "POST /schools/{code}/money/empty": Who.OFFICE,
    "POST /schools/{code}/money/correct": Who.OFFICE,
    "POST /schools/{code}/money/promises/{promise_id}/withdraw": Who.OFFICE,
    "GET /schools/{code}/sold": Who.SOLD,
    "GET /schools/{code}/reports": Who.SOLD,
    "POST /schools/{code}/reports": Who.ORDERS,
    "POST /schools/{code}/reports/address": Who.ORDERS,
    f"GET {REPORT}": Who.SOLD,
    f"GET {REPORT}/file.{{form}}": Who.SOLD,
    f"POST {REPORT}/correct": Who.ORDERS,
    f"POST {REPORT}/renew": Who.ORDERS,
    f"POST {REPORT}/sign": Who.DIRECTOR,
    f"POST {REPORT}/supplement": Who.ORDERS,
    f"POST {REPORT}/send": Who.ORDERS,
    f"POST {REPORT}/hand": Who.ORDERS,
    "GET /reports/{digest}": Who.ANYBODY,
    "GET /schools/{code}/sold/live": Who.SOLD,
    "GET /schools/{code}/sold/outage": Who.SOLD,
    "POST /schools/{code}/sold/decide": Who.SOLD,
    "GET /schools/{code}/wallet": Who.OFFICE,
    "POST /schools/{code}/wallet/explain": Who.OFFICE,
    "GET /schools/{code}/wallet/differences.csv": Who.OFFICE,
    "GET /schools/{code}/wallet/files": Who.OFFICE,
    "POST /schools/{code}/wallet/files": Who.OFFICE,
    "GET /schools/{code}/wallet/files/{import_id}.csv": Who.OFFICE,
    "GET /schools/{code}/wallet/empty/{kind}.csv": Who.OFFICE,
    "GET /schools/{code}/wallet/meals.csv": Who.OFFICE,
    "GET /schools/{code}/wallet/meals.jsonl": Who.OFFICE,
    f"GET {PERSON}/money": Who.OFFICE,
    f"GET {PERSON}/notices": Who.OFFICE,
    f"POST {PERSON}/money/cash": Who.OFFICE,
    f"POST {PERSON}/money/move": Who.OFFICE,
    f"POST {PERSON}/money/promise": Who.OFFICE,
    f"POST {PERSON}/money/meals/{{sale}}/back": Who.OFFICE,
    f"POST {PERSON}/money/correct": Who.OFFICE,
    f"GET {PERSON}": Who.OFFICE,
    f"POST {PERSON}/cards": Who.OFFICE,
    f"POST {PERSON}/cards/{{card_id}}/{{act}}": Who.OFFICE,
    f"POST {PERSON}/consents": Who.OFFICE,
    f"POST {PERSON}/consents/{{purpose}}/withdraw": Who.OFFICE,
    f"POST {PERSON}/leave": Who.OFFICE,
    f"GET {PERSON}/diet": Who.OFFICE,
    f"POST {PERSON}/diet": Who.OFFICE,
    f"POST {PERSON}/diet/{{restriction_id}}/lift": Who.OFFICE,
    f"POST {PERSON}/pass": Who.OFFICE,
    f"POST {PERSON}/photo": Who.OFFICE,
    f"POST {PERSON}/photo/drop": Who.OFFICE,
    f"GET {PERSON}/photo/{{digest}}.webp": Who.GATE,
    f"POST {PERSON}/guardians": Who.OFFICE,
    f"POST {PERSON}/guardians/{{guardian_id}}/rights": Who.OFFICE,
    f"POST {PERSON}/guardians/{{guardian_id}}/end": Who.OFFICE,
    f"POST {PERSON}/guardians/{{guardian_id}}/account": Who.OFFICE,
    "GET /schools/{code}/devices": Who.IT,
    "GET /schools/{code}/devices/live": Who.IT,
    "POST /schools/{code}/devices": Who.IT,
    "POST /schools/{code}/devices/{name}/revoke": Who.IT,
    "POST /schools/{code}/devices/{name}/approve": Who.IT,
    "GET /schools/{code}/devices/doors": Who.IT,
    "GET /schools/{code}/devices/doors/live": Who.IT,
    "POST /schools/{code}/devices/doors": Who.IT,
    "POST /schools/{code}/devices/codes": Who.IT,
    "POST /schools/{code}/devices/codes/{invitation}/cancel": Who.IT,
    "POST /schools/{code}/devices/{name}/retire": Who.IT,
    "GET /schools/{code}/device/{name}": Who.IT,
    "GET /schools/{code}/device/{name}/live": Who.IT,
    "POST /schools/{code}/device/{name}/commands": Who.IT,
    "GET /schools/{code}/alarms": Who.IT,
    "GET /schools/{code}/alarms/live": Who.IT,
    "POST /schools/{code}/alarms/acknowledge": Who.IT,
    "GET /alarms": Who.OPERATORS,
    "GET /alarms/live": Who.OPERATORS,
    "POST /alarms/acknowledge": Who.OPERATORS,
    "GET /releases": Who.OPERATORS,
    "GET /releases/live": Who.OPERATORS,
    "POST /releases/start": Who.OPERATORS,
    "POST /releases/{turn}": Who.OPERATORS,
}
FORM = {
    "number": "04A1B2C3D4E5F6", "purpose": "card", "given_on": "01.09.2026", "withdrawn_on": "01.09.2026",
    "source": "x", "name": "gate-evil", "phone": "+7 701 000 00 01", "relation": "mother", "intent": "import",
    "on": "2026-09-01", "meal": "lunch", "food": "5", "service": "5",
    "kind": "allergen", "value": "fish", "name_kk": "x", "price": "1", "category": "main", "key": "lunch", "add": "1",
    "begins": "01:00", "ends": "02:00", "pin": "902817", "person": "staff0000001", "week": "2026-09-01",
    "ids": ",".join(map(str, range(1, 40))), "action": "report", "reason": "because",
}  # fmt: skip
EVERYBODY = (
    "canteen", "director", "other_canteen", "other_director",
    "guardian", "father", "stranger", "childless", "guard", "office", "it", "other_guard", "other_office", "other_it",
    "newcomer",
)  # fmt: skip
NOBODY = ("", "ended", "closed", "made-up")
REFUSED = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


@pytest_asyncio.fixture(loop_scope="session", name="http")
async def _http(site: Site) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"accept": "text/html", "origin": site.address}
    async with httpx2.AsyncClient(base_url=site.address, headers=headers, follow_redirects=False) as client:
        yield client


async def test_every_route_is_written_down_here(site: Site) -> None:
    assert {key for route in iter_route_contexts(site.app.routes) for key in keys(route)} == set(ROUTES)


@pytest.mark.parametrize("key", [key for key, who in ROUTES.items() if who not in NO_ACCOUNTS])
async def test_nobody_comes_in_but_who_may_and_what_they_send_changes_nothing(
    site: Site, http: httpx2.AsyncClient, key: str
) -> None:
    others = [who for who in EVERYBODY if who not in ROUTES[key].value and not is_open_to(key, who)]
    before = await written(site)

    for who in others:
        assert await status_of(site, http, key, who) in expected_of(key, who), who
    for who in NOBODY:
        assert await status_of(site, http, key, who) in {HTTPStatus.UNAUTHORIZED, HTTPStatus.SEE_OTHER}, who

    assert await written(site) == before


@pytest.mark.parametrize("key", [key for key in ROUTES if key.startswith("GET ")])
async def test_who_may_come_in_does(site: Site, http: httpx2.AsyncClient, key: str) -> None:
    welcome = ROUTES[key].value or ("",)
    if ROUTES[key] is Who.DEVICES:
        assert await status_of(site, http, key, "") == HTTPStatus.UNAUTHORIZED
        return
    if ROUTES[key] is Who.BANKS:
        assert await status_of(site, http, key, "operator") == HTTPStatus.NOT_FOUND
        return

    for who in welcome:
        assert await status_of(site, http, key, who) in {HTTPStatus.OK, HTTPStatus.SEE_OTHER}, who


async def status_of(site: Site, http: httpx2.AsyncClient, key: str, who: str) -> int:
    """Return how a route answers somebody; a stream is left after its head."""
    method, path = address_of(site, key)
    token = site.sample.tokens.get(who, who)
    headers = {"cookie": f"esik_session={token}"} if token else {}
    if path.endswith("/live"):
        headers["accept"] = "text/event-stream"
    async with http.stream(method, path, headers=headers, data=FORM if method == "POST" else None) as answer:
        return int(answer.status_code)


def address_of(site: Site, key: str) -> tuple[str, str]:
    """Return method and address of a route, with what is really there in its places."""
    method, _, path = key.partition(" ")
    places = {
        "code": "almaty15", "ref": site.sample.child_ref, "card_id": site.sample.card_id, "act": "block",
        "purpose": "card", "guardian_id": site.sample.guardian_id, "name": "gate-north", "key": "today",
        "invitation": "0123456789abcdef", "product": "agent", "board": "linux", "counter": 1, "turn": "widen",
        "number": 1, "program": "hledger", "promise_id": 1, "sale": "0" * 16,
            "digest": site.sample.photo,
    }  # fmt: skip
    places |= {
        "school": "almaty15", "on": "2026-09-01", "meal": "lunch", "order_id": 1, "person": site.sample.listed_ref,
        "restriction_id": 1, "import_id": 1, "kind": "tabel", "report_id": 2, "form": "json",
    }  # fmt: skip
    if "/canteen/" in key or "/dishes/" in key:
        places |= {"key": "1" if "/dishes/" in key else "lunch", "digest": site.sample.plate}
    if key.startswith("GET /reports/"):
        places["digest"] = site.sample.report
    if key == "GET /assets/{name}":
        places["name"] = "esik.css"
    return method, path.format(**places)


def is_open_to(key: str, who: str) -> bool:
    """Tell whether somebody of another school or family may have the like of it, of their own."""
    is_of_one = "{code}" in key or "{ref}" in key
    kin = {"father": "guardian", "childless": "guardian", "other_guard": "guard", "other_office": "office"}
    return not is_of_one and kin.get(who, who.removeprefix("other_")) in ROUTES[key].value


def expected_of(key: str, who: str) -> set[HTTPStatus]:
    """Return how a route refuses somebody signed in; a first password leads to its change."""
    leads_on = who == "newcomer" and key.startswith("GET ") and not key.endswith("/live") and "/api/" not in key
    return {HTTPStatus.SEE_OTHER} if leads_on else REFUSED


def keys(route: RouteContext) -> list[str]:
    """Return method and path of a route, one entry a method."""
    return [f"{method} {route.path}" for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"})]


async def written(site: Site) -> object:
    """Return how much is written in what forms change."""
    return await site.services.database.pool.fetchrow(
        "SELECT (SELECT count(*) FROM restriction), (SELECT count(*) FROM meal_rating),"
        " (SELECT count(*) FROM wallet_import), (SELECT count(*) FROM wallet_note),"
        " (SELECT count(*) FROM dish_version), (SELECT count(*) FROM menu),"
        " (SELECT count(*) FROM audit_entry), (SELECT count(*) FROM card WHERE state = 'active'),"
        " (SELECT count(*) FROM sign_in), (SELECT count(*) FROM device WHERE state = 'active'),"
        " (SELECT count(*) FROM alarm WHERE acknowledged_at IS NULL), (SELECT count(*) FROM device_command),"
        " (SELECT count(*) FROM preorder),"
        " (SELECT count(*) FROM ledger_entry),"
        " (SELECT count(*) FROM report), (SELECT count(*) FROM report WHERE signed_at IS NULL),"
        " (SELECT count(*) FROM report_correction), (SELECT count(*) FROM report_sending),"
        " (SELECT count(*) FROM giving_back), (SELECT count(*) FROM canteen_rule)"
    )
