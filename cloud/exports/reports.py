"""What an export holds of monthly reports: whole, as they were kept, so that their checksums can be computed again."""

from cloud.exports.shapes import Export

REPORTS = (
    Export(
        "reports",
        "Monthly reports: content is what the records told, document what was signed, both as canonical JSON, each"
        " with its SHA-256.",
        "SELECT subject, month, number, made_at, convert_from(content, 'UTF8') AS content,"
        " encode(digest, 'hex') AS content_sha256, signed_at, signed_by, convert_from(document, 'UTF8') AS document,"
        " encode(document_digest, 'hex') AS document_sha256 FROM report"
        " WHERE school_id = $1 ORDER BY month, number",
    ),
    Export(
        "report_corrections",
        "Lines of correction of monthly reports; amounts are differences, in tiyn.",
        'SELECT month, number, kind, "on", students, meals, parents_tiyn, budget_tiyn, reason, at, by_name'
        " FROM report_correction JOIN report ON report.id = report_id"
        " WHERE school_id = $1 ORDER BY report_correction.id",
    ),
    Export(
        "report_files",
        "Files of signed reports as they were drawn, in base64.",
        "SELECT month, number, name, encode(body, 'base64') AS body, kept_at"
        " FROM report_file JOIN report ON report.id = report_id WHERE school_id = $1 ORDER BY month, number, name",
    ),
    Export(
        "report_sendings",
        "When monthly reports were sent to whom, or handed over; no instant of sending is not sent yet.",
        "SELECT month, number, way, address, language, note, asked_at, asked_by, tries, sent_at, failed"
        " FROM report_sending JOIN report ON report.id = report_id WHERE school_id = $1 ORDER BY report_sending.id",
    ),
    Export(
        "report_recipients",
        "Where the authority takes the school's reports.",
        "SELECT address, set_at, set_by FROM report_recipient WHERE school_id = $1",
    ),
)
