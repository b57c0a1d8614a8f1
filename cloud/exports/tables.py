"""Which tables are a school's own, in the order in which they can be filled: what a row refers to comes first.

Rule: every table stands here or, with the reason, in UNKEPT, and every column has its meaning in three languages in
meanings.toml; a column without one goes out nowhere, and a test fails.
"""

from cloud.absences.kinds import ANSWER as ABSENCE_ANSWER
from cloud.absences.kinds import PAPER as ABSENCE_PAPER
from cloud.absences.kinds import REASON as ABSENCE_REASON
from cloud.absences.kinds import WORDS as ABSENCE_WORDS
from cloud.accounts.logins import LOGIN
from cloud.cards.bulk import NUMBER
from cloud.cards.keys import KEY as CARD_KEY
from cloud.collectors.queries import LIFT_PAPER as COLLECTOR_LIFT_PAPER
from cloud.collectors.queries import PAPER as COLLECTOR_PAPER
from cloud.collectors.queries import PHONE as COLLECTOR_PHONE
from cloud.devices.invitations import KEYS as INVITATION_KEYS
from cloud.devices.registry import SECRET
from cloud.exports.asking_tables import ASKING
from cloud.exports.assessment_tables import ASSESSMENTS
from cloud.exports.homework_tables import HOMEWORK
from cloud.exports.profile_tables import PROFILES
from cloud.exports.shapes import ACCOUNTS, OF_SCHOOL, Sealed, Secret, Table, Writing, sealed_by, through
from cloud.exports.talk_tables import TALKS
from cloud.journal.files import FILES as LESSON_FILES
from cloud.journal.kinds import REASON as MARK_REASON
from cloud.journal.kinds import REMARK
from cloud.menu.entitlements import PAPER as ORDER_PAPER
from cloud.menu.restricting import PAPER as DIET_PAPER
from cloud.menu.restricting import VALUE
from cloud.messages.files import FILES
from cloud.messages.kinds import ANSWER as SAID
from cloud.messages.kinds import TEXTS
from cloud.people.bulk import EMAIL, IIN, PHONE
from cloud.people.corrections import ANSWER, RIGHT, WRONG
from cloud.people.family import LIFT_PAPER
from cloud.people.family import PAPER as LIMIT_PAPER
from cloud.people.photos import PHOTO
from cloud.register.kinds import WHY
from cloud.rosters.keys import KEY as ROSTER_KEY
from cloud.support.reading import ANSWER as REPLY
from cloud.support.reading import WORDS as QUESTION
from cloud.topups.fiscal import KEYS as CASHBOX_KEYS
from cloud.wallet.queries import REJECTED

_OF_DEVICE = through("device", "device", "name")
_OF_PERSON = through("person_id", "person")
_OF_PLAN = (
    "item_id IN (SELECT id FROM curriculum_item WHERE curriculum_id IN"
    " (SELECT id FROM curriculum WHERE school_id = $1))"
)
_PARTIES = (
    "SELECT 'oidc:' || id FROM relying_party WHERE school_id = $1"
    " UNION ALL SELECT 'lti:' || id FROM lti_tool WHERE school_id = $1"
)
TABLES = (
    # The tree above it is another elsewhere; the number only wakes readers of this installation.
    Table("school", "id = $1", unkept={"node_id": "NULL", "calendar_number": "0"}),
    Table("term"),
    Table("bell"),
    Table("school_class"),
    Table("calendar_day"),
    Table("first_lesson", through("school_class_id", "school_class")),
    Table(
        "account",
        ACCOUNTS,
        # Nobody signs in with it: passwords stay where they were set, and are set anew elsewhere.
        unkept={"password_hash": "'!'", "must_change": "true", "initial_until": "NULL"},
        sealed={"login_encrypted": Sealed(LOGIN)},  # a parent's is a phone number
        digests={"login_digest": "login_encrypted"},
        shown={"login_encrypted": f"CASE WHEN {OF_SCHOOL} THEN login_encrypted END"},
    ),
    Table("grant_of_role", unkept={"node_id": "NULL"}),
    Table("class_of_account", through("school_class_id", "school_class")),
    Table("person", sealed={"iin_encrypted": Sealed(IIN, Secret.IIN)}, digests={"iin_digest": "iin_encrypted"}),
    Table(
        "person_photo",
        _OF_PERSON,
        sealed={"webp_encrypted": Sealed(PHOTO)},
        files={"webp_encrypted": "photos/{person_id}.webp"},
    ),
    Table("stay"),
    Table("transfer"),
    Table("student_account", _OF_PERSON),
    Table("staff_account", _OF_PERSON),
    Table("school_subject"),
    Table("course"),
    Table("course_member", through("course_id", "course")),
    Table("lesson"),
    Table("lesson_plan"),
    Table(
        "lesson_file",
        sealed=sealed_by(LESSON_FILES),
        files={"content_encrypted": "documents/lesson-{id}.{media}"},
    ),
    Table("journal_mark"),
    Table("journal_reason", sealed={"reason_encrypted": Sealed(MARK_REASON)}),
    Table("journal_remark", sealed={"words_encrypted": Sealed(REMARK)}),
    Table("grading_scheme"),
    *HOMEWORK,
    *ASSESSMENTS,
    Table("curriculum"),
    Table("curriculum_item", through("curriculum_id", "curriculum")),
    Table("curriculum_unit", _OF_PLAN),
    Table("class_curriculum", through("curriculum_id", "curriculum")),
    Table("course_theme", through("course_id", "course")),
    Table("load_norm"),
    Table("room"),
    Table("timetable_rule"),
    Table("timetable_subject"),
    Table("teacher_time"),
    Table("staff_absence"),
    Table("timetable"),
    Table("timetable_slot", through("timetable_id", "timetable")),
    Table("consent", _OF_PERSON),
    Table(
        "guardian",
        sealed={"phone_encrypted": Sealed(PHONE, Secret.CONTACT), "email_encrypted": Sealed(EMAIL, Secret.CONTACT)},
        digests={"phone_digest": "phone_encrypted"},
    ),
    Table("guardianship", _OF_PERSON),
    Table(
        "family_limit",
        _OF_PERSON,
        sealed={
            "document_encrypted": Sealed(LIMIT_PAPER, Secret.HEALTH),
            "lift_document_encrypted": Sealed(LIFT_PAPER, Secret.HEALTH),
        },
    ),
    Table(
        "consent_scan",
        sealed={"scan_encrypted": Sealed("consent_scan.scan")},
        files={"scan_encrypted": "documents/consent-{id}.{media}"},
    ),
    Table("consent_answer", _OF_PERSON),
    Table("erasure"),
    Table("erasure_step", through("erasure_id", "erasure")),
    Table("card_key", sealed={"key_encrypted": Sealed(CARD_KEY)}),
    Table("card", sealed={"number_encrypted": Sealed(NUMBER, Secret.CARD_NUMBER)}),
    Table("roster_key", sealed={"key_encrypted": Sealed(ROSTER_KEY)}),
    Table("device", sealed={"secret_encrypted": Sealed(SECRET)}),
    Table("device_boots", _OF_DEVICE),
    Table("device_certificate", _OF_DEVICE),
    Table("device_command"),
    Table("invitation", sealed={"keys_encrypted": Sealed(INVITATION_KEYS)}),
    Table("gate"),
    Table("watermark", _OF_DEVICE),
    Table("record", written={"record": Writing.ESCAPED}),
    Table("quarantine", written={"record": Writing.ESCAPED}),
    Table("loss"),
    Table("movement"),
    Table("gate_deed"),
    Table("gate_rule"),
    Table("presence"),
    Table("statistics_day"),
    Table("indicator_day"),
    Table("statistics_member"),
    Table("register_mark"),
    Table("register_reason", sealed={"reason_encrypted": Sealed(WHY, Secret.HEALTH)}),
    Table(
        "absence",
        sealed={
            "reason_encrypted": Sealed(ABSENCE_REASON, Secret.HEALTH),
            "words_encrypted": Sealed(ABSENCE_WORDS, Secret.HEALTH),
            "answer_encrypted": Sealed(ABSENCE_ANSWER, Secret.HEALTH),
        },
    ),
    Table(
        "absence_paper",
        sealed={"paper_encrypted": Sealed(ABSENCE_PAPER)},
        files={"paper_encrypted": "documents/absence-{id}.{media}"},
    ),
    Table("trip"),
    Table("trip_member", through("trip_id", "trip")),
    Table(
        "collector",
        sealed={
            "phone_encrypted": Sealed(COLLECTOR_PHONE, Secret.CONTACT),
            "paper_encrypted": Sealed(COLLECTOR_PAPER, Secret.HEALTH),
            "lift_paper_encrypted": Sealed(COLLECTOR_LIFT_PAPER, Secret.HEALTH),
        },
        digests={"phone_digest": "phone_encrypted"},
    ),
    *PROFILES,
    *ASKING,
    Table("alarm"),
    Table("dish"),
    Table("dish_photo", files={"webp": "dishes/{digest}.webp"}),
    Table("dish_version", through("dish_id", "dish")),
    Table("dish_part", through("dish_id", "dish")),
    Table("meal"),
    Table("menu"),
    Table("menu_item", through("menu_id", "menu")),
    Table("cycle"),
    Table("cycle_item", through("cycle_id", "cycle")),
    Table("canteen_rule"),
    Table("entitlement", sealed={"document_encrypted": Sealed(ORDER_PAPER, Secret.HEALTH)}),
    Table("entitled", _OF_PERSON),
    Table(
        "restriction",
        sealed={
            "value_encrypted": Sealed(VALUE, Secret.HEALTH),
            "document_encrypted": Sealed(DIET_PAPER, Secret.HEALTH),
        },
    ),
    Table("meal_rating"),
    Table("dish_rating", _OF_PERSON),
    Table("preorder"),
    Table("preorder_dish", through("preorder_id", "preorder")),
    Table("till"),
    Table("till_pin", _OF_PERSON, closed=frozenset({"pin_hash"})),
    Table("till_code"),
    Table("guard_pin", _OF_PERSON, closed=frozenset({"pin_hash"})),
    Table("till_place"),
    Table("till_shift"),
    Table("ledger_account"),
    Table("ledger_entry"),
    Table("ledger_line", through("entry_id", "ledger_entry")),
    Table("ledger_note"),
    Table("ledger_head"),
    Table("payment"),
    Table("payment_number", _OF_PERSON),
    Table("giving_back"),
    Table("fiscal_receipt"),
    Table("cashbox", sealed={"keys_encrypted": Sealed(CASHBOX_KEYS)}),
    Table("meal_sale"),
    Table("meal_line"),
    Table("meal_change"),
    Table("meal_override"),
    Table("meal_odd"),
    Table("meal_claim"),
    Table("meal_refusal"),
    Table("meal_counted"),
    Table("meal_fact"),
    Table("meal_head"),
    Table("notice", unkept={"read_at": "NULL"}),  # whether somebody read it is nobody's to export
    Table("notice_cursor"),
    Table("alert_rule"),
    Table("digest_rule"),
    Table("digest_head"),
    Table("notice_purse", _OF_PERSON),
    Table("report", written={"content": Writing.TEXT, "document": Writing.TEXT, "glance": Writing.TEXT}),
    Table("report_correction", through("report_id", "report")),
    Table("report_file", through("report_id", "report"), files={"body": "documents/report-{report_id}/{name}"}),
    Table("report_recipient"),
    Table("report_sending", through("report_id", "report")),
    Table("wallet_import", sealed={"rejected_encrypted": Sealed(REJECTED)}),
    Table("wallet_voucher"),
    Table("wallet_tabel"),
    Table("wallet_note"),
    Table("wallet_sent"),
    Table("factor_rule"),
    Table("roster_seen"),
    Table("foreign_passage"),
    Table("relying_party", closed=frozenset({"secret_digest"})),
    Table("lti_tool"),
    Table("resource", files={"cover": "covers/{id}.webp"}),
    Table("resource_audience", through("resource_id", "resource")),
    Table("resource_opening", through("resource_id", "resource")),
    Table("subject", f"party IN ({_PARTIES})"),
    Table("resource_release", through("party_id", "relying_party")),
    Table("lti_line", through("tool_id", "lti_tool")),
    Table("lti_score", _OF_PERSON),
    Table("identity_provider", sealed={"secret_encrypted": Sealed("identity_provider.secret")}),
    Table("identity_link", through("provider_id", "identity_provider")),
    Table(
        "correction_request",  # it may hold any contact
        sealed={
            "is_wrong_encrypted": Sealed(WRONG, Secret.CONTACT),
            "would_be_right_encrypted": Sealed(RIGHT, Secret.CONTACT),
            "answer_encrypted": Sealed(ANSWER, Secret.CONTACT),
        },
    ),
    Table("announcement", sealed={"texts_encrypted": Sealed(TEXTS, Secret.CONTACT)}),
    Table("announcement_audience", through("announcement_id", "announcement")),
    Table(
        "announcement_file",
        sealed=sealed_by(FILES),
        files={"content_encrypted": "documents/message-{id}.{media}"},
    ),
    Table("announcement_reader", through("announcement_id", "announcement")),
    Table("announcement_answer", sealed={"words_encrypted": Sealed(SAID, Secret.CONTACT)}),
    *TALKS,
    Table("support_contact"),
    Table(
        "support_question",
        sealed={
            "words_encrypted": Sealed(QUESTION, Secret.CONTACT),
            "answer_encrypted": Sealed(REPLY, Secret.CONTACT),
        },
    ),
    Table("deletion"),
    Table("audit_entry"),
    Table("audit_link", "chain = $1"),
    Table("audit_head", "chain = $1"),
)
UNKEPT = {  # tables that go out nowhere, with the reason
    "attempts": "failed sign-ins of anybody",
    "org_node": "of the whole service",
    "sign_in": "sessions",
    "text_message": "what this installation's gateway is paid for",
    "roster_version": "made of the other tables",
    "announced_roster": "which roster was told to devices",
    "device_health": "of the last days; the records tell",
    "device_contact": "when records last came; the records tell",
    "device_program": "what devices asked releases for; the records tell what they run",
    "shard_head": "counts of the whole service",
    "reader_cursor": "how far the records were read",
    "shard_lease": "of running workers",
    "worker_beat": "of running workers",
    "request_nonce": "of running requests",
    "release": "of the whole service",
    "release_block": "of the whole service",
    "rollout": "of the whole service",
    "rollout_device": "how far a release of the whole service came",
    "ledger_check": "up to where the ledger was checked; it can be checked anew",
    "ledger_checked": "the sums up to there",
    "meal_month": "how often the meals of a month changed; the meals tell",
    "day_head": "counts of the whole service",
    "day_change": "which days are still to be told of; elsewhere nothing of before is told",
    "notice_day_cursor": "how far these were told",
    "statistics_touched": "which days are still to be counted; elsewhere they are counted anew",
    "statistics_moved": "whose class is still to be noted; elsewhere everybody's is",
    "statistics_check": "what this installation found about itself",
    "notice_day": "what is known to be told of a day; the notices tell",
    "alert_watch": "when workers look at a school again",
    "server_reading": "of the servers of the whole service",
    "server_minute": "of the servers of the whole service",
    "service_process": "of running processes",
    "reader_watch": "since when readers of the whole service stand",
    "trouble": "of the servers of the whole service",
    "timetable_solve": "made of the other tables, for sixty days",
    "timetable_head": "how far lessons were laid out; elsewhere they are laid out anew",
    "timetable_feed": "secret addresses of this installation; opened anew elsewhere",
    "trouble_message": "of the servers of the whole service",
    "maintenance_window": "of the whole service",
    "database_event": "of the database of the whole service",
    "syslog_cursor": "how far this installation's collector was told",
    "alert_round": "of the last weeks; the notices tell",
    "usual_gate": "reckoned of the records each school day",
    "expected_again": "who is still to be looked for; elsewhere nothing of before is told",
    "outbox": "in which order channels are given notices; the notices tell",
    "outbox_head": "counts of the whole service",
    "channel_cursor": "how far channels read the notices",
    "channel_address": "where this installation tells somebody; elsewhere it is proved anew",
    "channel_scope": "how somebody wants to be told here; theirs to choose anew elsewhere",
    "channel_choice": "how somebody wants to be told here; theirs to choose anew elsewhere",
    "delivery": "how this installation told what the notices tell",
    "sms_month": "what this installation's gateway is paid for",
    "sms_request": "what was asked of this installation's gateway in the last month",
    "sms_limit": "what this installation's gateway is paid for",
    "built_report": "how somebody looks at what the other tables tell; chosen anew elsewhere",
    "built_reader": "with whom they share it here",
    "built_run": "made of the other tables, for sixty days",
    "export_job": "exports themselves",
    "deletion_plan": "what rules are to delete here; elsewhere they look anew",
    "taken_in": "how the school came into this installation",
    "half_sign_in": "sessions that are half begun",
    "authenticator": "a secret of who signs in",
    "recovery_code": "secrets of who signs in",
    "anchor": "proves what this installation held; its files are downloaded and mailed as they are",
    "anchor_epoch": "how far the anchors of this installation tell",
    "anchor_address": "where this installation sends its anchors",
    "integrity_check": "what this installation found about itself",
    "passkey": "what somebody signs in with here; elsewhere it is added anew",
    "passkey_offer": "of running requests",
    "api_token": "what other programs sign in with here; elsewhere it is given anew",
    "webhook": "where other programs hear of this installation; elsewhere it is set up anew",
    "webhook_event": "what they are still to be told",
    "scim_account": "what another program knows an account by here; elsewhere it tells anew",
    "scim_group": "what another program knows a role by here; elsewhere it tells anew",
    "access_token": "sessions of other programs",
    "signing_key": "a secret of this service",
    "push_key": "a secret of this service, for which browsers subscribed here",
    "telegram_code": "of running requests",
    "telegram_feed": "how far this installation's bot was read",
    "oidc_grant": "sessions",
    "oidc_token": "sessions",
    "lti_launch": "of running requests",
    "lti_token": "sessions of other programs",
    "tortoise_migrations": "of the tables themselves",
}
