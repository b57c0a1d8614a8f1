"""In which class a student was when, and the book of transfers; what stands at the update is its beginning.

Of before nothing is known but when somebody was entered, the class of now, and, by the audit journal, the day of leaving.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = """
CREATE TABLE stay (                  -- a student's time in a class, or in none yet
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  school_class_id bigint REFERENCES school_class ON DELETE RESTRICT,
  first_on date NOT NULL,
  last_on date CHECK (last_on >= first_on), -- none while it goes on
  CONSTRAINT stays_do_not_overlap EXCLUDE USING gist (
    int8range(person_id, person_id, '[]') WITH &&, daterange(first_on, last_on, '[]') WITH &&
  )
);
CREATE UNIQUE INDEX where_somebody_is ON stay (person_id) WHERE last_on IS NULL;
CREATE INDEX who_was_in_a_class ON stay (school_class_id, first_on);
CREATE INDEX where_somebody_was ON stay (person_id, first_on);
CREATE TABLE transfer (              -- the book: never changed; what was wrong is followed by what puts it right
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  number bigint NOT NULL,            -- in the school's book
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  kind text NOT NULL CHECK (kind IN ('arrived', 'moved', 'promoted', 'kept', 'left', 'finished')),
  "on" date NOT NULL,
  from_class_id bigint REFERENCES school_class ON DELETE RESTRICT,
  to_class_id bigint REFERENCES school_class ON DELETE RESTRICT,
  place text NOT NULL,               -- whence or whither, where it was said
  paper text NOT NULL,               -- order or application
  at timestamptz NOT NULL,
  by_name text NOT NULL,             -- empty: a list that was taken in
  PRIMARY KEY (school_id, number)
);
CREATE INDEX transfers_of_a_person ON transfer (person_id);
CREATE INDEX transfers_by_day ON transfer (school_id, "on");
"""
STANDING = """
INSERT INTO stay (school_id, person_id, school_class_id, first_on, last_on)
SELECT person.school_id, person.id, school_class_id, came.first_on,
  CASE WHEN NOT is_active THEN greatest(came.first_on, coalesce(gone.last_on, came.first_on)) END
FROM person JOIN school ON school.id = person.school_id
CROSS JOIN LATERAL (SELECT (person.created_at AT TIME ZONE zone)::date AS first_on) AS came
LEFT JOIN (
  SELECT subject, max(at) AS at FROM audit_entry WHERE verb = 'person.left' GROUP BY subject
) AS deed ON deed.subject = 'person:' || person.id
CROSS JOIN LATERAL (SELECT (deed.at AT TIME ZONE zone)::date AS last_on) AS gone
WHERE role = 'student'
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0065_maintenance")]
    operations = [ops.RunSQL(TABLES), ops.RunSQL(STANDING)]
