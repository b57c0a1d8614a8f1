"""What an export holds: a query for each file, `$1` the school's id, and which columns are encrypted at rest.

Rule: a new table that holds something of a school gets its file here, or a test fails.
"""

from cloud.cards.bulk import NUMBER
from cloud.exports.canteen import CANTEEN
from cloud.exports.reports import REPORTS
from cloud.exports.shapes import Export, Sealed, Secret
from cloud.exports.wallet import WALLET
from cloud.people.bulk import EMAIL, IIN, PHONE

_CLASS = "school_class.grade || school_class.letter"
EXPORTS = (
    Export(
        "school",
        "The school itself.",
        "SELECT code, name_kk, name_ru, name_en, zone, school_days, passback, created_at FROM school WHERE id = $1",
    ),
    Export(
        "classes",
        "Classes with their shift; school_days where it is not the school's.",
        f"SELECT {_CLASS} AS class, grade, letter, shift, school_days, is_active FROM school_class"  # noqa: S608
        " WHERE school_id = $1 ORDER BY grade, letter",
    ),
    Export(
        "first_lessons",
        "The lessons a class begins and ends with on a weekday (1 is Monday), where they are not its shift's.",
        f"SELECT {_CLASS} AS class, weekday, lesson, last_lesson FROM first_lesson"  # noqa: S608
        " JOIN school_class ON school_class.id = school_class_id WHERE school_id = $1 ORDER BY 1, 2",
    ),
    Export(
        "bells",
        "Lessons of each shift, in minutes after midnight; grade is -1 where it is for every grade.",
        "SELECT shift, grade, lesson, starts_min, ends_min FROM bell WHERE school_id = $1 ORDER BY 1, 2, 3",
    ),
    Export(
        "calendar_days",
        "Days that are not what their weekday says; a workday may follow the lessons of another weekday.",
        'SELECT "on", kind, lessons_of, note FROM calendar_day WHERE school_id = $1 ORDER BY 1',
    ),
    Export("terms", "Stretches of teaching.", "SELECT first_on, last_on FROM term WHERE school_id = $1 ORDER BY 1"),
    Export(
        "people",
        "Students and staff; person is what stands for them in the other files.",
        f"SELECT ref AS person, role, surname, given_name, patronymic, iin_encrypted AS iin, number, {_CLASS} AS class,"  # noqa: S608
        " position, person.is_active, created_at"
        " FROM person LEFT JOIN school_class ON school_class.id = school_class_id"
        " WHERE person.school_id = $1 ORDER BY sort_key, person.id",
        {"iin": Sealed(IIN, Secret.IIN)},
    ),
    Export(
        "guardians",
        "Parents and legal representatives; login is their account's, if they have one.",
        "SELECT ref AS guardian, guardian.name, phone_encrypted AS phone, email_encrypted AS email, login,"
        " guardian.created_at FROM guardian LEFT JOIN account ON account.id = account_id"
        " WHERE school_id = $1 ORDER BY guardian.id",
        {"phone": Sealed(PHONE), "email": Sealed(EMAIL)},
    ),
    Export(
        "guardianships",
        "Whose guardian somebody is, and what that guardian may see and do.",
        "SELECT guardian.ref AS guardian, person.ref AS person, relation, may_see, may_block_card, ended_on"
        " FROM guardianship JOIN guardian ON guardian.id = guardian_id JOIN person ON person.id = person_id"
        " WHERE guardian.school_id = $1 ORDER BY guardianship.id",
    ),
    Export(
        "consents",
        "What was consented to, when, and where it is written.",
        "SELECT ref AS person, purpose, given_on, source, withdrawn_on, recorded_at"
        " FROM consent JOIN person ON person.id = person_id WHERE school_id = $1 ORDER BY consent.id",
    ),
    Export(
        "cards",
        "Whose card is what; token is what stands for the number in records.",
        "SELECT ref AS person, medium, number_encrypted AS number, token, state, issued_at, not_after, changed_at"
        " FROM card JOIN person ON person.id = person_id WHERE card.school_id = $1 ORDER BY card.id",
        {"number": Sealed(NUMBER, Secret.CARD_NUMBER)},
    ),
    Export(
        "accounts",
        "Who may sign in at the school, as what; passwords are kept only as digests and are nobody's to export.",
        "SELECT login, name, role, language, is_active, created_at FROM grant_of_role"
        " JOIN account ON account.id = account_id WHERE school_id = $1 ORDER BY account.id, role",
    ),
    Export(
        "devices",
        "Agents and nodes, without their keys.",
        "SELECT name, state, is_hub, firmware, roster_version, seen_at, created_at FROM device"
        " WHERE school_id = $1 ORDER BY name",
    ),
    Export(
        "gates",
        "Gates and lanes, and the device that serves them.",
        "SELECT key AS gate, name_kk, name_ru, name_en, device.name AS device, has_sensor"
        " FROM gate LEFT JOIN device ON device.id = device_id WHERE gate.school_id = $1 ORDER BY key",
    ),
    Export(
        "invitations",
        "Codes by which devices enrolled, without what they are made of.",
        "SELECT device, gates, is_hub, created_at, created_by, expires_at, used_at, cancelled_at FROM invitation"
        " WHERE school_id = $1 ORDER BY created_at, id",
    ),
    Export(
        "movements",
        "Who was at which gate, when, and what came of it; epoch and seq name the record it was read from.",
        'SELECT ref AS person, "on", at, received_at, direction, gate, kind, reason, passage, clock, device, epoch, seq'
        " FROM movement JOIN person ON person.id = person_id WHERE movement.school_id = $1 ORDER BY at, movement.id",
    ),
    Export(
        "presence",
        "Each person's day, computed from the movements.",
        'SELECT ref AS person, "on", first_in_at, last_out_at, is_inside, late_min, without_card, entries'
        ' FROM presence JOIN person ON person.id = person_id WHERE presence.school_id = $1 ORDER BY "on", presence.id',
    ),
    Export(
        "ledger_accounts",
        "Accounts of the ledger with their balances in tiyn: above zero is a debit, below a credit.",
        "SELECT kind, part, balance_tiyn FROM ledger_account WHERE school_id = $1 ORDER BY kind, part",
    ),
    Export(
        "ledger_lines",
        "Entries of the ledger line by line, in tiyn; the lines of one number sum to zero.",
        'SELECT number, key, entry.kind, at, "on", recorded_at, account.kind AS account, part, amount_tiyn'
        " FROM ledger_line JOIN ledger_entry AS entry ON entry.id = entry_id"
        " JOIN ledger_account AS account ON account.id = account_id"
        " WHERE entry.school_id = $1 ORDER BY number, account.kind, part",
    ),
    Export(
        "payments",
        "Money that came for persons, as the bank or the office told it; receipt is the number of its ledger entry.",
        "SELECT ref AS person, provider, txn, amount_tiyn, paid_at, received_at, receipt, taken_by"
        " FROM payment JOIN person ON person.id = person_id WHERE payment.school_id = $1 ORDER BY payment.id",
    ),
    Export(
        "payment_numbers",
        "The numbers by which parents pay for persons.",
        "SELECT ref AS person, payment_number.number, drawn_at"
        " FROM payment_number JOIN person ON person.id = person_id WHERE person.school_id = $1 ORDER BY 2",
    ),
    Export(
        "given_back",
        "What was promised back to leavers, where it was asked for, and how it was paid; no way is not paid yet.",
        "SELECT ref AS person, amount_tiyn, paper, promised_at, promised_by, way, paid_at, paid_by,"
        " withdrawn_at, withdrawn_by, withdrawn_why"
        " FROM giving_back JOIN person ON person.id = person_id"
        " WHERE giving_back.school_id = $1 ORDER BY giving_back.id",
    ),
    Export(
        "fiscal_receipts",
        "Cash as the tax service was told of it; no number is not registered yet.",
        "SELECT receipt, external, fiscal_receipt.amount_tiyn, asked_at, fiscal_receipt.number, link, registered_at,"
        " refused FROM fiscal_receipt JOIN payment ON payment.id = payment_id"
        " WHERE fiscal_receipt.school_id = $1 ORDER BY fiscal_receipt.id",
    ),
    Export(
        "cashboxes",
        "The school's cashbox, without its keys.",
        "SELECT number, url, added_at FROM cashbox WHERE school_id = $1",
    ),
    Export(
        "meal_sales",
        "Sales at tills, in tiyn: what the payer pays, what the lines cost, what was given back. epoch and seq name the"
        " record.",
        "SELECT meal_sale.id AS sale, device, epoch, seq, shift, meal, payment, person.ref AS person, is_known,"
        ' amount_tiyn, full_tiyn, returned_tiyn, is_void, is_unconfirmed, clock, at, "on"'
        " FROM meal_sale LEFT JOIN person ON person.id = person_id WHERE meal_sale.school_id = $1 ORDER BY at, sale",
    ),
    Export(
        "meal_lines",
        "The dishes of each sale.",
        "SELECT sale, device, epoch, seq, dish, version, count, price_tiyn FROM meal_line"
        " WHERE school_id = $1 ORDER BY device, epoch, seq",
    ),
    Export(
        "meal_changes",
        "Voids and refunds; given_tiyn is what remained to be given back, nothing where the sale is not known.",
        "SELECT id, kind, sale, device, epoch, seq, amount_tiyn, given_tiyn, staff, reason, clock, at FROM meal_change"
        " WHERE school_id = $1 ORDER BY at, id",
    ),
    Export(
        "meal_overrides",
        "Why something was sold although a rule spoke against it, and who decided so.",
        "SELECT sale, device, epoch, seq, rule, staff, why FROM meal_override"
        " WHERE school_id = $1 ORDER BY device, epoch, seq",
    ),
    Export(
        "till_shifts",
        "Shifts of tills, with what the till counted at the closing.",
        "SELECT id, device, till, staff, opened_at, named_on, closed_at, amount_tiyn, cash_tiyn, count FROM till_shift"
        " WHERE school_id = $1 ORDER BY opened_at, id",
    ),
    Export(
        "meals_apart",
        "What tills told and what may not count, with why, and what the office decided about it.",
        "SELECT device, epoch, seq, why, record, id, sale, shift, meal, payment, ref AS person, amount_tiyn,"
        " is_unconfirmed, staff, reason, clock, at, decision, decided_at, decided_by, decided_why FROM meal_odd"
        " WHERE school_id = $1 ORDER BY at, device, epoch, seq",
    ),
    Export(
        "meal_claims",
        "What tills asked the hub before a sale, and what it answered.",
        'SELECT device, epoch, seq, sale, person.ref AS person, meal, "on", is_granted, amount_tiyn, is_by_right, at'
        " FROM meal_claim LEFT JOIN person ON person.id = person_id WHERE meal_claim.school_id = $1"
        " ORDER BY at, device, epoch, seq",
    ),
    Export(
        "meal_refusals",
        "Who was sent away from a till, and why.",
        'SELECT device, epoch, seq, person.ref AS person, meal, reason, clock, at, "on" FROM meal_refusal'
        " JOIN person ON person.id = person_id WHERE meal_refusal.school_id = $1 ORDER BY at, device, epoch, seq",
    ),
    Export(
        "till_places",
        "Which device was which till, and when.",
        "SELECT till, device, since_at, until_at FROM till_place WHERE school_id = $1 ORDER BY since_at, till",
    ),
    Export(
        "notices",
        "What guardians were told of whom, and when it happened; whether they read it is nobody's to export.",
        "SELECT person.ref AS person, login, kind, fact, corrects, at, told_at, is_late, detail::text AS detail"
        " FROM notice JOIN person ON person.id = person_id JOIN account ON account.id = account_id"
        " WHERE notice.school_id = $1 ORDER BY notice.id",
    ),
    Export(
        "ledger_notes",
        "Why the office posted an entry by hand, and who.",
        "SELECT key, why, noted_by, noted_at FROM ledger_note WHERE school_id = $1 ORDER BY noted_at, key",
    ),
    Export(
        "losses",
        "Records that a device has told to be lost, with the reason.",
        "SELECT device, epoch, first_seq, last_seq, reason, received_at FROM loss WHERE school_id = $1 ORDER BY id",
    ),
    Export(
        "commands",
        "What devices were told to do from the pages, by whom and why, and what came of it; no outcome is no answer.",
        "SELECT device.name AS device, action, gate, reason, asked_by, asked_at, expires_at, sent_at, outcome, done_at"
        " FROM device_command JOIN device ON device.id = device_id"
        " WHERE device_command.school_id = $1 ORDER BY asked_at",
    ),
    Export(
        "alarms",
        "What devices and this service found to be looked into, alike ones counted, and who acknowledged it.",
        "SELECT device, kind, severity, detail, count, first_at, last_at, acknowledged_at, acknowledged_by FROM alarm"
        " WHERE school_id = $1 ORDER BY id",
    ),
    *CANTEEN,
    *REPORTS,
    *WALLET,
    Export(
        "audit",
        "Who did what in this service.",
        "SELECT at, actor, verb, subject, detail::text AS detail FROM audit_entry WHERE school_id = $1 ORDER BY id",
    ),
)
RECORDS = """
SELECT device, epoch, seq, received_at, corrected_ms, digest, record, NULL AS reason FROM record
WHERE school_id = $1 ORDER BY position
"""
QUARANTINE = """
SELECT device, epoch, seq, received_at, NULL AS corrected_ms, digest, record, reason FROM quarantine
WHERE school_id = $1 ORDER BY id
"""
RECORD_FILES = {
    "records": ("Every record as the devices wrote it, in the order it was committed.", RECORDS),
    "quarantine": ("Records that this version could not read, with the reason.", QUARANTINE),
}
