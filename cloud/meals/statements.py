"""The SQL of the projection of meals."""

SALES = """
SELECT sale.id, device, epoch, seq, shift, meal, payment, coalesce(person.ref, '') AS person, is_known, amount_tiyn, at,
  clock, is_unconfirmed, full_tiyn, returned_tiyn, is_void
FROM meal_sale AS sale LEFT JOIN person ON person.id = person_id WHERE sale.school_id = $1 AND sale.id = ANY($2)
"""
COSTS = """
SELECT sale, least(sum(count * price_tiyn), $3)::bigint AS cost FROM meal_line
WHERE school_id = $1 AND sale = ANY($2) GROUP BY sale
"""
WAITING = """
SELECT id, kind, sale, device, epoch, seq, amount_tiyn, staff, reason, at FROM meal_change
WHERE school_id = $1 AND sale = ANY($2) AND given_tiyn IS NULL
"""
LINES = """
SELECT device, epoch, seq FROM meal_line
WHERE (device, epoch, seq) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]))
"""
CHANGES = "SELECT id FROM meal_change WHERE school_id = $1 AND id = ANY($2)"
PEOPLE = "SELECT ref, id FROM person WHERE school_id = $1 AND ref = ANY($2)"
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
INSERT INTO meal_change (school_id, id, kind, sale, device, epoch, seq, amount_tiyn, given_tiyn, staff, reason, at)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
  $9::bigint[], $10::text[], $11::text[], $12::timestamptz[])
ON CONFLICT (school_id, id) DO UPDATE SET given_tiyn = EXCLUDED.given_tiyn
"""
KEEP_OVERRIDES = """
INSERT INTO meal_override (school_id, sale, device, epoch, seq, rule, staff, why)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[])
ON CONFLICT DO NOTHING
"""
KEEP_SHIFTS = """
INSERT INTO till_shift AS kept (school_id, id, device, till, staff, opened_at, closed_at, amount_tiyn, cash_tiyn, count)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
  $8::bigint[], $9::bigint[], $10::integer[])
ON CONFLICT (school_id, id) DO UPDATE SET
  opened_at = coalesce(kept.opened_at, EXCLUDED.opened_at), closed_at = coalesce(kept.closed_at, EXCLUDED.closed_at),
  amount_tiyn = coalesce(kept.amount_tiyn, EXCLUDED.amount_tiyn),
  cash_tiyn = coalesce(kept.cash_tiyn, EXCLUDED.cash_tiyn), count = coalesce(kept.count, EXCLUDED.count)
"""
