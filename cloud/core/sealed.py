"""Every sealed column of the database, by which keys are rotated and integrity is checked.

Rule: a column whose name ends with `_encrypted` stands here, or a test fails: its context at the vault, and what names
its row for good, so that a value cannot be moved to another row unseen.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column that the vault encrypts. `key` is the table's primary key, `row` an SQL expression over its row."""

    table: str
    column: str
    context: str
    row: str  # never changes while the row lives
    key: str = "id"
    key_type: str = "bigint"  # or text

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A column of files beside the SHA-256 of each, in hex."""

    table: str
    column: str
    digest: str
    key: str
    context: str = ""  # at the vault, where they are sealed


SEALED = (
    SealedColumn("account", "login_encrypted", "account.login", "id::text"),
    SealedColumn("person", "iin_encrypted", "person.iin", "ref"),
    SealedColumn("person_photo", "webp_encrypted", "person.photo", "person_id::text", "person_id"),
    SealedColumn("guardian", "phone_encrypted", "guardian.phone", "ref"),
    SealedColumn("guardian", "email_encrypted", "guardian.email", "ref"),
    SealedColumn("card", "number_encrypted", "card.number", "id::text"),
    SealedColumn("card_key", "key_encrypted", "card.key", "school_id::text"),
    SealedColumn("roster_key", "key_encrypted", "roster.key", "school_id::text"),
    SealedColumn("device", "secret_encrypted", "device.secret", "name"),
    SealedColumn("invitation", "keys_encrypted", "invitation.keys", "id", key_type="text"),
    SealedColumn("cashbox", "keys_encrypted", "cashbox.keys", "school_id::text", "school_id"),
    SealedColumn("wallet_import", "rejected_encrypted", "wallet_import.rejected", "id::text"),
    SealedColumn("anchor_address", "email_encrypted", "anchor_address.email", "school_id::text", "school_id"),
    SealedColumn("consent_scan", "scan_encrypted", "consent_scan.scan", "id::text"),
    SealedColumn("authenticator", "secret_encrypted", "authenticator.secret", "account_id::text"),
    SealedColumn("authenticator", "pending_encrypted", "authenticator.secret", "account_id::text"),
    SealedColumn("webhook", "secret_encrypted", "webhook.secret", "id::text"),
    SealedColumn("webhook", "old_secret_encrypted", "webhook.secret", "id::text"),
    SealedColumn("identity_provider", "secret_encrypted", "identity_provider.secret", "id::text"),
    SealedColumn("push_key", "private_encrypted", "push_key.private", "public"),
    SealedColumn("signing_key", "private_encrypted", "signing_key.private", "kid"),
    SealedColumn("correction_request", "is_wrong_encrypted", "correction_request.is_wrong", "id::text"),
    SealedColumn("correction_request", "would_be_right_encrypted", "correction_request.would_be_right", "id::text"),
    SealedColumn("correction_request", "answer_encrypted", "correction_request.answer", "id::text"),
    SealedColumn("announcement", "texts_encrypted", "announcement.texts", "id::text"),
    SealedColumn("announcement_file", "name_encrypted", "announcement_file.name", "id::text"),
    SealedColumn("announcement_file", "content_encrypted", "announcement_file.content", "id::text"),
    SealedColumn("announcement_answer", "words_encrypted", "announcement_answer.words", "id::text"),
    SealedColumn("talk", "title_encrypted", "talk.title", "id::text"),
    SealedColumn("talk_post", "words_encrypted", "talk_post.words", "id::text"),
    SealedColumn("talk_post", "why_encrypted", "talk_post.why", "id::text"),
    SealedColumn("talk_revision", "words_encrypted", "talk_revision.words", "id::text"),
    SealedColumn("talk_file", "name_encrypted", "talk_file.name", "id::text"),
    SealedColumn("talk_file", "content_encrypted", "talk_file.content", "id::text"),
    SealedColumn("talk_report", "words_encrypted", "talk_report.words", "id::text"),
    SealedColumn("talk_mute", "why_encrypted", "talk_mute.why", "id::text"),
    SealedColumn("posting", "texts_encrypted", "posting.texts", "id::text"),
    SealedColumn("posting_file", "name_encrypted", "posting_file.name", "id::text"),
    SealedColumn("posting_file", "content_encrypted", "posting_file.content", "id::text"),
    SealedColumn("support_question", "words_encrypted", "support_question.words", "id::text"),
    SealedColumn("support_question", "answer_encrypted", "support_question.answer", "id::text"),
    SealedColumn("register_reason", "reason_encrypted", "register.reason", "school_id || ':' || number"),
    SealedColumn("lesson_file", "name_encrypted", "lesson_file.name", "id::text"),
    SealedColumn("lesson_file", "content_encrypted", "lesson_file.content", "id::text"),
    SealedColumn("homework_file", "name_encrypted", "homework_file.name", "id::text"),
    SealedColumn("homework_file", "content_encrypted", "homework_file.content", "id::text"),
    SealedColumn("homework_answer", "words_encrypted", "homework_answer.words", "id::text"),
    SealedColumn("homework_answer", "comment_encrypted", "homework_answer.comment", "id::text"),
    SealedColumn("homework_answer_file", "content_encrypted", "homework_answer_file.content", "id::text"),
    SealedColumn("journal_reason", "reason_encrypted", "journal_reason.reason", "school_id || ':' || number"),
    SealedColumn("journal_remark", "words_encrypted", "journal_remark.words", "lesson_id || ':' || person_id"),
    SealedColumn("assessment_answer", "words_encrypted", "assessment_answer.words", "attempt_id || ':' || place"),
    SealedColumn("assessment_answer", "remark_encrypted", "assessment_answer.remark", "attempt_id || ':' || place"),
    SealedColumn("practice_answer", "words_encrypted", "practice_answer.words", "attempt_id || ':' || place"),
    SealedColumn("restriction", "value_encrypted", "restriction.value", "id::text"),
    SealedColumn("restriction", "document_encrypted", "restriction.document", "id::text"),
    SealedColumn("entitlement", "document_encrypted", "entitlement.document", "id::text"),
    SealedColumn("family_limit", "document_encrypted", "family_limit.document", "id::text"),
    SealedColumn("family_limit", "lift_document_encrypted", "family_limit.lift_document", "id::text"),
    SealedColumn("absence", "reason_encrypted", "absence.reason", "id::text"),
    SealedColumn("absence", "words_encrypted", "absence.words", "id::text"),
    SealedColumn("absence", "answer_encrypted", "absence.answer", "id::text"),
    SealedColumn("absence_paper", "paper_encrypted", "absence_paper.paper", "id::text"),
    SealedColumn("collector", "phone_encrypted", "collector.phone", "id::text"),
    SealedColumn("collector", "paper_encrypted", "collector.paper", "id::text"),
    SealedColumn("collector", "lift_paper_encrypted", "collector.lift_paper", "id::text"),
    SealedColumn("profile_field", "value_encrypted", "profile_field.value", "id::text"),
    SealedColumn("portfolio_entry", "title_encrypted", "portfolio_entry.title", "id::text"),
    SealedColumn("portfolio_entry", "words_encrypted", "portfolio_entry.words", "id::text"),
    SealedColumn("portfolio_entry", "answer_encrypted", "portfolio_entry.answer", "id::text"),
    SealedColumn("portfolio_file", "content_encrypted", "portfolio_file.content", "id::text"),
    SealedColumn("goal", "title_encrypted", "goal.title", "id::text"),
    SealedColumn("goal_step", "title_encrypted", "goal_step.title", "id::text"),
    SealedColumn("recommendation", "words_encrypted", "recommendation.words", "id::text"),
    SealedColumn("recommendation", "answer_encrypted", "recommendation.answer", "id::text"),
    SealedColumn("award_key", "private_encrypted", "award_key.private", "id::text"),
    SealedColumn("award", "address_encrypted", "award.address", "id::text"),
    SealedColumn("award", "document_encrypted", "award.document", "id::text"),
    SealedColumn("channel_address", "value_encrypted", "channel_address.value", "id::text"),
    SealedColumn(
        "built_run", "content_encrypted", "built_run.content", "report_id || ':' || to_char(due_on, 'YYYY-MM-DD')"
    ),
    SealedColumn("export_job", "key_encrypted", "export_job.key", "id::text"),
    SealedColumn("questionnaire_sheet", "answers_encrypted", "questionnaire_sheet.answers", "id::text"),
    SealedColumn(
        "questionnaire_said", "words_encrypted", "questionnaire_said.words", "question_id::text", "question_id"
    ),
    SealedColumn("call_server", "secret_encrypted", "call_server.secret", "school_id::text", "school_id"),
    SealedColumn("call_recording", "address_encrypted", "call_recording.address", "id::text"),
)
FILES = (
    KeptFile("person_photo", "webp_encrypted", "digest", "person_id", "person.photo"),
    KeptFile("announcement_file", "content_encrypted", "digest", "id", "announcement_file.content"),
    KeptFile("talk_file", "content_encrypted", "digest", "id", "talk_file.content"),
    KeptFile("posting_file", "content_encrypted", "digest", "id", "posting_file.content"),
    KeptFile("portfolio_file", "content_encrypted", "digest", "id", "portfolio_file.content"),
    KeptFile("lesson_file", "content_encrypted", "digest", "id", "lesson_file.content"),
    KeptFile("homework_file", "content_encrypted", "digest", "id", "homework_file.content"),
    KeptFile("homework_answer_file", "content_encrypted", "digest", "id", "homework_answer_file.content"),
    KeptFile("dish_photo", "webp", "digest", "digest"),
)
