"""The one table of how long what is kept: each kind of personal data, by which reason, and what is done after.

Rule: every table that goes out in an export stands under one rule here; docs/retention.md is made of this, and tests
compare both. The terms are this project's reading of the law; a school's lawyer confirms them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from cloud.core.i18n import N_
from cloud.devices.invitations import KEPT as CODES_KEPT
from cloud.proctoring.kinds import KEPT_DAYS as LOGS_KEPT_DAYS

YEAR = timedelta(days=365)


class After(Enum):
    """What is done when the term is over."""

    DELETED = "deleted"
    NAMELESS = "nameless"  # what names anybody is deleted, the rest stays
    KEPT = "kept"  # by this service for ever, or until the school ends it


@dataclass(frozen=True, slots=True)
class Aged:
    """Rows of a table that are too old: `old` is the condition, $1 the school's id, $2 the first day that is kept."""

    table: str
    old: str


@dataclass(frozen=True, slots=True)
class Rule:
    """How long a kind of data is kept, and why."""

    name: str
    kind: str
    tables: tuple[str, ...]
    term: timedelta | None
    counted: str
    why: str
    after: After
    aged: Sequence[Aged] = ()

    def first_kept(self, today: date) -> date:
        """Return the first day whose rows stay."""
        assert self.term is not None, "what is kept for ever is never old"  # noqa: S101
        return today - self.term


_PURPOSE = "The purpose is reached; Law on Personal Data No. 94-V, articles 12 and 18."
_BOOKS = "Documents of accounting are kept five years or longer; Law on Accounting No. 234."
_WORK = "The school works by it; the school changes it or ends its use of this service."
RULES = (
    Rule(
        "days", N_("Passages at gates and days at school"),
        ("movement", "presence", "foreign_passage", "gate_deed", "statistics_member"),
        2 * YEAR,
        "From the day", _PURPOSE, After.DELETED,
        (Aged("movement", 'school_id = $1 AND "on" < $2'), Aged("presence", 'school_id = $1 AND "on" < $2'),
         Aged("foreign_passage", "school_id = $1 AND taken_at < $2"),
         Aged("gate_deed", 'school_id = $1 AND "on" < $2'),
         # In which class somebody was: what held on the first day that is kept stays.
         Aged("statistics_member", "school_id = $1 AND EXISTS (SELECT FROM statistics_member AS later"
              " WHERE later.person_id = statistics_member.person_id AND later.from_on > statistics_member.from_on"
              " AND later.from_on <= $2)")),
    ),
    Rule(
        "register", N_("The class register; who was absent stays, without the reason, with the meals"),
        ("register_mark", "register_reason"), 2 * YEAR, "From the day", _PURPOSE, After.DELETED,
        (
            Aged("register_reason", 'school_id = $1 AND number IN'
                 ' (SELECT number FROM register_mark WHERE school_id = $1 AND says = \'absent\' AND "on" < $2)'),
            Aged("register_mark", """school_id = $1 AND "on" < $2 AND says <> 'absent' AND was <> 'absent'"""),
        ),
    ),
    Rule(
        "papers", N_("Doctors' and other papers about absences"), ("absence_paper",), YEAR, "From the last day away",
        _PURPOSE, After.DELETED,
        (Aged("absence_paper", "absence_id IN (SELECT id FROM absence WHERE school_id = $1 AND last_on < $2)"),),
    ),
    Rule(
        "absences", N_("Absences as families told them, trips of classes, and who could collect a child"),
        ("absence", "trip", "trip_member", "collector"), 2 * YEAR, "From the last day", _PURPOSE, After.DELETED,
        (
            Aged("trip_member", "trip_id IN (SELECT id FROM trip WHERE school_id = $1 AND last_on < $2)"),
            Aged("trip", "school_id = $1 AND last_on < $2"), Aged("absence", "school_id = $1 AND last_on < $2"),
            # A guardian's no stands as long as the child is here.
            Aged("collector", "school_id = $1 AND last_on < $2 AND (stopped_by IS NULL OR lifted_at IS NOT NULL)"),
        ),
    ),
    Rule(
        "notices", N_("Notices to guardians"), ("notice", "notice_cursor", "notice_purse"), YEAR,
        "From the telling, or `ESIK_NOTICE_DAYS`, which is shorter", _PURPOSE, After.DELETED,
        (Aged("notice", "school_id = $1 AND told_at < $2"),),
    ),
    Rule(
        "opinions", N_("Ratings of meals"), ("dish_rating", "meal_rating"), 2 * YEAR,
        "From the day", _PURPOSE, After.DELETED,
        (
            Aged("dish_rating", 'person_id IN (SELECT id FROM person WHERE school_id = $1) AND "on" < $2'),
            Aged("meal_rating", 'school_id = $1 AND "on" < $2'),
        ),
    ),
    Rule(
        "orders", N_("Orders ahead, and what is not sold to a child any more"),
        ("preorder_dish", "preorder", "restriction"), 2 * YEAR, "From the day, or from the lifting", _PURPOSE,
        After.DELETED,
        (
            Aged("preorder_dish", 'preorder_id IN (SELECT id FROM preorder WHERE school_id = $1 AND "on" < $2)'),
            Aged("preorder", 'school_id = $1 AND "on" < $2'),
            Aged("restriction", "school_id = $1 AND lifted_at < $2"),
        ),
    ),
    Rule(
        "requests", N_("Requests to put data right"), ("correction_request",), 3 * YEAR, "From the answer",
        "The term in which a claim can be brought; Civil Code, article 178.", After.DELETED,
        (Aged("correction_request", "school_id = $1 AND answered_at < $2"),),
    ),
    Rule(
        "messages", N_("Messages of the school to families, their files, receipts and answers"),
        ("announcement", "announcement_audience", "announcement_file", "announcement_reader", "announcement_answer"),
        2 * YEAR, "From the writing", _PURPOSE, After.DELETED,
        (Aged("announcement", "school_id = $1 AND made_at < $2"),),
    ),
    Rule(
        "moderation", N_("What was told of posts in talks, and who was not let write; the posts as long"),
        ("talk_report", "talk_mute"), 3 * YEAR, "From the decision, or from the telling where nobody decided",
        "The term in which a claim can be brought; Civil Code, article 178.", After.DELETED,
        (Aged("talk_report", "school_id = $1 AND coalesce(decided_at, at) < $2"),
         Aged("talk_mute", "school_id = $1 AND until_at < $2")),
    ),
    Rule(
        "talks", N_("Chats and the forum: posts with their files and earlier words, and up to where somebody has read"),
        ("talk", "talk_post", "talk_revision", "talk_file", "talk_reading"), 2 * YEAR,
        "From the writing; what is reported goes with the reports, what was hidden three years after that", _PURPOSE,
        After.DELETED,
        (
            Aged("talk_post", "school_id = $1 AND at < $2 AND (hidden_at IS NULL OR hidden_at < $2::date - 365)"
                 " AND NOT EXISTS (SELECT FROM talk_report WHERE post_id = talk_post.id)"),
            Aged("talk", "school_id = $1 AND last_at < $2"
                 " AND NOT EXISTS (SELECT FROM talk_post WHERE talk_id = talk.id)"),
        ),
    ),
    Rule(
        "board", N_("Announcements on the board, their files, and who has seen and confirmed them"),
        ("posting", "posting_class", "posting_file", "posting_reading"), 2 * YEAR, "From the last day on the board",
        _PURPOSE, After.DELETED, (Aged("posting", "school_id = $1 AND last_on < $2"),),
    ),
    Rule(
        "questions", N_("Questions to support and their answers"), ("support_question",), YEAR, "From the asking",
        _PURPOSE, After.DELETED, (Aged("support_question", "school_id = $1 AND asked_at < $2"),),
    ),
    Rule(
        "questionnaires", N_("Questionnaires, answers by name, who answered, and counts of anonymous ones"),
        ("questionnaire", "questionnaire_class", "questionnaire_question", "questionnaire_sheet",
         "questionnaire_answerer", "questionnaire_count", "questionnaire_said"),
        2 * YEAR, "From the last day", _PURPOSE, After.DELETED,
        (Aged("questionnaire", "school_id = $1 AND last_on < $2"),),
    ),
    Rule(
        "calls", N_("Video lessons: who came, and links to recordings"), ("call", "call_visit", "call_recording"), YEAR,
        "From the lesson", _PURPOSE, After.DELETED,
        (Aged("call", 'school_id = $1 AND lesson_id IN (SELECT id FROM lesson WHERE school_id = $1 AND "on" < $2)'),),
    ),
    Rule(
        "commands", N_("Commands to devices"), ("device_command",),
        YEAR, "From the asking", _PURPOSE, After.DELETED,
        (Aged("device_command", "school_id = $1 AND asked_at < $2"),),
    ),
    Rule(
        "codes", N_("Codes by which devices enrolled"), ("invitation",), CODES_KEPT, "From the making", _PURPOSE,
        After.DELETED, (Aged("invitation", "school_id = $1 AND created_at < $2"),),
    ),
    Rule(
        "leavers", N_("Names, IINs, photos, cards and contacts of people who left, and of their guardians"),
        ("person", "person_photo", "card", "till_code", "till_pin", "guard_pin", "guardian", "guardianship",
         "family_limit", "account", "grant_of_role", "subject", "lti_score", "resource_release", "identity_link",
         "payment_number", "roster_seen", "entitled", "class_of_account", "student_account", "staff_account",
         "profile_field", "portfolio_entry", "portfolio_file", "goal", "goal_step", "goal_note",
         "award", "recommendation", "fitness_value", "faq_vote"),
        YEAR, "From the leaving, once no money is to be given back; a photo at once", _PURPOSE, After.NAMELESS,
    ),
    Rule(
        "books", N_("Meals, payments and accounts, without a name once the person's is gone"),
        ("ledger_account", "ledger_entry", "ledger_line", "ledger_note", "ledger_head", "payment", "giving_back",
         "fiscal_receipt", "meal_sale", "meal_line", "meal_change", "meal_override", "meal_odd", "meal_claim",
         "meal_refusal", "meal_counted", "meal_fact", "meal_head", "till_shift", "report", "report_correction",
         "report_file", "report_recipient", "report_sending", "wallet_import", "wallet_voucher", "wallet_tabel",
         "wallet_note", "wallet_sent", "entitlement"),
        None, "", _BOOKS, After.KEPT,
    ),
    Rule(
        "consents", N_("Consents and refusals, as the proof of what was allowed"),
        ("consent", "consent_answer", "consent_scan"), None, "",
        "The school must be able to prove consent; Law on Personal Data No. 94-V, articles 7 and 8.", After.KEPT,
    ),
    Rule(
        "journal", N_("The journal of deeds, and certificates of deletion"),
        ("audit_entry", "audit_link", "audit_head", "deletion", "erasure", "erasure_step"), None, "",
        "Who did what stays provable; Order No. 456, item 5, subitem 13.", After.KEPT,
    ),
    Rule(
        "transfers", N_("Classes in which a student was, and transfers: a person's number, no name"),
        ("stay", "transfer"), None, "",
        "Who studied where and when stays provable; without the person's row nobody knows whose it is.", After.KEPT,
    ),
    Rule(
        "studies", N_("Who was taught what by whom, and lessons: persons' numbers, no names"),
        ("school_subject", "course", "course_member", "lesson", "teacher_time", "staff_absence"), None, "",
        "Who studied what and when stays provable; without the person's row nobody knows whose it is.", After.KEPT,
    ),
    Rule(
        "marks", N_("Marks, results of exams, attendance at lessons, grading schemes: persons' numbers, and who wrote;"
                    " plans of lessons with their files, as teachers wrote them"),
        ("journal_mark", "lesson_plan", "lesson_file", "grading_scheme", "advice_threshold", "exam",
         "exam_result"), None, "",
        "A mark of a year stays provable; without the person's row nobody knows whose it is.", After.KEPT,
    ),
    Rule(
        "remarks", N_("What teachers wrote about students, and why marks were put right"),
        ("journal_remark", "journal_reason"), 2 * YEAR, "From the writing", _PURPOSE, After.DELETED,
        (
            Aged("journal_remark", "school_id = $1 AND at < $2"),
            Aged("journal_reason", "school_id = $1 AND number IN"
                 " (SELECT number FROM journal_mark WHERE school_id = $1 AND at < $2)"),
        ),
    ),
    Rule(
        "works", N_("Homework that students handed in, with files and comments; its marks stay in the journal"),
        ("homework_answer", "homework_answer_file"), YEAR, "From the day it was due", _PURPOSE, After.DELETED,
        (Aged("homework_answer", "homework_id IN (SELECT id FROM homework WHERE school_id = $1 AND due_on < $2)"),),
    ),
    Rule(
        "homework", N_("Homework as teachers set it, with its files, and for whom it was"),
        ("homework", "homework_member", "homework_file"), 2 * YEAR, "From the day it was due", _PURPOSE, After.DELETED,
        (Aged("homework", "school_id = $1 AND due_on < $2"),),
    ),
    Rule(
        "tests", N_("Attempts of students at tests, with their answers and points"),
        ("assessment_attempt", "assessment_answer"), 2 * YEAR, "From the end of the attempt", _PURPOSE, After.DELETED,
        (Aged("assessment_attempt", "school_id = $1 AND ends_at < $2"),),  # answers go with them
    ),
    Rule(
        "practice", N_("Practice of students, with answers and points"), ("practice_attempt", "practice_answer"), YEAR,
        "From the end of the attempt", _PURPOSE, After.DELETED,
        (Aged("practice_attempt", "school_id = $1 AND ends_at < $2"),),  # answers go with them
    ),
    Rule(
        "test_logs", N_("Logs of attempts at tests: what the page noticed about its window"),
        ("sitting_log", "sitting_event"), timedelta(days=LOGS_KEPT_DAYS),
        "From the beginning of the attempt, or at once when the consent is withdrawn", _PURPOSE, After.DELETED,
        (Aged("sitting_log", "school_id = $1 AND (began_at < $2 OR NOT consented(person_id, 'test_log'))"),),
    ),
    Rule(
        "records", N_("Devices' records: a person's reference, no name"),
        ("record", "quarantine", "loss", "watermark", "device_boots"), None, "",
        "The chain proves what happened; without the person's row nobody knows whose reference it is.", After.KEPT,
    ),
    Rule(
        "school", N_("The school's calendar, classes, devices, dishes, menus and settings: no personal data"),
        ("school", "term", "calendar_day", "bell", "school_class", "first_lesson", "card_key", "roster_key", "device",
         "device_certificate", "gate", "alarm", "dish", "dish_photo", "dish_version", "dish_part", "meal", "menu",
         "menu_item", "cycle", "cycle_item", "canteen_rule", "alert_rule", "digest_rule", "digest_head",
         "gate_rule", "till", "till_place", "cashbox",
         "factor_rule", "relying_party", "lti_tool", "lti_line", "resource", "resource_audience", "identity_provider",
         "resource_opening", "indicator_day", "support_contact", "statistics_day", "curriculum", "curriculum_item",
         "curriculum_unit", "class_curriculum",
         "course_theme", "load_norm", "room", "timetable_rule", "timetable_subject", "timetable", "timetable_slot",
         "homework_norm", "award_key", "award_revocation", "talk_section", "bank_question", "assessment",
         "assessment_given", "assessment_question", "practice_theme", "sitting_watch",
         "call_server", "faq_entry"),
        None, "", _WORK, After.KEPT,
    ),
)  # fmt: skip
