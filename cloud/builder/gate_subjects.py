"""Subjects of gates and classes: days at school, the register, absences as told, passages, hours of staff."""

from cloud.absences.kinds import REASON as ABSENCE_REASON
from cloud.builder.declared import Column, Hidden, Subject, classes, days, hour_of, student, time_of
from cloud.builder.kinds import Kind
from cloud.core.i18n import N_
from cloud.core.rights import Right
from cloud.core.words import WORDS
from cloud.register.kinds import WHY

REASONS = {"ill": N_("Ill"), "family": N_("Family"), "other": N_("Other or unknown")}
GATES = (
    "SELECT key AS code, min(name_kk) AS kk, min(name_ru) AS ru, min(name_en) AS en FROM gate"
    " WHERE school_id = ANY($1) GROUP BY key ORDER BY key LIMIT 200"
)
REFUSALS = (
    "card_unknown", "card_blocked", "card_expired", "card_not_genuine", "person_inactive", "no_consent", "wrong_place",
    "wrong_time", "passback_soft", "passback_hard", "repeat", "fire", "roster_expired", "roster_missing", "lock_down",
    "free_pass", "forgotten", "lost", "broken", "other",
)  # fmt: skip
_WITH_SCHOOL_AND_CLASS = """
JOIN school AS s ON s.id = p.school_id LEFT JOIN school_class AS c ON c.id = p.school_class_id
"""
_CAME = time_of("day.first_in_at")
_LEFT = time_of("day.last_out_at")
_INSIDE = "(extract(epoch FROM day.last_out_at - day.first_in_at) / 60)::int"

ATTENDANCE = Subject(
    "attendance", N_("Days at school"),
    N_("Students whom the gates saw: when they came and left, how late, with or without a card."),
    N_("Days of students"), Right.PRESENCE_READ,
    f"""FROM presence AS day JOIN person AS p ON p.id = day.person_id {_WITH_SCHOOL_AND_CLASS}
WHERE day.school_id = ANY({{schools}}) AND day."on" BETWEEN {{first}} AND {{last}} AND p.role = 'student'
  AND day.first_in_at IS NOT NULL""",
    (
        *days('day."on"'), *classes(), student(),
        Column("came", N_("Came at"), Kind.TIME, _CAME), Column("left", N_("Left at"), Kind.TIME, _LEFT),
        Column("late", N_("Late"), Kind.YES, "(day.late_min > 0)"),
        Column("late_min", N_("Minutes late"), Kind.NUMBER, "day.late_min::int"),
        Column("without_card", N_("Without a card"), Kind.YES, "day.without_card"),
        Column("entries", N_("Times in"), Kind.NUMBER, "day.entries::int"),
        Column("inside", N_("Time at school"), Kind.MINUTES, _INSIDE),
    ),
    groups=("class",), measures=("count", "share:late", "average:late_min"), counts_right=Right.STATISTICS_READ,
    class_sql="p.school_class_id", person_sql="p.id",
)  # fmt: skip

REGISTER = Subject(
    "register", N_("Class register"),
    N_("What teachers marked in the class register: in class, absent and why, away for the school."),
    N_("Marks"), Right.REGISTER_READ,
    """FROM (
  SELECT DISTINCT ON (person_id, "on") school_id, number, person_id, school_class_id, "on", says, by_name
  FROM register_mark WHERE school_id = ANY({schools}) AND "on" BETWEEN {first} AND {last}
  ORDER BY person_id, "on", number DESC
) AS mark JOIN person AS p ON p.id = mark.person_id JOIN school AS s ON s.id = mark.school_id
LEFT JOIN school_class AS c ON c.id = mark.school_class_id
LEFT JOIN unnest({places}, {opened}) AS why (place, told) ON why.place = mark.school_id || ':' || mark.number
WHERE mark.says <> 'unsaid'""",
    (
        *days('mark."on"'), *classes(), student(),
        Column("says", N_("Marked"), Kind.WORD, "mark.says",
               words={"present": N_("In class"), "absent": N_("Absent from class"), "away": N_("Away for the school")}),
        Column("absent", N_("Absent"), Kind.YES, "(mark.says = 'absent')"),
        Column("reason", N_("Reason"), Kind.WORD, "why.told", words=REASONS, right=Right.REGISTER_READ),
        Column("by", N_("Marked by"), Kind.TEXT, "mark.by_name", is_personal=True),
    ),
    groups=("says",), measures=("count", "part"), counts_right=Right.STATISTICS_READ,
    class_sql="mark.school_class_id", person_sql="p.id",
    hidden=Hidden(
        "reason", WHY,
        """SELECT mark.school_id || ':' || mark.number AS place, reason_encrypted AS sealed
FROM register_reason AS why JOIN register_mark AS mark ON mark.school_id = why.school_id AND mark.number = why.number
WHERE mark.school_id = ANY($1) AND mark."on" BETWEEN $2 AND $3 LIMIT $4""",
    ),
)  # fmt: skip

ABSENCES = Subject(
    "absences", N_("Absences told by families"),
    N_("What families told ahead: how many days, why, and how far the school has answered. By the first day."),
    N_("Absences"), Right.ABSENCES_READ,
    f"""FROM absence AS told JOIN person AS p ON p.id = told.person_id {_WITH_SCHOOL_AND_CLASS}
LEFT JOIN unnest({{places}}, {{opened}}) AS why (place, told) ON why.place = told.id::text
WHERE told.school_id = ANY({{schools}}) AND told.first_on BETWEEN {{first}} AND {{last}}""",
    (
        *days("told.first_on"), *classes(), student(),
        Column("length", N_("Days away"), Kind.NUMBER, "(told.last_on - told.first_on + 1)"),
        Column("state", N_("State"), Kind.WORD, "told.state",
               words={"told": N_("Not answered yet"), "accepted": N_("Accepted"), "asked": N_("Asked back"),
                      "taken_back": N_("Withdrawn")}),
        Column("reason", N_("Reason"), Kind.WORD, "why.told", words=REASONS),
    ),
    groups=("reason",), measures=("count", "sum:length"), class_sql="p.school_class_id", person_sql="p.id",
    hidden=Hidden(
        "reason", ABSENCE_REASON,
        "SELECT id::text AS place, reason_encrypted AS sealed FROM absence"
        " WHERE school_id = ANY($1) AND first_on BETWEEN $2 AND $3 LIMIT $4",
    ),
)  # fmt: skip

PASSAGES = Subject(
    "passages", N_("Passages at gates"),
    N_("Each time that somebody went through a gate, or was refused: which gate, when, by card or by hand."),
    N_("Passages"), Right.PRESENCE_READ,
    """FROM movement AS m JOIN school AS s ON s.id = m.school_id LEFT JOIN person AS p ON p.id = m.person_id
LEFT JOIN school_class AS c ON c.id = p.school_class_id
WHERE m.school_id = ANY({schools}) AND m."on" BETWEEN {first} AND {last}""",
    (
        *days('m."on"'), hour_of("m.at"), *classes(),
        Column("who", N_("Who it was"), Kind.WORD, "coalesce(p.role, 'unknown')",
               words={"student": N_("Students"), "staff": N_("Staff"), "unknown": N_("Card not known")}),
        Column("person", N_("Person"), Kind.PERSON, "p.id", ("p.sort_key",)),
        Column("gate", N_("Gate"), Kind.NAMED, "m.gate", options=GATES),
        Column("direction", N_("Direction"), Kind.WORD, "m.direction", words={"in": N_("In"), "out": N_("Out")}),
        Column("kind", N_("How"), Kind.WORD, "m.kind",
               words={"card": N_("By card"), "hand": N_("Let through by the guard"), "denied": N_("Refused"),
                      "turned": N_("Did not pass")}),
        Column("why", N_("Reason"), Kind.WORD, "nullif(m.reason, 'ok')",
               words={code: WORDS[code] for code in REFUSALS}),
        Column("time", N_("Time"), Kind.TIME, time_of("m.at")),
    ),
    groups=("gate", "kind"), counts_right=Right.STATISTICS_READ, class_sql="p.school_class_id", person_sql="p.id",
)  # fmt: skip

STAFF_HOURS = Subject(
    "staff_hours", N_("Hours of staff"),
    N_("How long staff were at school, from the first entry to the last exit that the gates saw."),
    N_("Days of staff"), Right.PRESENCE_READ,
    """FROM presence AS day JOIN person AS p ON p.id = day.person_id JOIN school AS s ON s.id = day.school_id
WHERE day.school_id = ANY({schools}) AND day."on" BETWEEN {first} AND {last} AND p.role = 'staff'
  AND day.first_in_at IS NOT NULL""",
    (
        *days('day."on"'),
        Column("staff", N_("Member of staff"), Kind.PERSON, "p.id", ("p.sort_key",)),
        Column("position", N_("Position"), Kind.TEXT, "p.position"),
        Column("came", N_("Came at"), Kind.TIME, _CAME), Column("left", N_("Left at"), Kind.TIME, _LEFT),
        Column("minutes", N_("Time at school"), Kind.MINUTES, _INSIDE),
        Column("not_left", N_("Not seen leaving"), Kind.YES, "(day.last_out_at IS NULL)"),
    ),
    groups=("staff",), measures=("count", "sum:minutes", "average:came"), counts_right=Right.STATISTICS_READ,
    person_sql="p.id",
)  # fmt: skip
