"""The SQL of the projection of attendance: one statement a table for a whole stretch of records."""

LEARN_SENSORS = """
UPDATE gate SET has_sensor = true FROM unnest($1::bigint[], $2::text[]) AS spoke (school_id, key)
WHERE gate.school_id = spoke.school_id AND gate.key = spoke.key AND NOT gate.has_sensor
"""

SENSORS = "SELECT school_id, key FROM gate WHERE has_sensor AND school_id = ANY($1::bigint[])"

PEOPLE = "SELECT id, ref, school_id, school_class_id, role FROM person WHERE ref = ANY($1::text[])"

LOAD_MOVEMENTS = """
SELECT movement.*, person.ref FROM movement
JOIN unnest($1::text[], $2::text[], $3::bigint[]) AS told (device, epoch, seq) USING (device, epoch, seq)
LEFT JOIN person ON person.id = movement.person_id
"""

KEEP_MOVEMENTS = """
INSERT INTO movement (
  shard, position, school_id, person_id, "on", at, received_at, direction, gate, kind, reason, let, let_reason, passage,
  clock, device, epoch, seq
)
SELECT * FROM unnest(
  $1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::date[], $6::timestamptz[], $7::timestamptz[],
  $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
  $17::text[], $18::bigint[]
)
ON CONFLICT (device, epoch, seq) DO UPDATE SET
  person_id = excluded.person_id, "on" = excluded."on", at = excluded.at, direction = excluded.direction,
  gate = excluded.gate, kind = excluded.kind, reason = excluded.reason, let = excluded.let,
  let_reason = excluded.let_reason, passage = excluded.passage, clock = excluded.clock
"""

LOAD_DAYS = """
SELECT person_id, "on", at, direction, kind, gate, clock, is_double, device, epoch, seq FROM movement
JOIN unnest($1::bigint[], $2::date[]) AS changed (person_id, "on") USING (person_id, "on")
"""

MARK_DOUBLES = """
UPDATE movement SET is_double = told.is_double
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::boolean[]) AS told (device, epoch, seq, is_double)
WHERE movement.device = told.device AND movement.epoch = told.epoch AND movement.seq = told.seq
"""

KEEP_PRESENCE = """
INSERT INTO presence (
  shard, school_id, person_id, "on", first_in_at, last_out_at, is_inside, late_min, without_card, entries, updated_at
)
SELECT school.shard, day.* FROM unnest(
  $1::bigint[], $2::bigint[], $3::date[], $4::timestamptz[], $5::timestamptz[], $6::boolean[], $7::smallint[],
  $8::boolean[], $9::smallint[], $10::timestamptz[]
) AS day (
  school_id, person_id, "on", first_in_at, last_out_at, is_inside, late_min, without_card, entries, updated_at
)
JOIN school ON school.id = day.school_id
ON CONFLICT (person_id, "on") DO UPDATE SET
  first_in_at = excluded.first_in_at, last_out_at = excluded.last_out_at, is_inside = excluded.is_inside,
  late_min = excluded.late_min, without_card = excluded.without_card, entries = excluded.entries,
  updated_at = excluded.updated_at
"""
