"""Where each role's pages stand, and the way between them."""

from dataclasses import dataclass

from cloud.core.actor import Actor, Role
from cloud.core.i18n import N_

ACCOUNT = "/account"
SIGN_IN = "/sign-in"


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the menu: a key that a page names as its own, the label, the address."""

    key: str
    label: str
    address: str


@dataclass(frozen=True, slots=True)
class _Place:
    key: str
    role: Role
    label: str
    path: str  # below the school's own address, or from the root for who works at none


PLACES = (
    _Place("children", Role.GUARDIAN, N_("Children"), "/"),
    _Place("notices", Role.GUARDIAN, N_("Notices"), "/notices"),
    _Place("gate", Role.GUARD, N_("At the gate"), "gate"),
    _Place("muster", Role.GUARD, N_("Muster list"), "muster"),
    _Place("today", Role.OFFICE, N_("Today"), "office"),
    _Place("money", Role.OFFICE, N_("Money"), "money"),
    _Place("reports", Role.OFFICE, N_("Reports"), "reports"),
    _Place("import", Role.OFFICE, N_("Import"), "import"),
    _Place("entitlements", Role.OFFICE, N_("Free meals"), "entitlements"),
    _Place("wallet", Role.OFFICE, N_("Social Wallet"), "wallet"),
    _Place("approvals", Role.DIRECTOR, N_("To approve"), "approvals"),
    _Place("reports_to_sign", Role.DIRECTOR, N_("Reports"), "reports"),
    _Place("menu", Role.CANTEEN, N_("Menu"), "menu"),
    _Place("dishes", Role.CANTEEN, N_("Dishes"), "dishes"),
    _Place("sold", Role.CANTEEN, N_("Sold"), "sold"),
    _Place("reports_to_see", Role.CANTEEN, N_("Reports"), "reports"),
    _Place("devices", Role.IT, N_("Devices"), "devices"),
    _Place("alarms", Role.IT, N_("Alarms"), "alarms"),
    _Place("all_alarms", Role.OPERATOR, N_("Alarms of all schools"), "/alarms"),
    _Place("audit", Role.OFFICE, N_("Who did what"), "audit"),
    _Place("audit_of_director", Role.DIRECTOR, N_("Who did what"), "audit"),
    _Place("audit_of_it", Role.IT, N_("Who did what"), "audit"),
    _Place("audit_of_auditor", Role.AUDITOR, N_("Who did what"), "audit"),
    _Place("all_audit", Role.OPERATOR, N_("Who did what: all schools"), "/audit"),
    _Place("releases", Role.OPERATOR, N_("Releases"), "/releases"),
)


def sections_of(actor: Actor, school: str) -> list[Section]:
    """Return the menu of an actor; entries lead to the given school, or to `/go/...`, which finds one."""
    if actor.must_change:
        return []
    sections: dict[tuple[str, str], Section] = {}  # who has two roles sees a page that both have once
    for place in PLACES:
        if _has(actor, place.role):
            section = Section(place.key, place.label, _address(place, school))
            sections.setdefault((place.label, place.path), section)
    return list(sections.values())


def home_of(actor: Actor) -> str:
    """Return where an actor begins: a password that must change first, then the first page of its roles."""
    if actor.must_change:
        return ACCOUNT
    sections = sections_of(actor, "")
    return sections[0].address if sections else ACCOUNT


def role_of(key: str) -> Role | None:
    """Return the role that a section of the menu is for."""
    return next((place.role for place in PLACES if place.key == key), None)


def address_of(key: str, school: str) -> str:
    """Return a section's address at a school."""
    return next(_address(place, school) for place in PLACES if place.key == key)


def _has(actor: Actor, role: Role) -> bool:
    if role is not Role.GUARDIAN and actor.is_operator:
        return True
    return any(reach.role is role for reach in actor.reaches)


def _address(place: _Place, school: str) -> str:
    if place.role in {Role.GUARDIAN, Role.OPERATOR}:
        return place.path
    return f"/schools/{school}/{place.path}" if school else f"/go/{place.key}"
