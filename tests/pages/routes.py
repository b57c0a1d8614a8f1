"""Every route of the application, one by one, with the right that it asks for.

Rule: a route that nobody wrote down here fails a test. Who has which right is written in `cloud.core.rights`, and
nowhere else.
"""

from enum import Enum

from cloud.core.navigation import roles_of
from cloud.core.rights import OWN_CLASSES, OWN_PEOPLE, TABLE, WHOLE_SCHOOL, Right, Within
from cloud.core.roles import Role
from tests.pages.program_routes import PROGRAM_ROUTES


class Who(Enum):
    """Whom a route is for that asks for no right."""

    ANYBODY = "anybody"
    DEVICES = "a device, by its signature"
    BANKS = "a bank, by its address"
    PROGRAMS = "a program, by its token"
    SIGNED_IN = "anybody signed in, with a first password too"
    MEMBERS = "anybody signed in with an own password"


NO_ACCOUNTS = frozenset({Who.ANYBODY, Who.DEVICES, Who.BANKS, Who.PROGRAMS})
PERSON = "/schools/{code}/people/{ref}"
CHILD = "/children/{ref}"
DISH = "/schools/{code}/dishes/of/{key}"
OF_OWN_CLASSES = frozenset({"/schools/{code}/class"})
NOTHING_THERE = frozenset({"GET /schools/{code}/audit/anchors/{number}.anchor"})  # of which the sample has none
REPORT = "/schools/{code}/reports/{report_id}"
ROUTES: dict[str, Right | Who] = {
    "GET /dishes/{school}/{digest}.webp": Who.MEMBERS,
    "GET /schools/{code}/menu": Right.MENU_PLAN,
    "POST /schools/{code}/menu/publish": Right.MENU_PLAN,
    "POST /schools/{code}/menu/keep": Right.MENU_PLAN,
    "POST /schools/{code}/menu/fill": Right.MENU_PLAN,
    "GET /schools/{code}/menu/{on}/{meal}": Right.MENU_PLAN,
    "POST /schools/{code}/menu/{on}/{meal}": Right.MENU_PLAN,
    "GET /schools/{code}/dishes": Right.MENU_PLAN,
    "POST /schools/{code}/dishes/import": Right.MENU_PLAN,
    "GET /schools/{code}/dishes/empty.csv": Right.MENU_PLAN,
    "GET /schools/{code}/dishes/new": Right.MENU_PLAN,
    "POST /schools/{code}/dishes/new": Right.MENU_PLAN,
    f"GET {DISH}": Right.MENU_PLAN,
    f"POST {DISH}": Right.MENU_PLAN,
    f"POST {DISH}/photo": Right.MENU_PLAN,
    f"POST {DISH}/retire": Right.MENU_PLAN,
    "GET /schools/{code}/canteen": Right.MENU_PLAN,
    "GET /schools/{code}/canteen/settings": Right.CANTEEN_RULES_READ,
    "POST /schools/{code}/canteen/settings": Right.CANTEEN_RULES_KEEP,
    "POST /schools/{code}/canteen/meals": Right.MENU_PLAN,
    "POST /schools/{code}/canteen/meals/usual": Right.MENU_PLAN,
    "POST /schools/{code}/canteen/meals/{key}/end": Right.MENU_PLAN,
    "POST /schools/{code}/canteen/tills": Right.MENU_PLAN,
    "POST /schools/{code}/canteen/tills/{key}/end": Right.MENU_PLAN,
    "POST /schools/{code}/canteen/pins": Right.MENU_PLAN,
    "POST /schools/{code}/canteen/pins/{person}/drop": Right.MENU_PLAN,
    "GET /api/v1/schools/{code}/menu": Right.MENU_READ,
    "GET /schools/{code}/entitlements": Right.ENTITLEMENTS_KEEP,
    "POST /schools/{code}/entitlements": Right.ENTITLEMENTS_KEEP,
    "GET /schools/{code}/entitlements/{order_id}": Right.ENTITLEMENTS_KEEP,
    "POST /schools/{code}/entitlements/{order_id}/list": Right.ENTITLEMENTS_KEEP,
    "POST /schools/{code}/entitlements/{order_id}/list/{person}/end": Right.ENTITLEMENTS_KEEP,
    "POST /schools/{code}/entitlements/{order_id}/end": Right.ENTITLEMENTS_KEEP,
    "GET /schools/{code}/approvals": Right.ENTITLEMENTS_APPROVE,
    "GET /schools/{code}/approvals/{order_id}": Right.ENTITLEMENTS_APPROVE,
    "POST /schools/{code}/approvals/{order_id}/approve": Right.ENTITLEMENTS_APPROVE,
    "POST /schools/{code}/approvals/{order_id}/refuse": Right.ENTITLEMENTS_APPROVE,
    f"GET {CHILD}/menu": Right.MENU_READ,
    f"GET {CHILD}/orders": Right.ORDERS_MAKE,
    f"POST {CHILD}/orders": Right.ORDERS_MAKE,
    f"POST {CHILD}/orders/cancel": Right.ORDERS_MAKE,
    "GET /schools/{code}/orders": Right.ORDERS_READ,
    f"GET {CHILD}/statistics": Right.MEALS_READ,
    f"GET {CHILD}/statistics.csv": Right.MEALS_READ,
    f"GET {CHILD}/statistics.xlsx": Right.MEALS_READ,
    f"GET /api/v1{CHILD}/statistics": Right.MEALS_READ,
    f"GET /api/v1{CHILD}/balance": Right.BALANCE_READ,
    f"GET {CHILD}/ratings": Right.MEALS_RATE,
    f"POST {CHILD}/ratings": Right.MEALS_RATE,
    "GET /schools/{code}/ratings": Right.RATINGS_READ,
    f"GET {CHILD}/limits": Right.LIMITS_KEEP,
    f"POST {CHILD}/limits": Right.LIMITS_KEEP,
    f"POST {CHILD}/limits/{{restriction_id}}/lift": Right.LIMITS_KEEP,
    f"GET /api/v1{CHILD}/menu": Right.MENU_READ,
    f"GET /api/v1{CHILD}/restrictions": Right.LIMITS_KEEP,
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
    "GET /go/{key}": Right.PRESENCE_READ,  # with the key of the page of today
    "GET /live": Right.PRESENCE_READ,
    "GET /notices": Right.NOTICES_READ,
    "GET /notices/live": Right.NOTICES_READ,
    "POST /notices/read": Right.NOTICES_READ,
    "GET /api/v1/notices": Who.MEMBERS,  # of who is no guardian: none
    "POST /api/v1/notices/read": Who.MEMBERS,
    "GET /children/{ref}": Right.PRESENCE_READ,
    "GET /children/{ref}/live": Right.PRESENCE_READ,
    "POST /children/{ref}/cards/{card_id}/block": Right.CARDS_BLOCK,
    "GET /children/{ref}/pass": Right.PASSES_GIVE,
    "GET /children/{ref}/pass/live": Right.PASSES_GIVE,
    "GET /api/v1/children": Who.MEMBERS,  # of who is no guardian: none
    "GET /api/v1/children/{ref}/timeline": Right.PRESENCE_READ,
    "GET /schools/{code}/gate": Right.GATES_WATCH,
    "GET /schools/{code}/gate/live": Right.GATES_WATCH,
    "GET /schools/{code}/muster": Right.GATES_WATCH,
    "GET /schools/{code}/office": Right.PRESENCE_READ,
    "GET /schools/{code}/office/live": Right.PRESENCE_READ,
    "GET /schools/{code}/office.csv": Right.PRESENCE_READ,
    "GET /schools/{code}/office.xlsx": Right.PRESENCE_READ,
    "GET /api/v1/schools/{code}/presence": Right.PRESENCE_READ,
    "GET /schools/{code}/import": Right.PEOPLE_IMPORT,
    "POST /schools/{code}/import": Right.PEOPLE_IMPORT,
    "GET /schools/{code}/import/template.xlsx": Right.PEOPLE_IMPORT,
    "GET /schools/{code}/cards": Right.CARDS_READ,
    "POST /schools/{code}/cards": Right.CARDS_READ,
    "GET /children/{ref}/money": Right.BALANCE_READ,
    "GET /schools/{code}/money": Right.MONEY_READ,
    "GET /schools/{code}/money/receipts/{number}": Right.MONEY_READ,
    "GET /schools/{code}/money/{program}.journal": Right.MONEY_READ,
    "POST /schools/{code}/money/promises/{promise_id}/pay": Right.MONEY_KEEP,
    "POST /schools/{code}/money/fiscal/again": Right.MONEY_KEEP,
    "POST /schools/{code}/money/settle": Right.MONEY_KEEP,
    "POST /schools/{code}/money/empty": Right.MONEY_KEEP,
    "POST /schools/{code}/money/correct": Right.MONEY_KEEP,
    "POST /schools/{code}/money/promises/{promise_id}/withdraw": Right.MONEY_KEEP,
    "GET /schools/{code}/sold": Right.SALES_READ,
    "GET /schools/{code}/reports": Right.REPORTS_READ,
    "POST /schools/{code}/reports": Right.REPORTS_KEEP,
    "POST /schools/{code}/reports/address": Right.REPORTS_KEEP,
    f"GET {REPORT}": Right.REPORTS_READ,
    f"GET {REPORT}/file.{{form}}": Right.REPORTS_READ,
    f"POST {REPORT}/correct": Right.REPORTS_KEEP,
    f"POST {REPORT}/renew": Right.REPORTS_KEEP,
    f"POST {REPORT}/sign": Right.REPORTS_SIGN,
    f"POST {REPORT}/supplement": Right.REPORTS_KEEP,
    f"POST {REPORT}/send": Right.REPORTS_KEEP,
    f"POST {REPORT}/hand": Right.REPORTS_KEEP,
    "GET /reports/{digest}": Who.ANYBODY,
    "GET /schools/{code}/sold/live": Right.SALES_READ,
    "GET /schools/{code}/sold/outage": Right.SALES_READ,
    "POST /schools/{code}/sold/decide": Right.SALES_DECIDE,
    "GET /schools/{code}/wallet": Right.WALLET_READ,
    "POST /schools/{code}/wallet/explain": Right.WALLET_KEEP,
    "GET /schools/{code}/wallet/differences.csv": Right.WALLET_READ,
    "GET /schools/{code}/wallet/files": Right.WALLET_READ,
    "POST /schools/{code}/wallet/files": Right.WALLET_KEEP,
    "GET /schools/{code}/wallet/files/{import_id}.csv": Right.WALLET_READ,
    "GET /schools/{code}/wallet/empty/{kind}.csv": Right.WALLET_READ,
    "GET /schools/{code}/wallet/meals.csv": Right.WALLET_READ,
    "GET /schools/{code}/wallet/meals.jsonl": Right.WALLET_READ,
    f"GET {PERSON}/money": Right.MONEY_READ,
    f"GET {PERSON}/notices": Right.NOTICES_CHECK,
    f"POST {PERSON}/money/cash": Right.MONEY_KEEP,
    f"POST {PERSON}/money/move": Right.MONEY_KEEP,
    f"POST {PERSON}/money/promise": Right.MONEY_KEEP,
    f"POST {PERSON}/money/meals/{{sale}}/back": Right.MONEY_KEEP,
    f"POST {PERSON}/money/correct": Right.MONEY_KEEP,
    f"GET {PERSON}": Right.PEOPLE_KEEP,
    f"POST {PERSON}/cards": Right.PEOPLE_KEEP,
    f"POST {PERSON}/cards/{{card_id}}/{{act}}": Right.PEOPLE_KEEP,
    f"POST {PERSON}/consents": Right.CONSENTS_KEEP,
    f"POST {PERSON}/consents/{{purpose}}/withdraw": Right.CONSENTS_KEEP,
    f"POST {PERSON}/leave": Right.PEOPLE_KEEP,
    f"GET {PERSON}/diet": Right.DIETS_KEEP,
    f"POST {PERSON}/diet": Right.DIETS_KEEP,
    f"POST {PERSON}/diet/{{restriction_id}}/lift": Right.DIETS_KEEP,
    f"POST {PERSON}/pass": Right.PEOPLE_KEEP,
    f"POST {PERSON}/photo": Right.PHOTOS_KEEP,
    f"POST {PERSON}/photo/drop": Right.PHOTOS_KEEP,
    f"GET {PERSON}/photo/{{digest}}.webp": Right.PHOTOS_READ,
    f"POST {PERSON}/guardians": Right.FAMILY_KEEP,
    f"POST {PERSON}/guardians/{{guardian_id}}/rights": Right.FAMILY_KEEP,
    f"POST {PERSON}/guardians/{{guardian_id}}/end": Right.FAMILY_KEEP,
    f"POST {PERSON}/guardians/{{guardian_id}}/account": Right.FAMILY_KEEP,
    "GET /schools/{code}/devices": Right.DEVICES_KEEP,
    "GET /schools/{code}/devices/live": Right.DEVICES_KEEP,
    "POST /schools/{code}/devices": Right.DEVICES_KEEP,
    "POST /schools/{code}/devices/{name}/revoke": Right.DEVICES_KEEP,
    "POST /schools/{code}/devices/{name}/approve": Right.DEVICES_KEEP,
    "GET /schools/{code}/devices/doors": Right.DEVICES_KEEP,
    "GET /schools/{code}/devices/doors/live": Right.DEVICES_KEEP,
    "POST /schools/{code}/devices/doors": Right.DEVICES_KEEP,
    "POST /schools/{code}/devices/codes": Right.DEVICES_KEEP,
    "POST /schools/{code}/devices/codes/{invitation}/cancel": Right.DEVICES_KEEP,
    "POST /schools/{code}/devices/{name}/retire": Right.DEVICES_KEEP,
    "GET /schools/{code}/device/{name}": Right.DEVICES_KEEP,
    "GET /schools/{code}/device/{name}/live": Right.DEVICES_KEEP,
    "POST /schools/{code}/device/{name}/commands": Right.DEVICES_COMMAND,
    "GET /schools/{code}/alarms": Right.ALARMS_READ,
    "GET /schools/{code}/alarms/live": Right.ALARMS_READ,
    "POST /schools/{code}/alarms/acknowledge": Right.ALARMS_READ,
    "GET /schools/{code}/audit": Right.AUDIT_READ,
    "GET /schools/{code}/audit/entries.csv": Right.AUDIT_READ,
    "GET /schools/{code}/audit/entries.jsonl": Right.AUDIT_READ,
    "GET /schools/{code}/audit/anchors": Right.AUDIT_READ,
    "POST /schools/{code}/audit/anchors/address": Right.SCHOOL_EXPORT,
    "GET /schools/{code}/audit/anchors/{number}.anchor": Right.AUDIT_READ,
    "GET /audit": Right.AUDIT_READ,
    "GET /audit/entries.csv": Right.AUDIT_READ,
    "GET /audit/entries.jsonl": Right.AUDIT_READ,
    "GET /schools/{code}/diets": Right.DIETS_KEEP,
    "GET /schools/{code}/roles": Right.ROLES_READ,
    "POST /schools/{code}/roles/give": Right.ROLES_GIVE,
    "POST /schools/{code}/roles/take": Right.ROLES_GIVE,
    "POST /schools/{code}/roles/classes/give": Right.ROLES_GIVE,
    "POST /schools/{code}/roles/classes/take": Right.ROLES_GIVE,
    "GET /schools/{code}/class": Right.PRESENCE_READ,
    "GET /region": Right.STATISTICS_READ,
    "GET /alarms": Right.ALARMS_READ,
    "GET /alarms/live": Right.ALARMS_READ,
    "POST /alarms/acknowledge": Right.ALARMS_READ,
    "GET /releases": Right.RELEASES_KEEP,
    "GET /releases/live": Right.RELEASES_KEEP,
    "POST /releases/start": Right.RELEASES_KEEP,
    "POST /releases/{turn}": Right.RELEASES_KEEP,
    **dict.fromkeys(PROGRAM_ROUTES, Who.PROGRAMS),
    "GET /schools/{code}/programs": Right.PROGRAMS_KEEP,
    "POST /schools/{code}/programs/tokens": Right.PROGRAMS_KEEP,
    "POST /schools/{code}/programs/tokens/{token_id}/revoke": Right.PROGRAMS_KEEP,
    "POST /schools/{code}/programs/webhooks": Right.PROGRAMS_KEEP,
    "POST /schools/{code}/programs/webhooks/{webhook_id}/secret": Right.PROGRAMS_KEEP,
    "POST /schools/{code}/programs/webhooks/{webhook_id}/test": Right.PROGRAMS_KEEP,
    "POST /schools/{code}/programs/webhooks/{webhook_id}/end": Right.PROGRAMS_KEEP,
}


def welcome(key: str) -> frozenset[Role]:
    """Return the roles that a route lets in, held at the school of its path, or as kin of its child, or everywhere."""
    asked, (_, _, path) = ROUTES[key], key.partition(" ")
    if isinstance(asked, Who):
        return frozenset() if asked in NO_ACCOUNTS else frozenset(Role)
    if path in OF_OWN_CLASSES:
        return OWN_CLASSES[asked]
    if "{code}" in path or path == "/region":
        return WHOLE_SCHOOL[asked]
    if path.startswith("/go/"):
        return roles_of("today")
    everywhere = frozenset(role for role, within in TABLE[asked].who.items() if within is Within.ALL)
    return everywhere or OWN_PEOPLE[asked]
