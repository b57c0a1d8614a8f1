"""What rights there are, of which kinds of things, how far each reaches, and the groups of roles that have them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from cloud.core.roles import Role


class Within(Enum):
    """How far a right reaches."""

    OWN = "own"  # the account's own person
    CHILD = "child"  # the children whose guardian it is
    COURSE = "course"  # what the account's own person teaches: a subject to a class or a group of it
    CLASS = "class"  # the classes that are named for the account
    SCHOOL = "school"
    REGION = "region"  # every school below a node of the tree
    ALL = "all"


class Thing(Enum):
    """Kinds of things, as the table is divided."""

    PEOPLE = "people"
    GATES = "gates"
    CARDS = "cards"
    CANTEEN = "canteen"
    MONEY = "money"
    REPORTS = "reports"
    SCHOOL = "school"
    LEARNING = "learning"
    DEVICES = "devices"
    ACCOUNTS = "accounts"


class Right(StrEnum):
    """An action on a kind of thing."""

    PEOPLE_READ = "people.read"
    PEOPLE_KEEP = "people.keep"
    PEOPLE_IMPORT = "people.import"
    FAMILY_READ = "family.read"
    FAMILY_KEEP = "family.keep"
    FAMILY_INVITE = "family.invite"
    IIN_READ = "iin.read"
    CONSENTS_KEEP = "consents.keep"
    CONSENTS_GIVE = "consents.give"
    FAMILY_SHARE = "family.share"
    FAMILY_DATA = "family.data"
    CORRECTIONS_ANSWER = "corrections.answer"
    PHOTOS_READ = "photos.read"
    PHOTOS_KEEP = "photos.keep"
    NOTICES_READ = "notices.read"
    NOTICES_CHECK = "notices.check"
    NOTICES_KEEP = "notices.keep"
    PRESENCE_READ = "presence.read"
    REGISTER_READ = "register.read"
    REGISTER_KEEP = "register.keep"
    ABSENCES_TELL = "absences.tell"
    ABSENCES_READ = "absences.read"
    ABSENCES_ANSWER = "absences.answer"
    TRIPS_KEEP = "trips.keep"
    COLLECTORS_NAME = "collectors.name"
    COLLECTORS_READ = "collectors.read"
    ALERTS_DECIDE = "alerts.decide"
    GATES_WATCH = "gates.watch"
    GATEBOOK_READ = "gatebook.read"
    GATE_RULES_KEEP = "gate_rules.keep"
    PASSES_GIVE = "passes.give"
    CARDS_READ = "cards.read"
    CARDS_KEEP = "cards.keep"
    CARDS_BLOCK = "cards.block"
    CARD_KEYS_CHANGE = "card_keys.change"
    MENU_READ = "menu.read"
    MENU_PLAN = "menu.plan"
    CANTEEN_RULES_READ = "canteen_rules.read"
    CANTEEN_RULES_KEEP = "canteen_rules.keep"
    TILLS_KEEP = "tills.keep"
    DIETS_KEEP = "diets.keep"
    LIMITS_KEEP = "limits.keep"
    ORDERS_MAKE = "orders.make"
    ORDERS_READ = "orders.read"
    MEALS_READ = "meals.read"
    MEALS_RATE = "meals.rate"
    RATINGS_READ = "ratings.read"
    SALES_READ = "sales.read"
    SALES_DECIDE = "sales.decide"
    SALES_CORRECT = "sales.correct"
    ENTITLEMENTS_READ = "entitlements.read"
    ENTITLEMENTS_KEEP = "entitlements.keep"
    ENTITLEMENTS_END = "entitlements.end"
    ENTITLEMENTS_APPROVE = "entitlements.approve"
    WALLET_READ = "wallet.read"
    WALLET_KEEP = "wallet.keep"
    BALANCE_READ = "balance.read"
    MONEY_READ = "money.read"
    MONEY_KEEP = "money.keep"
    CASHBOX_PUT = "cashbox.put"
    REPORTS_READ = "reports.read"
    ATTENDANCE_REPORTS_READ = "attendance_reports.read"
    REPORTS_KEEP = "reports.keep"
    REPORTS_SIGN = "reports.sign"
    REPORTS_CHECK = "reports.check"
    STATISTICS_READ = "statistics.read"
    INDICATORS_READ = "indicators.read"
    REPORTS_BUILD = "reports.build"
    SCHOOLS_READ = "schools.read"
    SCHOOL_KEEP = "school.keep"
    SCHOOL_EXPORT = "school.export"
    SCHOOLS_ADD = "schools.add"
    DEVICES_KEEP = "devices.keep"
    DEVICES_COMMAND = "devices.command"
    GUARDS_KEEP = "guards.keep"
    ALARMS_READ = "alarms.read"
    SERVERS_WATCH = "servers.watch"
    MAINTENANCE_PLAN = "maintenance.plan"
    PROGRAMS_KEEP = "programs.keep"
    RELEASES_KEEP = "releases.keep"
    ROSTERS_PUBLISH = "rosters.publish"
    SQL_ACCESS_KEEP = "sql_access.keep"
    RESOURCES_OPEN = "resources.open"
    RESOURCES_KEEP = "resources.keep"
    RESOURCES_VERIFY = "resources.verify"
    RESOURCES_USAGE = "resources.usage"
    RESULTS_READ = "results.read"
    SIGN_ON_KEEP = "sign_on.keep"
    MESSAGES_READ = "messages.read"
    MESSAGES_WRITE = "messages.write"
    MESSAGES_APPROVE = "messages.approve"
    STUDIES_READ = "studies.read"
    STUDIES_KEEP = "studies.keep"
    PLANS_READ = "plans.read"
    PLANS_KEEP = "plans.keep"
    LESSONS_KEEP = "lessons.keep"
    TIMETABLE_READ = "timetable.read"
    TIMETABLE_KEEP = "timetable.keep"
    JOURNAL_READ = "journal.read"
    JOURNAL_KEEP = "journal.keep"
    JOURNAL_CORRECT = "journal.correct"
    GRADING_KEEP = "grading.keep"
    DIARY_READ = "diary.read"
    HOMEWORK_READ = "homework.read"
    HOMEWORK_SET = "homework.set"
    HOMEWORK_HAND_IN = "homework.hand_in"
    HOMEWORK_NORMS = "homework.norms"
    TESTS_MAKE = "tests.make"
    TESTS_GIVE = "tests.give"
    TESTS_READ = "tests.read"
    TESTS_TAKE = "tests.take"
    TESTS_SEE = "tests.see"
    PROFILES_READ = "profiles.read"
    PROFILES_KEEP = "profiles.keep"
    PORTFOLIO_ADD = "portfolio.add"
    PORTFOLIO_CONFIRM = "portfolio.confirm"
    PROFILES_SENSITIVE = "profiles.sensitive"
    ADVICE_READ = "advice.read"
    ADVICE_KEEP = "advice.keep"
    ADVICE_RULES_KEEP = "advice_rules.keep"
    EXAMS_KEEP = "exams.keep"
    FITNESS_KEEP = "fitness.keep"
    STAFF_PROFILES_READ = "staff_profiles.read"
    STAFF_PROFILES_KEEP = "staff_profiles.keep"
    STAFF_PROFILE_OWN = "staff_profile.own"
    TALKS_JOIN = "talks.join"
    TALKS_TEACH = "talks.teach"
    TALKS_LEAD = "talks.lead"
    TALKS_MODERATE = "talks.moderate"
    TALKS_EXPORT = "talks.export"
    FORUM_KEEP = "forum.keep"
    BOARD_READ = "board.read"
    BOARD_POST = "board.post"
    QUESTIONNAIRES_KEEP = "questionnaires.keep"
    QUESTIONNAIRES_ANSWER = "questionnaires.answer"
    CALLS_SET = "calls.set"
    CALLS_HOLD = "calls.hold"
    CALLS_JOIN = "calls.join"
    FAQ_KEEP = "faq.keep"
    QUESTIONS_ANSWER = "questions.answer"
    QUESTIONS_TAKE = "questions.take"
    ROLES_READ = "roles.read"
    ROLES_GIVE = "roles.give"
    AUDIT_READ = "audit.read"
    ACCOUNTS_READ = "accounts.read"
    ACCOUNTS_KEEP = "accounts.keep"


@dataclass(frozen=True, slots=True)
class Allowed:
    """A row of the table: the kind of thing, the words of the right, and who has it within which reach."""

    thing: Thing
    words: str
    who: Mapping[Role, Within]


def at_school(*roles: Role) -> dict[Role, Within]:
    """Return the reach of roles that have a right at their own school."""
    return dict.fromkeys(roles, Within.SCHOOL)


KIN = {Role.GUARDIAN: Within.CHILD, Role.STUDENT: Within.OWN}
PARENTS = {Role.GUARDIAN: Within.CHILD}
OF_CLASS = dict.fromkeys((Role.CLASS_TEACHER, Role.TEACHER, Role.TUTOR), Within.CLASS)
MARKING = dict.fromkeys((Role.CLASS_TEACHER, Role.TEACHER), Within.CLASS)
OPERATORS = {Role.OPERATOR: Within.ALL}
AUTHORITIES = {Role.AUTHORITY: Within.REGION}
HEADS = (Role.DEPUTY, Role.DIRECTOR)
EVERYBODY_AT_WORK = (
    Role.TEACHER, Role.CLASS_TEACHER, Role.TUTOR, Role.METHODOLOGIST, Role.PEDAGOGUE, Role.NURSE, Role.CASHIER,
    Role.CANTEEN, Role.GUARD, Role.OFFICE, Role.DEPUTY, Role.DIRECTOR, Role.IT,
)  # fmt: skip
