"""Days of schools and classes counted, which of them are to be counted anew, and in which class somebody was when.

Rule: whatever way something comes into a table that a day is counted of, or changes there, its day is noted in the same
transaction, once for a statement; so is a person whose class changes.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = """
CREATE TABLE statistics_day (
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  "on" date NOT NULL,                -- the school's own day
  kind text NOT NULL CHECK (kind IN ('school', 'class', 'staff')),
  class_id bigint NOT NULL,          -- of a class; 0 for students in none, and of the other kinds
  people integer NOT NULL, taught integer NOT NULL, expected integer NOT NULL, came integer NOT NULL,
  late integer NOT NULL, late_min integer NOT NULL, not_seen integer NOT NULL, ill integer NOT NULL,
  family integer NOT NULL, other integer NOT NULL, away integer NOT NULL, unexplained integer NOT NULL,
  never_left integer NOT NULL, timed integer NOT NULL, inside_min integer NOT NULL, ate integer NOT NULL,
  free integer NOT NULL, subsidised integer NOT NULL, account integer NOT NULL, cash integer NOT NULL,
  rated integer NOT NULL, food integer NOT NULL, service integer NOT NULL,
  by_meal jsonb NOT NULL,            -- how many meals, by the school's own keys
  made_at timestamptz NOT NULL,
  PRIMARY KEY (kind, school_id, "on", class_id)
);
CREATE INDEX lines_of_a_schools_day ON statistics_day (school_id, "on");
CREATE TABLE statistics_member (
  person_id bigint NOT NULL REFERENCES person ON DELETE CASCADE,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  from_on date NOT NULL,             -- it holds from this day on, until the next row of the person
  class_id bigint NOT NULL,          -- 0: none
  is_student boolean NOT NULL,
  is_here boolean NOT NULL,          -- false: has left
  came_on date NOT NULL,             -- the day from which the school had the person
  PRIMARY KEY (person_id, from_on)
);
CREATE INDEX who_was_at_a_school_when ON statistics_member (school_id, person_id, from_on);
CREATE TABLE statistics_touched (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL,
  "on" date,                         -- none: all days of the school whose lessons its calendar may still change
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX what_touched_this_day ON statistics_touched (school_id, "on");
CREATE TABLE statistics_moved (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL,
  person_id bigint NOT NULL
);
CREATE INDEX what_the_register_says_of_a_day ON register_mark (school_id, "on", person_id, number);
CREATE TABLE statistics_check (
  school_id bigint PRIMARY KEY REFERENCES school ON DELETE RESTRICT,
  checked_at timestamptz NOT NULL,
  wrong jsonb NOT NULL               -- the last time
);
"""

FUNCTIONS = """
CREATE FUNCTION statistics_day_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO statistics_touched (school_id, "on") SELECT DISTINCT school_id, "on" FROM moved;
  RETURN NULL;
END $$;
CREATE FUNCTION statistics_day_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO statistics_touched (school_id, "on")
  SELECT school_id, "on" FROM moved UNION SELECT school_id, "on" FROM was;
  RETURN NULL;
END $$;
CREATE FUNCTION statistics_span_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO statistics_touched (school_id, "on") SELECT DISTINCT school_id, day::date FROM moved
  CROSS JOIN generate_series(first_on, least(last_on, first_on + 400), interval '1 day') AS day;
  RETURN NULL;
END $$;
CREATE FUNCTION statistics_span_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO statistics_touched (school_id, "on")
  SELECT DISTINCT school_id, day::date FROM (
    SELECT school_id, first_on, last_on FROM moved UNION SELECT school_id, first_on, last_on FROM was
  ) AS span CROSS JOIN generate_series(first_on, least(last_on, first_on + 400), interval '1 day') AS day;
  RETURN NULL;
END $$;
CREATE FUNCTION statistics_trip_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO statistics_touched (school_id, "on") SELECT DISTINCT school_id, day::date FROM moved
  JOIN trip ON trip.id = moved.trip_id
  CROSS JOIN generate_series(first_on, least(last_on, first_on + 400), interval '1 day') AS day;
  RETURN NULL;
END $$;
CREATE FUNCTION statistics_reason_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO statistics_touched (school_id, "on") SELECT DISTINCT moved.school_id, "on" FROM moved
  JOIN register_mark AS mark ON mark.school_id = moved.school_id AND mark.number = moved.number;
  RETURN NULL;
END $$;
CREATE FUNCTION statistics_school_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO statistics_touched (school_id) VALUES (NEW.id);
  RETURN NULL;
END $$;
CREATE FUNCTION statistics_class_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO statistics_touched (school_id) VALUES (NEW.school_id);
  RETURN NULL;
END $$;
CREATE FUNCTION statistics_lesson_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO statistics_touched (school_id) SELECT DISTINCT class.school_id FROM moved
  JOIN school_class AS class ON class.id = moved.school_class_id;
  RETURN NULL;
END $$;
CREATE FUNCTION statistics_person_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO statistics_moved (school_id, person_id) SELECT school_id, id FROM moved;
  RETURN NULL;
END $$;
CREATE FUNCTION statistics_person_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO statistics_moved (school_id, person_id) SELECT moved.school_id, id FROM moved JOIN was USING (id)
  WHERE (moved.school_class_id, moved.role, moved.is_active)
    IS DISTINCT FROM (was.school_class_id, was.role, was.is_active);
  RETURN NULL;
END $$;
"""

_AFTER = """
CREATE TRIGGER statistics_{deed}s AFTER {deed} ON {table} REFERENCING {tables} FOR EACH STATEMENT
  EXECUTE FUNCTION {function}();
"""
_TABLES = {
    "insert": "NEW TABLE AS moved",
    "delete": "OLD TABLE AS moved",
    "update": "OLD TABLE AS was NEW TABLE AS moved",
}
_DEEDS = (
    *((table, "statistics_day_touched", "statistics_day_changed")
      for table in ("presence", "meal_sale", "meal_rating", "register_mark")),
    ("absence", "statistics_span_touched", "statistics_span_changed"),
    ("trip", "statistics_span_touched", "statistics_span_changed"),
    ("trip_member", "statistics_trip_touched", ""),
    ("register_reason", "statistics_reason_touched", ""),
    ("first_lesson", "statistics_lesson_touched", "statistics_lesson_touched"),
)  # fmt: skip
TRIGGERS = "".join(
    _AFTER.format(deed=deed, table=table, tables=_TABLES[deed], function=changed if deed == "update" else touched)
    for table, touched, changed in _DEEDS for deed in _TABLES if changed or deed != "update"
) + """
CREATE TRIGGER statistics_inserts AFTER INSERT ON person REFERENCING NEW TABLE AS moved
  FOR EACH STATEMENT EXECUTE FUNCTION statistics_person_moved();
CREATE TRIGGER statistics_updates AFTER UPDATE ON person REFERENCING OLD TABLE AS was NEW TABLE AS moved
  FOR EACH STATEMENT EXECUTE FUNCTION statistics_person_changed();
CREATE TRIGGER statistics_updates AFTER UPDATE OF calendar_number, school_days ON school
  FOR EACH ROW EXECUTE FUNCTION statistics_school_touched();
CREATE TRIGGER statistics_updates AFTER UPDATE OF grade, shift, school_days, is_active ON school_class
  FOR EACH ROW EXECUTE FUNCTION statistics_class_touched();
"""  # fmt: skip

# Where everybody is now, as if it had been so since they came; and every day of before is counted by the first worker.
BEFORE = """
INSERT INTO statistics_member (person_id, school_id, from_on, class_id, is_student, is_here, came_on)
SELECT person.id, school_id, came.on, coalesce(school_class_id, 0), role = 'student', is_active, came.on
FROM person JOIN school ON school.id = school_id
CROSS JOIN LATERAL (SELECT (person.created_at AT TIME ZONE zone)::date AS "on") AS came;
INSERT INTO statistics_touched (school_id, "on")
SELECT school_id, "on" FROM presence UNION SELECT school_id, "on" FROM meal_sale;
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0062_security_events")]
    operations = [ops.RunSQL(TABLES), ops.RunSQL(FUNCTIONS), ops.RunSQL(TRIGGERS), ops.RunSQL(BEFORE)]
