"""What is kept of a guardian and one child, as the guardian takes it home: table by table, each by the own rights.

Rule: a row is the child's own or the guardian's own, never another guardian's; a court's limit, an end or a relative's
few rights leave out what they leave out on the pages. What is known of who is no legal representative is less.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cloud.absences.kinds import ANSWER as ABSENCE_ANSWER
from cloud.absences.kinds import REASON, WORDS
from cloud.accounts.actions import audit
from cloud.accounts.logins import LOGIN
from cloud.advice.kinds import ANSWER as ADVICE_ANSWER
from cloud.advice.kinds import WORDS as ADVICE_WORDS
from cloud.assessments.kinds import REMARK as TEST_REMARK
from cloud.assessments.kinds import WORDS as TEST_WORDS
from cloud.collectors.queries import PHONE as COLLECTOR_PHONE
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.exports.meanings import LANGUAGES
from cloud.guardian.queries import Child, child_of
from cloud.homework.kinds import COMMENT as HOMEWORK_COMMENT
from cloud.homework.kinds import WORDS as HOMEWORK_WORDS
from cloud.journal.kinds import REASON as MARK_REASON
from cloud.journal.kinds import REMARK
from cloud.menu.entitlements import PAPER as ORDER_PAPER
from cloud.menu.restricting import PAPER as DIET_PAPER
from cloud.menu.restricting import VALUE
from cloud.messages.kinds import ANSWER as SAID
from cloud.messages.kinds import TEXTS
from cloud.people.bulk import EMAIL, IIN, PHONE
from cloud.people.corrections import ANSWER, RIGHT, WRONG
from cloud.people.family import LIFT_PAPER
from cloud.people.family import PAPER as LIMIT_PAPER
from cloud.people.kinds import FamilyRight
from cloud.people.photos import PHOTO
from cloud.people.rights import COLUMNS
from cloud.portfolio.awards import DOCUMENT as AWARD
from cloud.portfolio.goals import GOAL, STEP
from cloud.portfolio.kinds import ANSWER as ENTRY_ANSWER
from cloud.portfolio.kinds import TITLE
from cloud.portfolio.kinds import VALUE as FIELD
from cloud.portfolio.kinds import WORDS as ENTRY_WORDS
from cloud.practice.kinds import WORDS as PRACTICE_WORDS
from cloud.questionnaires.kinds import SHEET
from cloud.register.kinds import WHY
from cloud.support.reading import ANSWER as REPLY
from cloud.support.reading import WORDS as QUESTION
from cloud.talks.files import FILES as POST_FILES
from cloud.talks.kinds import MUTED, REPORTED
from cloud.talks.kinds import WORDS as POSTED

ROWS_MAX = 20_000  # of a table: decades of one child
HOURS_S = 120.0
CONSENT, SEE, MEALS = FamilyRight.CONSENT, FamilyRight.SEE, FamilyRight.MEALS
LIMIT, ORDER, PAY, NOTICES = FamilyRight.LIMIT, FamilyRight.ORDER, FamilyRight.PAY, FamilyRight.NOTICES
_ME = "SELECT id FROM guardian WHERE account_id = $2"
_MINE = f"person_id = $1 AND guardian_id IN ({_ME})"
_ACCOUNT = "SELECT id FROM ledger_account WHERE person_id = $1"
_POST = ("id", "talk_id", "at", "words", "edited_at", "deleted_at", "hidden_at")
_MUTE = ("at", "until_at", "by_name", "why", "lifted_at")
_OVER_PRACTICE = """
attempt_id IN (SELECT id FROM practice_attempt WHERE person_id = $1 AND (handed_at IS NOT NULL OR ends_at < $3))
"""
# Points tell what is right: they go home once nobody can answer any more.
_OVER_TESTS = """
attempt_id IN (SELECT tried.id FROM assessment_attempt AS tried JOIN assessment_given AS given ON given.id = given_id
  WHERE person_id = $1 AND closes_at < $3 AND ends_at < $3)
"""
_EATEN = "SELECT school_id, id FROM meal_sale WHERE person_id = $1"


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a table: $1 is the child, $2 the guardian's account, $3 now. Any one of `rights` is needed, if any."""

    table: str
    columns: tuple[str, ...]
    whose: str
    rights: frozenset[FamilyRight] = frozenset()
    sealed: Mapping[str, str] = field(default_factory=dict)  # columns, as they are shown, with their contexts
    by: str = "id"
    name: str = ""  # of its file, where it is not the table's

    @property
    def query(self) -> str:
        """The statement that reads it."""
        values = [f"{each}_encrypted AS {each}" if each in self.sealed else f'"{each}"' for each in self.columns]
        chosen = f'SELECT {", ".join(values)} FROM "{self.table}" WHERE $1::bigint > 0 AND $2::bigint > 0'  # noqa: S608
        return f"{chosen} AND $3::timestamptz > '-infinity' AND ({self.whose}) ORDER BY {self.by} DESC LIMIT {ROWS_MAX}"


def _of(*rights: FamilyRight) -> frozenset[FamilyRight]:
    return frozenset(rights)


PARTS = (
    Part("account", ("name", "login", "language", "created_at"), "id = $2", sealed={"login": LOGIN}),
    Part("guardian", ("name", "phone", "email", "created_at"),
         f"account_id = $2 AND id IN (SELECT guardian_id FROM guardianship WHERE {_MINE})",  # noqa: S608
         sealed={"phone": PHONE, "email": EMAIL}),
    Part("guardianship", ("relation", *COLUMNS.values(), "until_on", "ended_on"), _MINE),
    Part("family_limit", ("takes", "until_on", "document", "noted_at", "lifted_at", "lift_document"), _MINE,
         sealed={"document": LIMIT_PAPER, "lift_document": LIFT_PAPER}),
    Part("person", ("surname", "given_name", "patronymic"), "id = $1", name="person_name"),
    Part("school_class", ("grade", "letter", "shift"),
         "id = (SELECT school_class_id FROM person WHERE id = $1)"),
    Part("stay", ("school_class_id", "first_on", "last_on"), "person_id = $1", _of(SEE), by="first_on"),
    Part("transfer", ("kind", "on", "place", "paper", "at"), "person_id = $1", _of(SEE), by='"on"'),
    Part("journal_mark", ("number", "lesson_id", "on", "here", "points", "at"), "person_id = $1", _of(SEE),
         by="number"),
    Part("journal_reason", ("number", "reason"),
         "(school_id, number) IN (SELECT school_id, number FROM journal_mark WHERE person_id = $1)", _of(SEE),
         {"reason": MARK_REASON}, by="number"),
    Part("journal_remark", ("lesson_id", "words", "at"), "person_id = $1", _of(SEE), {"words": REMARK}),
    Part("homework_answer", ("homework_id", "number", "state", "is_paper", "is_late", "words", "at", "by_name",
                             "checked_at", "checked_by", "comment"), "person_id = $1", _of(SEE),
         {"words": HOMEWORK_WORDS, "comment": HOMEWORK_COMMENT}),
    Part("homework_answer_file", ("answer_id", "media", "size", "added_at"),
         "answer_id IN (SELECT id FROM homework_answer WHERE person_id = $1)", _of(SEE)),
    Part("homework_member", ("homework_id",), "person_id = $1", _of(SEE), by="homework_id"),
    Part("homework", ("id", "course_id", "set_on", "due_on", "minutes", "task"),
         "id IN (SELECT homework_id FROM homework_member WHERE person_id = $1"
         " UNION SELECT homework_id FROM homework_answer WHERE person_id = $1)", _of(SEE)),
    Part("course_member", ("course_id", "first_on", "last_on"), "person_id = $1", _of(SEE), by="first_on"),
    Part("person", ("iin", "number", "sourced_id", "created_at"), "id = $1", _of(CONSENT), {"iin": IIN}),
    Part("card", ("medium", "state", "issued_at", "not_after", "changed_at"), "person_id = $1"),
    Part("consent_answer", ("purpose", "says", "on", "way", "text_version", "recorded_at"), "person_id = $1"),
    Part("presence", ("on", "first_in_at", "last_out_at", "late_min", "without_card"), "person_id = $1", _of(SEE),
         by='"on"'),
    Part("register_mark", ("number", "on", "says", "at"), "person_id = $1", _of(SEE), by="number"),
    Part("register_reason", ("number", "reason"),
         "(school_id, number) IN (SELECT school_id, number FROM register_mark WHERE person_id = $1)", _of(SEE),
         {"reason": WHY}, by="number"),
    Part("absence", ("first_on", "last_on", "reason", "words", "told_at", "seen_at", "state", "answered_at", "answer"),
         "person_id = $1 AND account_id = $2", _of(SEE),
         {"reason": REASON, "words": WORDS, "answer": ABSENCE_ANSWER}),
    Part("trip", ("title", "place", "first_on", "last_on", "ended_at"),
         "id IN (SELECT trip_id FROM trip_member WHERE person_id = $1)", _of(SEE)),
    Part("profile_field", ("field", "version", "value", "put_at"), "person_id = $1", _of(CONSENT), {"value": FIELD}),
    Part("portfolio_entry", ("id", "kind", "level", "result", "on", "last_on", "title", "words", "added_at", "added_by",
                             "state", "answer"), "person_id = $1 AND state <> 'taken_back'", _of(SEE),
         {"title": TITLE, "words": ENTRY_WORDS, "answer": ENTRY_ANSWER}),
    Part("portfolio_file", ("entry_id", "media", "size", "put_at"),
         "entry_id IN (SELECT id FROM portfolio_entry WHERE person_id = $1)", _of(SEE)),
    Part("goal", ("id", "title", "due_on", "state"), "person_id = $1", _of(SEE), {"title": GOAL}),
    Part("goal_step", ("goal_id", "title", "due_on", "is_done"),
         "goal_id IN (SELECT id FROM goal WHERE person_id = $1)", _of(SEE), {"title": STEP}),
    Part("recommendation", ("year", "quarter", "rule", "subject_id", "has", "beside", "least", "words", "state",
                            "is_shared", "answer", "made_at", "made_by"), "person_id = $1", _of(SEE),
         {"words": ADVICE_WORDS, "answer": ADVICE_ANSWER}),
    Part("exam_result", ("exam_id", "points", "mark", "at"), "person_id = $1", _of(SEE), by="at"),
    Part("fitness_value", ("indicator", "on", "value", "at"), "person_id = $1", _of(SEE), by='"on"'),
    Part("award", ("awarded_on", "awarded_by", "document", "revoked_at"), "person_id = $1", _of(SEE),
         {"document": AWARD}),
    Part("assessment_attempt", ("id", "given_id", "number", "began_at", "ends_at", "handed_at"), "person_id = $1",
         _of(SEE)),
    Part("assessment_answer", ("attempt_id", "place", "answer", "words", "answered_at", "points", "remark"),
         _OVER_TESTS, _of(SEE),
         {"words": TEST_WORDS, "remark": TEST_REMARK}, by="attempt_id, place"),
    Part("practice_attempt", ("id", "way", "about", "began_at", "ends_at", "handed_at"), "person_id = $1", _of(SEE)),
    Part("practice_answer", ("attempt_id", "place", "answer", "words", "answered_at", "points", "reached"),
         _OVER_PRACTICE, _of(SEE), {"words": PRACTICE_WORDS},
         by="attempt_id, place"),
    Part("sitting_log", ("attempt_id", "began_at", "seen_at"), "person_id = $1", _of(SEE), by="attempt_id"),
    Part("sitting_event", ("attempt_id", "at", "kind", "lasted_s", "place"),
         "attempt_id IN (SELECT attempt_id FROM sitting_log WHERE person_id = $1)", _of(SEE)),
    Part("collector", ("name", "relation", "phone", "first_on", "last_on", "named_at", "ended_at"),
         f"person_id = $1 AND guardian_id IN ({_ME})", _of(CONSENT), {"phone": COLLECTOR_PHONE}),
    Part("movement", ("on", "at", "direction", "gate", "kind", "reason", "received_at"), "person_id = $1", _of(SEE)),
    Part("notice", ("at", "kind", "told_at", "is_late", "detail"), "person_id = $1 AND account_id = $2", _of(NOTICES)),
    Part("meal_sale", ("on", "at", "meal", "payment", "amount_tiyn", "full_tiyn", "returned_tiyn", "is_void", "id"),
         "person_id = $1", _of(MEALS), by="at"),
    Part("meal_line", ("sale", "dish", "version", "count", "price_tiyn"), f"(school_id, sale) IN ({_EATEN})",
         _of(MEALS), by="sale"),
    Part("meal_refusal", ("on", "at", "meal", "reason"), "person_id = $1", _of(MEALS), by="at"),
    Part("meal_rating", ("on", "meal", "food", "service", "comment", "rated_at"), "person_id = $1", _of(MEALS),
         by='"on"'),
    Part("dish_rating", ("on", "meal", "dish", "mark"), "person_id = $1", _of(MEALS), by='"on"'),
    Part("entitlement", ("kind", "ground", "meals", "price_tiyn", "first_on", "last_on", "document"),
         "id IN (SELECT entitlement_id FROM entitled WHERE person_id = $1 AND approved_at IS NOT NULL)", _of(MEALS),
         {"document": ORDER_PAPER}),
    Part("wallet_voucher", ("number", "meal", "first_on", "last_on", "price_tiyn", "is_annulled"), "person_id = $1",
         _of(MEALS)),
    Part("restriction", ("kind", "value", "set_at", "lifted_at", "is_school", "document"), "person_id = $1",
         _of(MEALS, LIMIT, ORDER), {"value": VALUE, "document": DIET_PAPER}),
    Part("preorder", ("id", "on", "meal", "ordered_at", "cancelled_at"), "person_id = $1", _of(ORDER, MEALS)),
    Part("preorder_dish", ("preorder_id", "place", "dish_id", "version"),
         "preorder_id IN (SELECT id FROM preorder WHERE person_id = $1)", _of(ORDER, MEALS), by="preorder_id"),
    Part("payment_number", ("number", "drawn_at"), "person_id = $1", _of(PAY), by="drawn_at"),
    Part("payment", ("provider", "amount_tiyn", "paid_at", "received_at", "receipt"), "person_id = $1", _of(PAY)),
    Part("giving_back", ("amount_tiyn", "paper", "promised_at", "way", "paid_at", "withdrawn_at"), "person_id = $1",
         _of(PAY)),
    Part("ledger_account", ("part", "balance_tiyn"), "person_id = $1", _of(PAY)),
    Part("ledger_line", ("entry_id", "amount_tiyn"), f"account_id IN ({_ACCOUNT})", _of(PAY), by="entry_id"),
    Part("ledger_entry", ("id", "kind", "at", "on"),
         f"id IN (SELECT entry_id FROM ledger_line WHERE account_id IN ({_ACCOUNT}))", _of(PAY)),  # noqa: S608
    Part("announcement_reader", ("announcement_id", "told_at", "read_at"), "person_id = $1 AND account_id = $2",
         _of(NOTICES), by="announcement_id"),
    Part("announcement", ("id", "author", "sent_at", "texts"),
         "id IN (SELECT announcement_id FROM announcement_reader WHERE person_id = $1 AND account_id = $2)"
         " AND state = 'sent'", _of(NOTICES), {"texts": TEXTS}),
    Part("announcement_answer", ("announcement_id", "at", "author", "words"), "account_id = $2 AND announcement_id IN"
         " (SELECT announcement_id FROM announcement_reader WHERE person_id = $1 AND account_id = $2)",
         sealed={"words": SAID}),
    Part("talk_post", _POST, "person_id = $1 AND account_id = $2", sealed={"words": POSTED}),
    Part("talk_post", _POST, "person_id = $1 AND as_a = 'student'", _of(CONSENT), {"words": POSTED},
         name="talk_post_of_child"),
    Part("talk_file", ("post_id", "name", "media", "size"),
         "post_id IN (SELECT id FROM talk_post WHERE person_id = $1 AND account_id = $2)",
         sealed={"name": POST_FILES.name}),
    Part("talk_report", ("post_id", "at", "words", "outcome"), "person_id = $1 AND account_id = $2",
         sealed={"words": REPORTED}),
    Part("talk_mute", _MUTE, "person_id = $1 AND account_id = $2", sealed={"why": MUTED}),
    Part("talk_mute", _MUTE, "account_id IN (SELECT account_id FROM student_account WHERE person_id = $1)",
         _of(CONSENT), {"why": MUTED}, name="talk_mute_of_child"),
    Part("posting_reading", ("posting_id", "seen_at", "confirmed_at"), "account_id = $2 AND posting_id IN"
         " (SELECT id FROM posting WHERE school_id = (SELECT school_id FROM person WHERE id = $1))", by="posting_id"),
    Part("support_question", ("asked_at", "topic", "words", "answered_at", "answer"), "account_id = $2",
         sealed={"words": QUESTION, "answer": REPLY}),
    Part("questionnaire_sheet", ("questionnaire_id", "answers", "answered_at"), "account_id = $2",
         sealed={"answers": SHEET}),
    Part("call_visit", ("call_id", "came_at", "by_family"), "person_id = $1", _of(SEE), by="came_at"),
    Part("correction_request", ("asked_at", "what", "is_wrong", "would_be_right", "answered_at", "outcome", "answer"),
         "person_id = $1 AND account_id = $2",
         sealed={"is_wrong": WRONG, "would_be_right": RIGHT, "answer": ANSWER}),
)  # fmt: skip
# By which the page names what rows refer to by a key.
_NAMES = """
SELECT 'gate' AS kind, key, name_kk, name_ru, name_en FROM gate WHERE school_id = $1
UNION ALL SELECT 'meal', key, name_kk, name_ru, name_en FROM meal WHERE school_id = $1
UNION ALL SELECT 'class', id::text, grade || letter, grade || letter, grade || letter FROM school_class
WHERE school_id = $1
UNION ALL SELECT kind, CASE kind WHEN 'dish' THEN dish.key ELSE dish.id::text END, name_kk, name_ru, name_en
FROM dish JOIN dish_version ON dish_id = dish.id AND dish_version.version = dish.version
CROSS JOIN unnest(ARRAY['dish', 'dish_id']) AS kind WHERE school_id = $1
UNION ALL SELECT 'course', course.id::text, concat_ws(', ', name_kk, nullif(group_name, '')),
  concat_ws(', ', name_ru, nullif(group_name, '')), concat_ws(', ', name_en, nullif(group_name, ''))
FROM course JOIN school_subject AS taught ON taught.id = subject_id WHERE course.school_id = $1
UNION ALL SELECT 'subject', id::text, name_kk, name_ru, name_en FROM school_subject WHERE school_id = $1
UNION ALL SELECT 'exam', id::text, title, title, title FROM exam WHERE school_id = $1
UNION ALL SELECT 'given_test', id::text, title, title, title FROM assessment_given
WHERE school_id = $1 AND id IN (SELECT given_id FROM assessment_attempt WHERE person_id = $2)
UNION ALL SELECT 'lesson', lesson.id::text, concat_ws(', ', name_kk, lesson.number), concat_ws(', ', name_ru,
  lesson.number), concat_ws(', ', name_en, lesson.number)
FROM lesson JOIN course ON course.id = course_id JOIN school_subject AS taught ON taught.id = subject_id
WHERE lesson.school_id = $1 AND lesson.id IN (SELECT lesson_id FROM journal_mark WHERE person_id = $2
  UNION SELECT lesson_id FROM journal_remark WHERE person_id = $2) LIMIT 20000
"""
_PHOTO = "SELECT webp_encrypted FROM person_photo WHERE person_id = $1"


@dataclass(frozen=True, slots=True)
class Taken:
    """A table of the file."""

    name: str
    table: str
    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class OwnData:
    """Everything that goes home, of one instant."""

    child: Child
    at: datetime
    parts: Sequence[Taken]
    left_out: Collection[str]  # tables for which the guardian lacks a right
    photo: bytes | None
    names: Mapping[tuple[str, str], Mapping[str, str]]  # of gates, meals and dishes, in three languages


async def own_data(services: Services, actor: Actor, ref: str) -> OwnData:
    """Return what is kept of the actor and a child of the own, and note that it was taken. Raises NotFound."""
    child, now = await child_of(services, actor, ref), services.clock.now()
    open_parts = [part for part in PARTS if not part.rights or part.rights & child.rights]
    async with (
        services.database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        taken = []
        for part in open_parts:
            rows = await connection.fetch(part.query, child.id, actor.account_id, now, timeout=HOURS_S)
            opened = [_opened(services, part, dict(row)) for row in rows]
            taken.append(Taken(part.name or part.table, part.table, part.columns, opened))
        named = await connection.fetch(_NAMES, child.school_id, child.id)
        kept = await connection.fetchval(_PHOTO, child.id) if FamilyRight.CONSENT in child.rights else None
    async with services.database.transaction() as transaction:
        await audit(transaction, actor, "family.data_taken", f"person:{child.id}", school_id=child.school_id, at=now)
    photo = services.vault.decrypt_bytes(kept, PHOTO) if kept is not None else None
    left_out = sorted({part.table for part in PARTS} - {part.table for part in open_parts})
    names = {(row["kind"], row["key"]): {each: row[f"name_{each}"] for each in LANGUAGES} for row in named}
    return OwnData(child, now, taken, left_out, photo, names)


def _opened(services: Services, part: Part, row: dict[str, Any]) -> dict[str, Any]:
    for name, context in part.sealed.items():
        if row[name] is not None:
            row[name] = services.vault.decrypt(row[name], context)
    return row
