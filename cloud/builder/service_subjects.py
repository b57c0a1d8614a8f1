"""Subjects of the service itself: notices, messages, deeds by subsystem, role and user, sign-ins, devices, alarms."""

from cloud.audit.verbs import VERBS
from cloud.builder.declared import Column, Subject, classes, day_of, days, hour_of, student, within
from cloud.builder.kinds import Kind
from cloud.core.i18n import N_
from cloud.core.rights import Right
from cloud.core.roles import Role
from cloud.core.words import SIGNS, WORDS
from cloud.devices.alarm_kinds import KINDS as ALARM_KINDS
from cloud.notifications.channels.rules import State
from cloud.notifications.channels.words import CHANNELS, STATES
from cloud.notifications.kinds import Kind as NoticeKind

ROLES = {
    **{each.value: WORDS[f"role_{each.value}"] for each in Role},
    "system": N_("The service itself"),
    "none": N_("No role any more"),
}
# The parts of the service, by the first words of the verbs that stand in the audit journal.
SUBSYSTEMS = {
    "accounts": (N_("Accounts and roles"), ("account", "group", "ties")),
    "people": (N_("People and families"), (
        "person", "guardian", "family", "consent", "correction", "photo", "student", "erasure", "school", "node")),
    "gates": (N_("Gates and cards"), ("card", "pass", "gate", "gates", "guard", "collector", "foreign_gates")),
    "attendance": (N_("Register and absences"), ("register", "absence", "trip", "class", "alerts")),
    "canteen": (N_("Canteen"), (
        "dish", "meal", "menu", "menus", "cycle", "canteen", "preorder", "restriction", "entitled", "entitlement",
        "till", "wallet")),
    "money": (N_("Money"), ("money", "cashbox")),
    "reports": (N_("Reports"), ("report", "built", "nobd", "audit", "anchor", "retention")),
    "messages": (N_("Messages and notices"), ("message", "delivery", "telegram", "support", "push_key")),
    "devices": (N_("Devices"), ("device", "alarm", "release", "rollout", "quarantine")),
    "programs": (N_("Other programs and sign-on"), (
        "party", "provider", "tool", "resource", "token", "tokens", "webhook", "roster", "sql_access", "signing_key")),
    "security": (N_("Security and keys"), ("key", "security", "backup")),
    "other": (N_("Everything else"), ()),
}  # fmt: skip
_FIRST_WORD = "split_part(entry.verb, '.', 1)"
_SUBSYSTEM = "(CASE {} ELSE 'other' END)".format(
    " ".join(
        f"WHEN {_FIRST_WORD} IN ({', '.join(repr(each) for each in verbs)}) THEN '{key}'"
        for key, (_, verbs) in SUBSYSTEMS.items()
        if verbs
    )
)
_SEVERITIES = {"1": N_("Good to know"), "2": N_("Look this week"), "3": N_("Look now")}
_NOTICES = {str(each.value): SIGNS[each.value].word for each in NoticeKind if each.value in SIGNS}
_DEVICE = Column("device", N_("Device"), Kind.TEXT, "d.name")

NOTICES = Subject(
    "notices", N_("Notices to parents"),
    N_("What guardians were told, of which kind, by class. Whether somebody read it is nobody's to count."),
    N_("Notices"), Right.NOTICES_CHECK,
    f"""FROM notice AS n JOIN person AS p ON p.id = n.person_id JOIN school AS s ON s.id = n.school_id
LEFT JOIN school_class AS c ON c.id = p.school_class_id
WHERE n.school_id = ANY({{schools}}) AND {within("n.told_at")}""",
    (
        *days(day_of("n.told_at")), hour_of("n.told_at"), *classes(), student(),
        Column("kind", N_("Kind"), Kind.WORD, "n.kind", words=_NOTICES),
        Column("late", N_("Told late"), Kind.YES, "n.is_late"),
    ),
    groups=("kind",), measures=("count", "people"), person_sql="p.id",
)  # fmt: skip

DELIVERIES = Subject(
    "deliveries", N_("Deliveries of notices"),
    N_("By which channel notices went to guardians, and what became of each."),
    N_("Deliveries"), Right.NOTICES_CHECK,
    f"""FROM delivery AS went JOIN school AS s ON s.id = went.school_id JOIN notice AS n ON n.id = went.notice_id
WHERE went.school_id = ANY({{schools}}) AND {within("went.made_at")}""",
    (
        *days(day_of("went.made_at")), hour_of("went.made_at"),
        Column("channel", N_("Channel"), Kind.WORD, "went.channel", words=CHANNELS),
        Column("state", N_("State"), Kind.WORD, "went.state",
               words={state.value: STATES[state] for state in State}),
        Column("kind", N_("Kind"), Kind.WORD, "n.kind", words=_NOTICES),
        Column("arrived", N_("Arrived"), Kind.YES, "(went.state = 'confirmed')"),
        Column("tries", N_("Tries"), Kind.NUMBER, "went.tries::int"),
        Column("parts", N_("Parts of SMS"), Kind.NUMBER, "went.parts::int"),
    ),
    groups=("channel", "state"),
)  # fmt: skip

MESSAGES = Subject(
    "messages", N_("Messages to families"),
    N_("What the school wrote to families: by whom, to how many, and how many have opened it."),
    N_("Messages"), Right.MESSAGES_WRITE,
    f"""FROM announcement AS written JOIN school AS s ON s.id = written.school_id
LEFT JOIN LATERAL (
  SELECT count(*)::int AS told, count(read_at)::int AS opened FROM announcement_reader
  WHERE announcement_id = written.id
) AS readers ON true
WHERE written.school_id = ANY({{schools}}) AND {within("written.made_at")}""",  # noqa: S608 (of declarations)
    (
        *days(day_of("written.made_at")),
        Column("audience", N_("For whom"), Kind.WORD, "written.audience",
               words={"school": N_("The whole school"), "grades": N_("Grades"), "classes": N_("Classes"),
                      "family": N_("One family")}),
        Column("state", N_("State"), Kind.WORD, "written.state",
               words={each: SIGNS[f"message_{each}"].word
                      for each in ("waiting", "refused", "approved", "cancelled", "sent", "recalled")}),
        Column("author", N_("Written by"), Kind.ACCOUNT, "written.account_id"),
        Column("told", N_("Guardians told"), Kind.NUMBER, "readers.told"),
        Column("opened", N_("Of them opened it"), Kind.NUMBER, "readers.opened"),
    ),
    groups=("audience",), measures=("count", "sum:told", "sum:opened"),
)  # fmt: skip

DEEDS = Subject(
    "deeds", N_("Who did what"),
    N_("Deeds in the audit journal: by part of the service, by role, by user, by kind of deed."),
    N_("Deeds"), Right.AUDIT_READ,
    f"""FROM audit_entry AS entry JOIN school AS s ON s.id = entry.school_id
LEFT JOIN LATERAL (
  SELECT role FROM grant_of_role AS held WHERE held.account_id = entry.account_id
  ORDER BY (held.school_id IS NOT DISTINCT FROM entry.school_id) DESC, held.id LIMIT 1
) AS own ON true
WHERE entry.school_id = ANY({{schools}}) AND {within("entry.at")}""",  # noqa: S608 (of declarations)
    (
        *days(day_of("entry.at")), hour_of("entry.at"),
        Column("subsystem", N_("Part of the service"), Kind.WORD, _SUBSYSTEM,
               words={key: word for key, (word, _) in SUBSYSTEMS.items()}),
        Column("role", N_("Role"), Kind.WORD,
               "coalesce(own.role, CASE WHEN entry.account_id IS NULL THEN 'system' ELSE 'none' END)", words=ROLES),
        Column("user", N_("User"), Kind.ACCOUNT, "entry.account_id"),
        Column("verb", N_("Deed"), Kind.WORD, "entry.verb", words=VERBS),
    ),
    groups=("subsystem", "role"), person_sql="entry.account_id",
)  # fmt: skip

SIGN_INS = Subject(
    "sign_ins", N_("Sign-ins"),
    N_("Who of the school's accounts signed in, and whose sign-ins failed: by day, hour, role, user."),
    N_("Sign-ins"), Right.ACCOUNTS_READ,
    f"""FROM (
  SELECT DISTINCT ON (account_id) account_id, school_id, role FROM grant_of_role
  WHERE school_id = ANY({{schools}}) ORDER BY account_id, id
) AS held JOIN school AS s ON s.id = held.school_id
JOIN audit_entry AS entry ON entry.subject = 'account:' || held.account_id
WHERE entry.verb IN ('account.signed_in', 'account.sign_in_failed', 'account.second_step_failed')
  AND {within("entry.at")}""",  # noqa: S608 (of declarations)
    (
        *days(day_of("entry.at")), hour_of("entry.at"),
        Column("role", N_("Role"), Kind.WORD, "held.role", words=ROLES),
        Column("user", N_("User"), Kind.ACCOUNT, "held.account_id"),
        Column("verb", N_("Deed"), Kind.WORD, "entry.verb",
               words={each: VERBS[each]
                      for each in ("account.signed_in", "account.sign_in_failed", "account.second_step_failed")}),
        Column("failed", N_("Failed"), Kind.YES, "(entry.verb <> 'account.signed_in')"),
    ),
    groups=("role",), measures=("count", "people", "share:failed"), person_sql="held.account_id",
)  # fmt: skip

HEALTH = Subject(
    "health", N_("Health of devices"),
    N_("What gates, tills and boards told of themselves: free disk, temperature, records not sent, signal."),
    N_("Reports of devices"), Right.DEVICES_KEEP,
    f"""FROM device_health AS h JOIN device AS d ON d.id = h.device_id JOIN school AS s ON s.id = d.school_id
WHERE d.school_id = ANY({{schools}}) AND {within("h.at")}""",
    (
        *days(day_of("h.at")), hour_of("h.at"), _DEVICE,
        Column("unsent", N_("Records not sent"), Kind.NUMBER, "h.unsent"),
        Column("disk", N_("Free disk, MB"), Kind.NUMBER, "h.disk_free_mb"),
        Column("temperature", N_("Temperature, °C"), Kind.NUMBER, "h.temperature_c::int"),
        Column("wear", N_("Wear of the card, %"), Kind.NUMBER, "h.wear_pct::int"),
        Column("signal", N_("Signal, dBm"), Kind.NUMBER, "h.signal_dbm::int"),
    ),
    groups=("device",), measures=("count", "most:unsent", "least:disk", "most:temperature"),
)  # fmt: skip

ALARMS = Subject(
    "alarms", N_("Alarms of devices"),
    N_("What devices raised alarms about, how often, and whether somebody looked into it."),
    N_("Alarms"), Right.ALARMS_READ,
    f"""FROM alarm AS a JOIN school AS s ON s.id = a.school_id
WHERE a.school_id = ANY({{schools}}) AND {within("a.first_at")}""",
    (
        *days(day_of("a.first_at")),
        Column("device", N_("Device"), Kind.TEXT, "a.device"),
        Column("kind", N_("Kind"), Kind.WORD, "a.kind", words={key: kind.word for key, kind in ALARM_KINDS.items()}),
        Column("severity", N_("How urgent"), Kind.WORD, "a.severity::text", words=_SEVERITIES),
        Column("open", N_("Not looked into"), Kind.YES, "(a.acknowledged_at IS NULL)"),
        Column("times", N_("Times raised"), Kind.NUMBER, "a.count"),
    ),
    groups=("device", "kind"), measures=("count", "sum:times"),
)  # fmt: skip
