"""Where each role's pages stand, and the way between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloud.core.actor import Actor, Role
from cloud.core.i18n import N_
from cloud.core.rights import HEADS, Right
from cloud.core.rights_kinds import EVERYBODY_AT_WORK

ACCOUNT = "/account"
SECOND_STEP = "/account/second-step"
SIGN_IN = "/sign-in"


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the menu: a key that a page names as its own, the label, the address."""

    key: str
    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Group:
    """Sections of the menu that stand under one word; one section alone stands for itself, without a word."""

    label: str
    sections: Sequence[Section]

    def holds(self, key: str) -> bool:
        """Tell whether a page of this section's key is found here."""
        return any(each.key == key for each in self.sections)

    def waiting(self, counts: Mapping[str, int]) -> int:
        """Return how much waits for the reader in its sections."""
        return sum(counts.get(each.key, 0) for each in self.sections)


@dataclass(frozen=True, slots=True)
class _Place:
    key: str
    right: Right  # that the page asks for
    roles: frozenset[Role]  # whose daily work it is; a right alone puts nothing into a menu
    label: str
    path: str  # below the school's own address; from the root, with a slash before it, for who works at none


def _place(key: str, right: Right, label: str, path: str, *roles: Role) -> _Place:
    return _Place(key, right, frozenset(roles), label, path)


KEEPERS = (Role.METHODOLOGIST, Role.PEDAGOGUE, *HEADS)  # of questionnaires
PLACES = (
    _place("children", Right.PRESENCE_READ, N_("Children"), "/", Role.GUARDIAN),
    _place("children", Right.PRESENCE_READ, N_("My day"), "/", Role.STUDENT),
    _place("notices", Right.NOTICES_READ, N_("Notices"), "/notices", Role.GUARDIAN),
    _place("morning", Right.REGISTER_READ, N_("Morning"), "morning", Role.CLASS_TEACHER),
    _place("messages", Right.MESSAGES_READ, N_("Messages"), "/messages", Role.GUARDIAN),
    _place(
        "questionnaires", Right.QUESTIONNAIRES_ANSWER, N_("Questionnaires"), "/questionnaires", Role.GUARDIAN,
        Role.STUDENT,
    ),
    _place("class", Right.PRESENCE_READ, N_("My class"), "class", Role.CLASS_TEACHER, Role.TEACHER, Role.TUTOR),
    _place("register", Right.REGISTER_READ, N_("Register"), "register", Role.CLASS_TEACHER, Role.TEACHER, Role.TUTOR),
    _place("journal", Right.JOURNAL_READ, N_("Journal"), "journal", Role.TEACHER, Role.CLASS_TEACHER),
    _place("homework", Right.HOMEWORK_READ, N_("Homework"), "homework", Role.TEACHER, Role.CLASS_TEACHER),
    _place("tests", Right.TESTS_READ, N_("Tests"), "tests", Role.TEACHER, Role.CLASS_TEACHER),
    _place("messages", Right.MESSAGES_WRITE, N_("Messages"), "messages", Role.CLASS_TEACHER, *HEADS),
    _place("region", Right.STATISTICS_READ, N_("Schools"), "/region", Role.AUTHORITY),
    _place("region_reports", Right.REPORTS_READ, N_("Reports of schools"), "/region/reports", Role.AUTHORITY),
    _place("gate", Right.GATES_WATCH, N_("At the gate"), "gate", Role.GUARD),
    _place("muster", Right.GATES_WATCH, N_("Muster list"), "muster", Role.GUARD),
    _place("today", Right.PRESENCE_READ, N_("Today"), "office", Role.OFFICE, Role.DEPUTY, Role.DIRECTOR),
    _place("register", Right.REGISTER_READ, N_("Register"), "register", Role.OFFICE, Role.DEPUTY, Role.DIRECTOR),
    _place("statistics", Right.STATISTICS_READ, N_("Statistics"), "statistics", Role.CLASS_TEACHER, *HEADS),
    _place("journal", Right.JOURNAL_READ, N_("Journal"), "journal", *HEADS),
    _place("homework", Right.HOMEWORK_READ, N_("Homework"), "homework", *HEADS),
    _place(
        "timetable",
        Right.TIMETABLE_READ,
        N_("Timetable"),
        "timetable",
        Role.CLASS_TEACHER,
        Role.TEACHER,
        Role.TUTOR,
        Role.OFFICE,
        Role.DEPUTY,
    ),
    _place("money", Right.MONEY_READ, N_("Money"), "money", Role.OFFICE),
    _place("reports", Right.REPORTS_READ, N_("Reports"), "reports", Role.OFFICE, Role.DEPUTY, Role.DIRECTOR),
    _place("builder", Right.REPORTS_BUILD, N_("Report builder"), "builder", Role.DEPUTY, Role.DIRECTOR),
    _place(
        "studies",
        Right.STUDIES_READ,
        N_("Studies"),
        "courses",
        Role.OFFICE,
        Role.TEACHER,
        Role.CLASS_TEACHER,
        Role.TUTOR,
        *HEADS,
    ),
    _place("import", Right.PEOPLE_IMPORT, N_("Import"), "import", Role.OFFICE),
    _place("corrections", Right.CORRECTIONS_ANSWER, N_("Corrections"), "corrections", Role.OFFICE),
    _place("entitlements", Right.ENTITLEMENTS_KEEP, N_("Free meals"), "entitlements", Role.OFFICE, Role.PEDAGOGUE),
    _place("wallet", Right.WALLET_READ, N_("Social Wallet"), "wallet", Role.OFFICE, Role.PEDAGOGUE),
    _place("approvals", Right.ENTITLEMENTS_APPROVE, N_("To approve"), "approvals", Role.DIRECTOR),
    _place("diets", Right.DIETS_KEEP, N_("Diets"), "diets", Role.NURSE),
    _place("menu", Right.MENU_PLAN, N_("Menu"), "menu", Role.CANTEEN),
    _place("dishes", Right.MENU_PLAN, N_("Dishes"), "dishes", Role.CANTEEN),
    _place("orders", Right.ORDERS_READ, N_("Ordered"), "orders", Role.CASHIER),
    _place("sold", Right.SALES_READ, N_("Sold"), "sold", Role.CANTEEN),
    _place("reports", Right.REPORTS_READ, N_("Reports"), "reports", Role.CANTEEN),
    _place("devices", Right.DEVICES_KEEP, N_("Devices"), "devices", Role.IT),
    _place("accounts", Right.ACCOUNTS_READ, N_("Accounts"), "accounts", Role.OFFICE, Role.DIRECTOR, Role.IT),
    _place("roles", Right.ROLES_READ, N_("Roles"), "roles", Role.OFFICE, Role.DIRECTOR, Role.IT),
    _place("attempts", Right.ACCOUNTS_READ, N_("Failed attempts"), "attempts", Role.IT),
    _place("programs", Right.PROGRAMS_KEEP, N_("Programs"), "programs", Role.IT),
    _place("alarms", Right.ALARMS_READ, N_("Alarms"), "alarms", Role.IT),
    _place(
        "shelf",
        Right.RESOURCES_OPEN,
        N_("Textbooks"),
        "/resources",
        Role.STUDENT,
        Role.TEACHER,
        Role.CLASS_TEACHER,
        Role.TUTOR,
        Role.METHODOLOGIST,
    ),
    _place("resources", Right.RESOURCES_KEEP, N_("Resources"), "resources", Role.METHODOLOGIST, Role.OFFICE,
           Role.DEPUTY),
    _place("journal", Right.JOURNAL_READ, N_("Journal"), "journal", Role.METHODOLOGIST),
    _place("homework", Right.HOMEWORK_READ, N_("Homework"), "homework", Role.METHODOLOGIST),
    _place("tests", Right.TESTS_READ, N_("Tests"), "tests", Role.METHODOLOGIST, *HEADS),
    _place("studies", Right.STUDIES_READ, N_("Studies"), "courses", Role.METHODOLOGIST),
    _place(
        "portfolio", Right.PROFILES_READ, N_("Profiles"), "portfolio",
        Role.CLASS_TEACHER, Role.METHODOLOGIST, Role.PEDAGOGUE, Role.OFFICE, *HEADS,
    ),
    _place(
        "own_profile", Right.STAFF_PROFILE_OWN, N_("My profile"), "/profile",
        Role.TEACHER, Role.CLASS_TEACHER, Role.TUTOR, Role.METHODOLOGIST,
    ),
    _place(
        "talks", Right.TALKS_JOIN, N_("Chats and forum"), "/talks",
        Role.GUARDIAN, Role.STUDENT, Role.TEACHER, Role.CLASS_TEACHER, Role.TUTOR, Role.METHODOLOGIST, Role.PEDAGOGUE,
        *HEADS,
    ),
    _place(
        "announcements", Right.BOARD_READ, N_("Announcements"), "/announcements",
        Role.GUARDIAN, Role.STUDENT, *EVERYBODY_AT_WORK,
    ),
    _place("questionnaires", Right.QUESTIONNAIRES_KEEP, N_("Questionnaires"), "questionnaires", *KEEPERS),
    _place(
        "questionnaires", Right.QUESTIONNAIRES_ANSWER, N_("Questionnaires"), "/questionnaires",
        *(role for role in EVERYBODY_AT_WORK if role not in KEEPERS),
    ),
    _place("calls", Right.CALLS_SET, N_("Video lessons"), "calls", Role.IT),
    _place("sign_on", Right.SIGN_ON_KEEP, N_("Single sign-on"), "sign-on", Role.IT),
    _place("all_alarms", Right.ALARMS_READ, N_("Alarms of all schools"), "/alarms", Role.OPERATOR),
    _place("audit", Right.AUDIT_READ, N_("Who did what"), "audit", Role.OFFICE, Role.DIRECTOR, Role.IT, Role.AUDITOR),
    _place("questions", Right.QUESTIONS_ANSWER, N_("Questions"), "questions", Role.IT),
    _place("builder", Right.REPORTS_BUILD, N_("Report builder"), "builder", Role.CLASS_TEACHER, Role.IT),
    _place("indicators", Right.INDICATORS_READ, N_("Indicators"), "indicators", Role.METHODOLOGIST, Role.OFFICE,
           *HEADS),
    _place("export", Right.SCHOOL_EXPORT, N_("Take everything out"), "export", Role.DIRECTOR, Role.IT),
    _place("servers", Right.SERVERS_WATCH, N_("Servers"), "/servers", Role.OPERATOR),
    _place("maintenance", Right.MAINTENANCE_PLAN, N_("Maintenance"), "/maintenance", Role.OPERATOR),
    _place("security", Right.ALARMS_READ, N_("Security events"), "/security", Role.OPERATOR),
    _place("all_audit", Right.AUDIT_READ, N_("Who did what: all schools"), "/audit", Role.OPERATOR),
    _place("all_questions", Right.QUESTIONS_TAKE, N_("Questions left to the operator"), "/questions", Role.OPERATOR),
    _place("releases", Right.RELEASES_KEEP, N_("Releases"), "/releases", Role.OPERATOR),
)  # fmt: skip

# Who has few sections has each in the menu; who has more has what is done all day long, and these words for the rest.
ALONE_MAX = 4  # sections that a phone shows in a line or two; who has more finds some under a word
GROUPS = {
    N_("Learning"): (
        "journal",
        "homework",
        "tests",
        "timetable",
        "studies",
        "shelf",
        "resources",
        "portfolio",
        "own_profile",
    ),
    N_("Talking"): ("messages", "talks", "announcements", "questionnaires"),
    N_("Canteen and money"): ("money", "entitlements", "wallet", "approvals", "orders", "sold"),
    N_("Reports"): ("statistics", "indicators", "reports", "builder"),
    N_("People"): ("import", "corrections", "accounts", "roles", "attempts"),
    N_("System"): ("programs", "calls", "sign_on", "alarms", "audit", "export"),
}


def menu_of(sections: Sequence[Section]) -> list[Group]:
    """Return the menu's entries in the order of the sections, those that belong together under one word."""
    if len(sections) <= ALONE_MAX:
        return [Group(each.label, [each]) for each in sections]
    words = {key: word for word, keys in GROUPS.items() for key in keys}
    menu: dict[str, list[Section]] = {}
    for each in sections:
        menu.setdefault(words.get(each.key, each.address), []).append(each)
    return [Group(word if len(held) > 1 else held[0].label, held) for word, held in menu.items()]


def sections_of(actor: Actor, school: str) -> list[Section]:
    """Return the menu of an actor; entries lead to the given school, or to `/go/...`, which finds one."""
    if actor.must_change:
        return []
    sections: dict[tuple[str, str], Section] = {}  # who has two roles sees a page that both have once
    for place in PLACES:
        if _has(actor, place.roles):
            section = Section(place.key, place.label, _address(place, school))
            sections.setdefault((place.label, place.path), section)
    return list(sections.values())


def home_of(actor: Actor) -> str:
    """Return where an actor begins: a password that must change first, then the first page of its roles."""
    if actor.must_change:
        return ACCOUNT
    if actor.must_enrol:
        return SECOND_STEP
    sections = sections_of(actor, "")
    return sections[0].address if sections else ACCOUNT


def is_first_page(actor: Actor, path: str) -> bool:
    """Tell whether an address is the first page of an actor's day; a gate's screen has room for its own alone."""
    parts = path.split("/")
    sections = sections_of(actor, parts[2] if path.startswith("/schools/") and len(parts) > 2 else "")
    if not sections or sections[0].key == "gate":
        return False
    address = sections[0].address
    return path == address or (address != "/" and path.startswith(f"{address}/"))


def roles_of(key: str) -> frozenset[Role]:
    """Return the roles whose daily work a section of the menu is; none for no section."""
    return frozenset().union(*(place.roles for place in PLACES if place.key == key))


def address_of(key: str, school: str) -> str:
    """Return a section's address at a school."""
    return next(_address(place, school) for place in PLACES if place.key == key)


def _has(actor: Actor, roles: frozenset[Role]) -> bool:
    return any(reach.role in roles for reach in actor.reaches)


def _address(place: _Place, school: str) -> str:
    if place.path.startswith("/"):
        return place.path
    return f"/schools/{school}/{place.path}" if school else f"/go/{place.key}"
