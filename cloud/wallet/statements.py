"""The SQL of the wallet's tables.

Rule: nothing is changed in place: the newest row of a voucher, of a child's day and of a note is what holds.
"""

VOUCHERS = """
SELECT * FROM (
  SELECT DISTINCT ON (number) number, person_id, meal, first_on, last_on, price_tiyn, is_annulled, code
  FROM wallet_voucher
  WHERE school_id = $1 ORDER BY number, id DESC
) AS newest ORDER BY number LIMIT $2
"""
TABEL = """
SELECT DISTINCT ON ("on", person_id) "on", person_id, is_present, reason FROM wallet_tabel
WHERE school_id = $1 AND "on" BETWEEN $2 AND $3 ORDER BY "on", person_id, id DESC LIMIT $4
"""
NOTES = """
SELECT DISTINCT ON ("on", person_id, meal, kind) "on", person_id, meal, kind, reason, at, by FROM wallet_note
WHERE school_id = $1 AND "on" BETWEEN $2 AND $3 ORDER BY "on", person_id, meal, kind, id DESC LIMIT $4
"""
PUT_IMPORT = """
INSERT INTO wallet_import (school_id, kind, digest, count, added, changed, same, rejected, rejected_encrypted, at, by)
VALUES ($1, $2, $3, $4, 0, 0, 0, 0, NULL, $5, $6) RETURNING id
"""
COUNT_IMPORT = """
UPDATE wallet_import SET added = $2, changed = $3, same = $4, rejected = $5, rejected_encrypted = $6 WHERE id = $1
"""
PUT_VOUCHERS = """
INSERT INTO wallet_voucher (school_id, import_id, at, number, person_id, meal, first_on, last_on, price_tiyn,
  is_annulled, code)
SELECT $1, $2, $3, * FROM unnest($4::text[], $5::bigint[], $6::text[], $7::date[], $8::date[], $9::bigint[],
  $10::boolean[], $11::text[])
"""
PUT_TABEL = """
INSERT INTO wallet_tabel (school_id, import_id, at, person_id, "on", is_present, reason)
SELECT $1, $2, $3, * FROM unnest($4::bigint[], $5::date[], $6::boolean[], $7::text[])
"""
PUT_NOTES = """
INSERT INTO wallet_note (school_id, person_id, "on", meal, kind, reason, at, by)
SELECT $1, $2, $3, $4, kind, $6, $7, $8 FROM unnest($5::text[]) AS kind
"""
IMPORTS = """
SELECT id, kind, count, added, changed, same, rejected, at, by FROM wallet_import
WHERE school_id = $1 ORDER BY id DESC LIMIT $2
"""
REJECTED = "SELECT kind, rejected_encrypted FROM wallet_import WHERE school_id = $1 AND id = $2"
PEOPLE = """
SELECT person.id, ref, concat_ws(' ', surname, given_name, nullif(patronymic, '')) AS name,
  coalesce(grade || letter, '') AS class_name
FROM person LEFT JOIN school_class ON school_class.id = school_class_id
WHERE person.school_id = $1 AND person.id = any($2) LIMIT 20000
"""
SENT = "SELECT sale, is_back, refused FROM wallet_sent WHERE school_id = $1 AND sale = any($2)"
PUT_SENT = """
INSERT INTO wallet_sent (school_id, sale, is_back, refused, at)
SELECT $1, sale, is_back, refused, $5 FROM unnest($2::text[], $3::boolean[], $4::text[]) AS new (sale, is_back, refused)
ON CONFLICT (school_id, sale, is_back) DO UPDATE SET refused = excluded.refused, at = excluded.at
"""
