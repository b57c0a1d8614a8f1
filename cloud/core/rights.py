"""The one table of rights: what may be done with which kind of thing, by whom, and how far each one's arm reaches.

Rule: what is not written here nobody may. `docs/rights.md` is made of this table, and a test takes every route with
every role and compares.
"""

from collections.abc import Iterable, Mapping

from cloud.core.i18n import N_
from cloud.core.rights_kinds import (
    AUTHORITIES,
    EVERYBODY_AT_WORK,
    HEADS,
    KIN,
    MARKING,
    OF_CLASS,
    OPERATORS,
    PARENTS,
    Allowed,
    Right,
    Thing,
    Within,
    at_school,
)
from cloud.core.rights_learning import LEARNING
from cloud.core.roles import Role

__all__ = ["GRANTS", "HEADS", "OWN_CLASSES", "OWN_COURSES", "OWN_PEOPLE", "TABLE", "WHOLE_SCHOOL", "Right", "Thing",
           "Within", "holders"]  # fmt: skip

TABLE: Mapping[Right, Allowed] = {
    Right.PEOPLE_READ: Allowed(
        Thing.PEOPLE, N_("See names, classes, and who consented to cards and photos"),
        at_school(Role.PEDAGOGUE, Role.NURSE, Role.GUARD, Role.OFFICE, *HEADS, Role.IT),
    ),
    Right.PEOPLE_KEEP: Allowed(Thing.PEOPLE, N_("Enter people, change them, note who left"), at_school(Role.OFFICE)),
    Right.PEOPLE_IMPORT: Allowed(Thing.PEOPLE, N_("Take in people from a spreadsheet"), at_school(Role.OFFICE)),
    Right.FAMILY_READ: Allowed(Thing.PEOPLE, N_("See who a child's guardians are, and their phones"),
                               at_school(Role.OFFICE)),
    Right.FAMILY_KEEP: Allowed(Thing.PEOPLE, N_("Say who a child's guardians are, and what each may do"),
                               at_school(Role.OFFICE)),
    Right.FAMILY_INVITE: Allowed(Thing.PEOPLE, N_("Open accounts for guardians"), at_school(Role.OFFICE, Role.IT)),
    Right.IIN_READ: Allowed(Thing.PEOPLE, N_("See an IIN; each look stands in the audit journal"),
                            at_school(Role.OFFICE)),
    Right.CONSENTS_KEEP: Allowed(Thing.PEOPLE, N_("See consents, and enter those given or withdrawn on paper"),
                                 at_school(Role.OFFICE)),
    Right.CONSENTS_GIVE: Allowed(Thing.PEOPLE, N_("Answer about a child's consents"), PARENTS),
    Right.FAMILY_SHARE: Allowed(Thing.PEOPLE, N_("Add relatives for a term, with some of the own rights"), PARENTS),
    Right.FAMILY_DATA: Allowed(
        Thing.PEOPLE, N_("Take home what is kept of oneself and one's child, and ask to correct it"), PARENTS
    ),
    Right.CORRECTIONS_ANSWER: Allowed(Thing.PEOPLE, N_("Answer what families ask to correct"), at_school(Role.OFFICE)),
    Right.PHOTOS_READ: Allowed(Thing.PEOPLE, N_("See photos of people"), at_school(Role.GUARD, Role.OFFICE, *HEADS)),
    Right.PHOTOS_KEEP: Allowed(Thing.PEOPLE, N_("Put photos of people, and take them away"), at_school(Role.OFFICE)),
    Right.NOTICES_READ: Allowed(Thing.PEOPLE, N_("Read the notices about one's children"), PARENTS),
    Right.NOTICES_CHECK: Allowed(Thing.PEOPLE, N_("See which notices about a child were sent"), at_school(Role.OFFICE)),
    Right.MESSAGES_READ: Allowed(Thing.PEOPLE, N_("Read what the school writes to the family, and answer"), PARENTS),
    Right.MESSAGES_WRITE: Allowed(
        Thing.PEOPLE, N_("Write to families: class teachers to their own classes, the office and heads to all"),
        at_school(Role.OFFICE, *HEADS) | {Role.CLASS_TEACHER: Within.CLASS},
    ),
    Right.MESSAGES_APPROVE: Allowed(
        Thing.PEOPLE, N_("Approve what the office writes to many families, and take back what was sent"),
        at_school(*HEADS),
    ),
    Right.NOTICES_KEEP: Allowed(
        Thing.PEOPLE, N_("Send again what did not reach a guardian, and limit what SMS costs"), at_school(Role.OFFICE)
    ),
    Right.PRESENCE_READ: Allowed(
        Thing.GATES, N_("See who is in, who came late and who is absent"),
        at_school(Role.OFFICE, *HEADS) | OF_CLASS | KIN,
    ),
    Right.REGISTER_READ: Allowed(Thing.GATES, N_("See who was in class on a day, and why not"),
                                 at_school(Role.OFFICE, *HEADS) | OF_CLASS),
    Right.REGISTER_KEEP: Allowed(
        Thing.GATES, N_("Mark who is in class; a teacher today, the office and deputies also earlier days"),
        at_school(Role.OFFICE, Role.DEPUTY) | MARKING,
    ),
    Right.ABSENCES_TELL: Allowed(Thing.GATES, N_("Tell the school of a child's absence, and take it back"), PARENTS),
    Right.ABSENCES_READ: Allowed(
        Thing.GATES, N_("See what families tell of absences, and doctors' papers; each look at a paper is noted"),
        at_school(Role.NURSE, Role.OFFICE, *HEADS) | MARKING,
    ),
    Right.ABSENCES_ANSWER: Allowed(
        Thing.GATES, N_("Accept what families tell of absences, or ask back"),
        at_school(Role.OFFICE, Role.DEPUTY) | MARKING,
    ),
    Right.TRIPS_KEEP: Allowed(Thing.GATES, N_("Write down trips of classes, and who goes along"),
                              at_school(Role.OFFICE, Role.DEPUTY) | MARKING),
    Right.COLLECTORS_NAME: Allowed(Thing.GATES, N_("Say who may collect one's child, and who may not"), PARENTS),
    Right.COLLECTORS_READ: Allowed(Thing.GATES, N_("See who may collect a child, without phones"),
                                   at_school(Role.GUARD, Role.OFFICE, *HEADS) | OF_CLASS),
    Right.ALERTS_DECIDE: Allowed(
        Thing.GATES, N_("See held alerts of absence, tell parents after all or not, set when they are held"),
        at_school(Role.OFFICE, *HEADS),
    ),
    Right.GATES_WATCH: Allowed(Thing.GATES, N_("Watch the gates live, and print the muster list"),
                               at_school(Role.GUARD, Role.OFFICE, *HEADS)),
    Right.GATEBOOK_READ: Allowed(
        Thing.GATES, N_("See visitors, deliveries, openings by hand, handovers of children, fires and lockdowns"),
        at_school(Role.GUARD, Role.OFFICE, *HEADS, Role.IT),
    ),
    Right.GATE_RULES_KEEP: Allowed(Thing.GATES, N_("Set what a fire and a lockdown do at each gate"),
                                   at_school(*HEADS, Role.IT)),
    Right.PASSES_GIVE: Allowed(Thing.GATES, N_("Get a code for a day without the card"),
                               at_school(Role.OFFICE) | PARENTS),
    Right.CARDS_READ: Allowed(Thing.CARDS, N_("See who holds which card"), at_school(Role.OFFICE)),
    Right.CARDS_KEEP: Allowed(Thing.CARDS, N_("Give cards out and take them back"), at_school(Role.OFFICE, Role.IT)),
    Right.CARDS_BLOCK: Allowed(Thing.CARDS, N_("Block a lost card"),
                               at_school(Role.GUARD, Role.OFFICE, Role.IT) | PARENTS),
    Right.CARD_KEYS_CHANGE: Allowed(Thing.CARDS, N_("Change the school's card key"), at_school(Role.IT)),
    Right.MENU_READ: Allowed(
        Thing.CANTEEN, N_("See dishes and menus"),
        at_school(Role.NURSE, Role.CASHIER, Role.CANTEEN, Role.OFFICE, *HEADS) | KIN,
    ),
    Right.MENU_PLAN: Allowed(Thing.CANTEEN, N_("Plan dishes, meals and menus"), at_school(Role.CANTEEN)),
    Right.CANTEEN_RULES_READ: Allowed(Thing.CANTEEN, N_("See the canteen's rules"),
                                      at_school(Role.CANTEEN, Role.OFFICE, *HEADS)),
    Right.CANTEEN_RULES_KEEP: Allowed(Thing.CANTEEN, N_("Set the canteen's rules"),
                                      at_school(Role.CANTEEN, Role.DIRECTOR)),
    Right.TILLS_KEEP: Allowed(Thing.CANTEEN, N_("Set up tills and cashiers' PINs"), at_school(Role.CANTEEN, Role.IT)),
    Right.DIETS_KEEP: Allowed(Thing.CANTEEN, N_("See and keep the allergens that a child must not eat"),
                              at_school(Role.NURSE, Role.OFFICE)),
    Right.LIMITS_KEEP: Allowed(Thing.CANTEEN, N_("Ban dishes and limit spending"), PARENTS),
    Right.ORDERS_MAKE: Allowed(Thing.CANTEEN, N_("Order meals ahead"), PARENTS),
    Right.ORDERS_READ: Allowed(Thing.CANTEEN, N_("See how many portions are ordered, and for whom"),
                               at_school(Role.CASHIER, Role.CANTEEN, Role.OFFICE, *HEADS)),
    Right.MEALS_READ: Allowed(Thing.CANTEEN, N_("See what was eaten, day by day"), KIN),
    Right.MEALS_RATE: Allowed(Thing.CANTEEN, N_("Rate meals"), KIN),
    Right.RATINGS_READ: Allowed(Thing.CANTEEN, N_("Read the ratings of meals, without names"),
                                at_school(Role.CANTEEN, Role.OFFICE, *HEADS)),
    Right.SALES_READ: Allowed(Thing.CANTEEN, N_("See what the tills sold, and to whom"),
                              at_school(Role.CANTEEN, Role.OFFICE, *HEADS)),
    Right.SALES_DECIDE: Allowed(Thing.CANTEEN, N_("Decide about odd sales"), at_school(Role.OFFICE, Role.DIRECTOR)),
    Right.SALES_CORRECT: Allowed(Thing.CANTEEN, N_("Give a meal's money back, put a sale right"),
                                 at_school(Role.OFFICE)),
    Right.ENTITLEMENTS_READ: Allowed(Thing.CANTEEN, N_("See who eats free or for less"),
                                     at_school(Role.PEDAGOGUE, Role.OFFICE, Role.DIRECTOR)),
    Right.ENTITLEMENTS_KEEP: Allowed(Thing.CANTEEN, N_("Keep the lists of who eats free or for less"),
                                     at_school(Role.PEDAGOGUE, Role.OFFICE)),
    Right.ENTITLEMENTS_END: Allowed(Thing.CANTEEN, N_("Take somebody from these lists"),
                                    at_school(Role.PEDAGOGUE, Role.OFFICE, Role.DIRECTOR)),
    Right.ENTITLEMENTS_APPROVE: Allowed(Thing.CANTEEN, N_("Approve these lists"), at_school(Role.DIRECTOR)),
    Right.WALLET_READ: Allowed(Thing.CANTEEN, N_("Compare meals with the Social Wallet"),
                               at_school(Role.PEDAGOGUE, Role.OFFICE)),
    Right.WALLET_KEEP: Allowed(Thing.CANTEEN, N_("Take in the Social Wallet's files, explain differences"),
                               at_school(Role.PEDAGOGUE, Role.OFFICE)),
    Right.BALANCE_READ: Allowed(Thing.MONEY, N_("See the balance of one's own account at the canteen"), KIN),
    Right.MONEY_READ: Allowed(Thing.MONEY, N_("See the canteen's accounts and journals"), at_school(Role.OFFICE)),
    Right.MONEY_KEEP: Allowed(Thing.MONEY, N_("Take cash, move, pay back and correct money"), at_school(Role.OFFICE)),
    Right.CASHBOX_PUT: Allowed(Thing.MONEY, N_("Connect a school's fiscal cashbox"), OPERATORS),
    Right.REPORTS_READ: Allowed(Thing.REPORTS, N_("Read monthly reports"),
                                at_school(Role.CANTEEN, Role.OFFICE, *HEADS) | AUTHORITIES),
    Right.ATTENDANCE_REPORTS_READ: Allowed(Thing.REPORTS, N_("Read monthly reports of attendance, without names"),
                                           at_school(Role.OFFICE, *HEADS) | AUTHORITIES),
    Right.REPORTS_KEEP: Allowed(Thing.REPORTS, N_("Make, correct and send monthly reports"),
                                at_school(Role.OFFICE, Role.DIRECTOR)),
    Right.REPORTS_SIGN: Allowed(Thing.REPORTS, N_("Sign monthly reports"), at_school(Role.DIRECTOR)),
    Right.REPORTS_CHECK: Allowed(Thing.REPORTS, N_("Check signed reports against what they were made of"), OPERATORS),
    Right.STATISTICS_READ: Allowed(Thing.REPORTS, N_("See how many are at school and how many ate, without names"),
                                   at_school(*HEADS) | AUTHORITIES | {Role.CLASS_TEACHER: Within.CLASS}),
    Right.INDICATORS_READ: Allowed(
        Thing.REPORTS, N_("See the indicators: shares of those with a profile, recommendations, access to content"),
        at_school(Role.METHODOLOGIST, Role.OFFICE, *HEADS) | AUTHORITIES,
    ),
    Right.REPORTS_BUILD: Allowed(
        Thing.REPORTS, N_("Build, keep and share reports of what one's other rights show"),
        at_school(Role.CANTEEN, Role.OFFICE, *HEADS, Role.IT) | {Role.CLASS_TEACHER: Within.CLASS}
        | {Role.AUDITOR: Within.REGION} | AUTHORITIES,
    ),
    Right.SCHOOLS_READ: Allowed(Thing.SCHOOL, N_("See the list of schools and classes"),
                                at_school(*EVERYBODY_AT_WORK) | AUTHORITIES | OPERATORS),
    Right.SCHOOL_KEEP: Allowed(Thing.SCHOOL, N_("Set bells, terms, holidays and classes"),
                               at_school(Role.OFFICE, Role.DEPUTY, Role.IT)),
    Right.SCHOOL_EXPORT: Allowed(Thing.SCHOOL, N_("Take out everything that the school has here"),
                                 at_school(Role.DIRECTOR, Role.IT)),
    Right.SCHOOLS_ADD: Allowed(Thing.SCHOOL, N_("Add schools, and place them in the tree of authorities"), OPERATORS),
    Right.SQL_ACCESS_KEEP: Allowed(Thing.SCHOOL, N_("Open a school's rows to a database account, by command"), {}),
    Right.DEVICES_KEEP: Allowed(Thing.DEVICES, N_("Enrol, watch and revoke devices"), at_school(Role.IT) | OPERATORS),
    Right.DEVICES_COMMAND: Allowed(Thing.DEVICES, N_("Tell devices what to do: open, lock, restart"),
                                   at_school(Role.IT)),
    Right.GUARDS_KEEP: Allowed(Thing.DEVICES, N_("Give guards the PINs that they sign in by at the gate's screen"),
                               at_school(Role.OFFICE, Role.IT)),
    Right.ALARMS_READ: Allowed(Thing.DEVICES, N_("See alarms of devices, and note that they were looked into"),
                               at_school(Role.IT) | OPERATORS),
    Right.SERVERS_WATCH: Allowed(
        Thing.DEVICES, N_("See how the servers, the database and the broker are, and what is wrong"), OPERATORS
    ),
    Right.MAINTENANCE_PLAN: Allowed(Thing.DEVICES, N_("Announce when the service is worked on, and call it off"),
                                    OPERATORS),
    Right.PROGRAMS_KEEP: Allowed(Thing.DEVICES, N_("Connect other programs: tokens, webhooks, gates of other systems"),
                                 at_school(Role.IT)),
    Right.RELEASES_KEEP: Allowed(Thing.DEVICES, N_("Give out new programs to devices"), OPERATORS),
    Right.ROSTERS_PUBLISH: Allowed(Thing.DEVICES, N_("Publish card lists to devices"), {}),
    Right.RESOURCES_OPEN: Allowed(
        Thing.SCHOOL, N_("Open the digital resources and textbooks that are published for one"),
        at_school(Role.TEACHER, Role.CLASS_TEACHER, Role.TUTOR, Role.METHODOLOGIST, Role.PEDAGOGUE, *HEADS)
        | {Role.STUDENT: Within.OWN},
    ),
    Right.RESOURCES_KEEP: Allowed(Thing.SCHOOL, N_("Keep the catalogue of resources and textbooks, and publish them"),
                                  at_school(Role.METHODOLOGIST, Role.OFFICE, Role.DEPUTY)),
    Right.RESOURCES_VERIFY: Allowed(Thing.SCHOOL, N_("Mark the content of resources as verified, and take that back"),
                                    at_school(Role.METHODOLOGIST, Role.DEPUTY)),
    Right.RESOURCES_USAGE: Allowed(
        Thing.SCHOOL, N_("See how often resources are opened, by role and grade, without names"),
        at_school(Role.METHODOLOGIST, Role.OFFICE, *HEADS),
    ),
    Right.RESULTS_READ: Allowed(Thing.SCHOOL, N_("See what resources sent back about how students did"),
                                at_school(Role.METHODOLOGIST, *HEADS) | OF_CLASS | {Role.STUDENT: Within.OWN}),
    Right.QUESTIONS_ANSWER: Allowed(
        Thing.SCHOOL, N_("Answer what people of the school ask support, and say how it is reached"),
        at_school(Role.OFFICE, Role.IT),
    ),
    Right.QUESTIONS_TAKE: Allowed(
        Thing.SCHOOL, N_("Answer questions that schools passed on or left, and those of who belongs to no school"),
        OPERATORS,
    ),
    Right.SIGN_ON_KEEP: Allowed(
        Thing.ACCOUNTS, N_("Set up single sign-on: clients, tools, identity providers, signing keys"),
        at_school(Role.IT) | OPERATORS,
    ),
    Right.ROLES_READ: Allowed(Thing.ACCOUNTS, N_("See who has which role, and how that changed"),
                              at_school(Role.OFFICE, Role.DIRECTOR, Role.IT) | OPERATORS),
    Right.ROLES_GIVE: Allowed(Thing.ACCOUNTS, N_("Give roles and take them back; which ones, a table below says"),
                              at_school(Role.OFFICE, Role.DIRECTOR, Role.IT) | OPERATORS),
    Right.AUDIT_READ: Allowed(
        Thing.ACCOUNTS, N_("Read the audit journal"),
        at_school(Role.OFFICE, Role.DIRECTOR, Role.IT) | {Role.AUDITOR: Within.REGION} | OPERATORS,
    ),
    Right.ACCOUNTS_READ: Allowed(
        Thing.ACCOUNTS, N_("See the school's accounts, and who tried in vain to sign in or with a card"),
        at_school(Role.OFFICE, Role.DIRECTOR, Role.IT) | OPERATORS,
    ),
    Right.ACCOUNTS_KEEP: Allowed(
        Thing.ACCOUNTS, N_("Make, edit, close and delete accounts of the roles that one may give"),
        at_school(Role.OFFICE, Role.DIRECTOR, Role.IT) | OPERATORS,
    ),
    **LEARNING,
}  # fmt: skip

# Who gives and takes which roles. Nobody is here who could give the own role more than it has.
GRANTS: Mapping[Role, frozenset[Role]] = {
    Role.OFFICE: frozenset({Role.GUARDIAN, Role.STUDENT, Role.TEACHER, Role.CLASS_TEACHER, Role.TUTOR}),
    Role.IT: frozenset({Role.GUARDIAN, Role.STUDENT, *EVERYBODY_AT_WORK}) - {Role.DIRECTOR},
    Role.DIRECTOR: frozenset({Role.GUARDIAN, Role.STUDENT, *EVERYBODY_AT_WORK}),
    Role.OPERATOR: frozenset({Role.DIRECTOR, Role.IT, Role.AUTHORITY, Role.AUDITOR, Role.OPERATOR}),
}


def holders(right: Right, reaches: Iterable[Within]) -> frozenset[Role]:
    """Return the roles that have a right within one of these reaches."""
    wanted = frozenset(reaches)
    return frozenset(role for role, within in TABLE[right].who.items() if within in wanted)


# Asked at every request: roles that reach a whole school, their classes, what they teach, their children or themselves.
WHOLE_SCHOOL = {right: holders(right, (Within.SCHOOL, Within.REGION, Within.ALL)) for right in Right}
OWN_CLASSES = {right: holders(right, (Within.CLASS,)) for right in Right}
OWN_COURSES = {right: holders(right, (Within.COURSE,)) for right in Right}
OWN_PEOPLE = {right: holders(right, (Within.CHILD, Within.OWN)) for right in Right}
