"""What an export holds of the Social Wallet; rows that were not taken stay with the files that the office has."""

from cloud.exports.shapes import Export

WALLET = (
    Export(
        "wallet_files",
        "Files of vouchers and tabels that came, with how many of their rows were new, changed, known or not taken.",
        "SELECT wallet_import.id AS file, kind, digest, count, added, changed, same, rejected, at, by"
        " FROM wallet_import WHERE school_id = $1 ORDER BY wallet_import.id",
    ),
    Export(
        "wallet_vouchers",
        "Vouchers as each file told them; the last row of a number is what holds. Prices in tiyn.",
        "SELECT wallet_voucher.number, ref AS person, meal, first_on, last_on, price_tiyn, is_annulled, at,"
        " import_id AS file FROM wallet_voucher JOIN person ON person.id = person_id"
        " WHERE wallet_voucher.school_id = $1 ORDER BY wallet_voucher.id",
    ),
    Export(
        "wallet_tabel",
        "Who was present on which day by the tabel; the last row of a person and day is what holds.",
        'SELECT ref AS person, "on", is_present, reason, at, import_id AS file FROM wallet_tabel'
        " JOIN person ON person.id = person_id WHERE wallet_tabel.school_id = $1 ORDER BY wallet_tabel.id",
    ),
    Export(
        "wallet_notes",
        "Why voucher, tabel and records differ, as the office said; an empty reason takes back what was said.",
        'SELECT ref AS person, "on", meal, kind, reason, at, by FROM wallet_note JOIN person ON person.id = person_id'
        " WHERE wallet_note.school_id = $1 ORDER BY wallet_note.id",
    ),
    Export(
        "till_codes",
        "Codes of others that tills take for a person, as tokens, until their last day.",
        "SELECT source, token, ref AS person, last_on FROM till_code JOIN person ON person.id = person_id"
        " WHERE till_code.school_id = $1 ORDER BY source",
    ),
    Export(
        "wallet_told",
        "Which meals the wallet's desk was told of, or that they were taken back; refused says why it took them not.",
        "SELECT sale, is_back, refused, at FROM wallet_sent WHERE school_id = $1 ORDER BY at, sale",
    ),
)
