"""Resources: free of charge, verified on a ground, how often opened; and the indicators of a school, counted by day."""

from tortoise import migrations
from tortoise.migrations import operations as ops

RESOURCES = """
ALTER TABLE resource
  ADD COLUMN is_free boolean NOT NULL DEFAULT false, -- of charge, for whom it is meant
  ADD COLUMN verified_at timestamptz,    -- none: nobody said that its content was verified
  ADD COLUMN verified_by text NOT NULL DEFAULT '',
  ADD COLUMN ground text NOT NULL DEFAULT '' CHECK (ground IN ('', 'list', 'review')),
  ADD COLUMN paper text NOT NULL DEFAULT '', -- which list, or whose conclusion
  ADD CONSTRAINT verified_on_a_ground CHECK ((verified_at IS NULL) = (ground = ''));
CREATE TABLE resource_opening (          -- how often it was opened from the shelf; by whom stands nowhere
  resource_id bigint NOT NULL REFERENCES resource ON DELETE CASCADE,
  "on" date NOT NULL,                    -- the school's own day
  role text NOT NULL CHECK (role IN ('student', 'teacher')),
  grade smallint,                        -- of a student; none: in no class, or a teacher
  count int NOT NULL CHECK (count >= 1),
  UNIQUE NULLS NOT DISTINCT (resource_id, "on", role, grade)
);
"""
INDICATORS = """
CREATE TABLE indicator_day (             -- how many of a school have what, as it was counted in the night of a day
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  "on" date NOT NULL,                    -- the school's own day
  students int NOT NULL,
  profiled int NOT NULL,                 -- students whose profile is filled
  advised int NOT NULL,                  -- students with recommendations or a trajectory
  students_reaching int NOT NULL,        -- students who can open verified content free of charge
  teachers int NOT NULL,
  teachers_reaching int NOT NULL,
  made_at timestamptz NOT NULL,
  PRIMARY KEY (school_id, "on")
);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0077_progress")]
    operations = [ops.RunSQL(RESOURCES), ops.RunSQL(INDICATORS)]
