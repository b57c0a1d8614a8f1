"""The SQL of the projection of meals: what is read before records are met, and how what they mean is kept."""

SALES = """
SELECT sale.id, device, epoch, seq, shift, meal, payment, coalesce(person.ref, '') AS person, is_known, amount_tiyn, at,
  clock, is_unconfirmed, full_tiyn, returned_tiyn, is_void
FROM meal_sale AS sale LEFT JOIN person ON person.id = person_id WHERE sale.school_id = $1 AND sale.id = ANY($2)
"""
COSTS = """
SELECT sale, device, epoch, least(sum(count * price_tiyn), $3)::bigint AS cost FROM meal_line
WHERE school_id = $1 AND sale = ANY($2) GROUP BY sale, device, epoch
"""
CHANGES = """
SELECT id, kind, sale, device, epoch, seq, amount_tiyn, staff, reason, at, clock, position, given_tiyn FROM meal_change
WHERE school_id = $1 AND (sale = ANY($2) OR id = ANY($3))
"""
LINES = """
SELECT device, epoch, seq FROM meal_line
WHERE (device, epoch, seq) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]))
"""
# Shifts by their ids, and those that were open at a device where the log has a position.
RUNS = """
SELECT device, id AS shift, named_on, opened_position FROM till_shift
WHERE school_id = $1 AND (device, id) IN (SELECT * FROM unnest($2::text[], $3::text[]))
UNION
SELECT open.* FROM unnest($4::text[], $5::bigint[]) AS asked (device, position) CROSS JOIN LATERAL (
  SELECT device, id, named_on, opened_position FROM till_shift
  WHERE school_id = $1 AND till_shift.device = asked.device AND opened_position < asked.position
  ORDER BY opened_position DESC LIMIT 1
) AS open
"""
STANDS = "SELECT device, since_at, until_at FROM till_place WHERE school_id = $1 AND device = ANY($2)"
ODD_COLUMNS = """
device, epoch, seq, why, record, id, sale, shift, meal, payment, ref, is_known, amount_tiyn, is_unconfirmed, staff,
  reason, clock, at, position, decision
"""
ODD_AT = f"""
SELECT {ODD_COLUMNS} FROM meal_odd
WHERE (device, epoch, seq) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]))
"""  # noqa: S608 - of our own columns only
NAMESAKES = """
SELECT id, device, epoch, seq FROM meal_odd WHERE school_id = $1 AND record = 'sale' AND id = ANY($2)
  AND (device, epoch) IN (SELECT * FROM unnest($3::text[], $4::text[]))
"""
ODD_OF_RUNS = f"""
SELECT {ODD_COLUMNS} FROM meal_odd WHERE school_id = $1 AND why = 'no_shift' AND decision = ''
  AND (device, shift) IN (SELECT * FROM unnest($2::text[], $3::text[]))
ORDER BY device, epoch, seq LIMIT 5000
"""  # noqa: S608 - of our own columns only
PEOPLE = "SELECT ref FROM person WHERE school_id = $1 AND ref = ANY($2)"
KEEP_SALES = """
INSERT INTO meal_sale (school_id, id, device, epoch, seq, shift, meal, payment, person_id, is_known, amount_tiyn,
  full_tiyn, returned_tiyn, is_void, is_unconfirmed, clock, at, "on")
SELECT $1, new.id, device, epoch, seq, shift, meal, payment, person.id, is_known, amount, full_, returned, void, unsure,
  clock, at, (at AT TIME ZONE zone)::date
FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::boolean[], $11::bigint[], $12::bigint[], $13::bigint[], $14::boolean[], $15::boolean[], $16::text[],
  $17::timestamptz[])
  AS new (id, device, epoch, seq, shift, meal, payment, ref, is_known, amount, full_, returned, void, unsure, clock, at)
CROSS JOIN (SELECT zone FROM school WHERE id = $1) AS school
LEFT JOIN person ON person.school_id = $1 AND person.ref = new.ref
ON CONFLICT (school_id, id) DO UPDATE
SET full_tiyn = EXCLUDED.full_tiyn, returned_tiyn = EXCLUDED.returned_tiyn, is_void = EXCLUDED.is_void
"""
KEEP_LINES = """
INSERT INTO meal_line (school_id, sale, device, epoch, seq, dish, version, count, price_tiyn)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::integer[], $8::smallint[],
  $9::bigint[]) ON CONFLICT DO NOTHING
"""
KEEP_CHANGES = """
INSERT INTO meal_change (school_id, id, kind, sale, device, epoch, seq, amount_tiyn, given_tiyn, staff, reason, at,
  clock, position)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
  $9::bigint[], $10::text[], $11::text[], $12::timestamptz[], $13::text[], $14::bigint[])
ON CONFLICT (school_id, id) DO UPDATE SET given_tiyn = EXCLUDED.given_tiyn
"""
KEEP_OVERRIDES = """
INSERT INTO meal_override (school_id, sale, device, epoch, seq, rule, staff, why)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[])
ON CONFLICT DO NOTHING
"""
KEEP_SHIFTS = """
INSERT INTO till_shift AS kept (school_id, id, device, till, staff, opened_at, opened_position, named_on, closed_at,
  amount_tiyn, cash_tiyn, count)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bigint[], $8::date[],
  $9::timestamptz[], $10::bigint[], $11::bigint[], $12::integer[])
ON CONFLICT (school_id, device, id) DO UPDATE SET
  opened_at = coalesce(kept.opened_at, EXCLUDED.opened_at),
  opened_position = coalesce(kept.opened_position, EXCLUDED.opened_position),
  named_on = coalesce(kept.named_on, EXCLUDED.named_on),
  closed_at = coalesce(kept.closed_at, EXCLUDED.closed_at),
  amount_tiyn = coalesce(kept.amount_tiyn, EXCLUDED.amount_tiyn),
  cash_tiyn = coalesce(kept.cash_tiyn, EXCLUDED.cash_tiyn), count = coalesce(kept.count, EXCLUDED.count)
"""
# A sale belongs to the day that the cashier named where the till's clock did not know the time.
NAME_DAYS = """
UPDATE meal_sale SET "on" = named_on FROM till_shift
WHERE till_shift.school_id = $1 AND named_on IS NOT NULL
  AND (till_shift.device, till_shift.id) IN (SELECT * FROM unnest($2::text[], $3::text[]))
  AND meal_sale.school_id = $1 AND shift = till_shift.id AND meal_sale.device = till_shift.device
  AND clock IN ('floor', 'none') AND "on" <> named_on
"""
KEEP_ODD = """
INSERT INTO meal_odd (school_id, device, epoch, seq, why, record, id, sale, shift, meal, payment, ref, is_known,
  amount_tiyn, is_unconfirmed, staff, reason, clock, at, position, "on")
SELECT $1, device, epoch, seq, why, record, new.id, sale, shift, meal, payment, ref, is_known, amount, unsure, staff,
  reason, clock, at, position, coalesce(named_on, (at AT TIME ZONE zone)::date)
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::text[], $11::text[], $12::text[], $13::boolean[], $14::bigint[], $15::boolean[], $16::text[], $17::text[],
  $18::text[], $19::timestamptz[], $20::bigint[], $21::date[])
  AS new (device, epoch, seq, why, record, id, sale, shift, meal, payment, ref, is_known, amount, unsure, staff, reason,
  clock, at, position, named_on)
CROSS JOIN (SELECT zone FROM school WHERE id = $1) AS school
ON CONFLICT (device, epoch, seq) DO UPDATE SET why = EXCLUDED.why
"""
DROP_ODD = """
DELETE FROM meal_odd WHERE school_id = $1 AND decision = ''
  AND (device, epoch, seq) IN (SELECT * FROM unnest($2::text[], $3::text[], $4::bigint[]))
"""
KEEP_CLAIMS = """
INSERT INTO meal_claim (school_id, device, epoch, seq, sale, person_id, meal, "on", is_granted, amount_tiyn,
  is_by_right, at)
SELECT $1, device, epoch, seq, sale, person.id, meal, day, granted, amount, by_right, at
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::date[], $9::boolean[],
  $10::bigint[], $11::boolean[], $12::timestamptz[])
  AS new (device, epoch, seq, sale, ref, meal, day, granted, amount, by_right, at)
LEFT JOIN person ON person.school_id = $1 AND person.ref = new.ref ON CONFLICT DO NOTHING
"""
KEEP_REFUSALS = """
INSERT INTO meal_refusal (school_id, device, epoch, seq, person_id, meal, reason, clock, at, "on")
SELECT $1, device, epoch, seq, person.id, meal, reason, clock, at, coalesce(named_on, (at AT TIME ZONE zone)::date)
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[],
  $10::date[]) AS new (device, epoch, seq, ref, meal, reason, clock, at, named_on)
CROSS JOIN (SELECT zone FROM school WHERE id = $1) AS school
JOIN person ON person.school_id = $1 AND person.ref = new.ref ON CONFLICT DO NOTHING
"""
