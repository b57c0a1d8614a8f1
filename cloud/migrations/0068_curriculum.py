"""Curriculum plans with their content, which class is taught by which, plans of courses by theme, the norm of hours."""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = """
CREATE TABLE curriculum (            -- a plan: its heading
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  title text NOT NULL,
  year smallint NOT NULL,            -- in which the school year begins
  grade smallint NOT NULL CHECK (grade BETWEEN 0 AND 12),
  language text NOT NULL,            -- of teaching
  weeks smallint NOT NULL CHECK (weeks BETWEEN 1 AND 52),
  paper text NOT NULL DEFAULT '',    -- by which order
  approved_by text NOT NULL DEFAULT '',
  approved_on date,
  UNIQUE (school_id, year, grade, title)
);
CREATE TABLE curriculum_item (       -- its content: a subject
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  curriculum_id bigint NOT NULL REFERENCES curriculum ON DELETE CASCADE,
  subject_id bigint NOT NULL REFERENCES school_subject ON DELETE RESTRICT,
  half_hours smallint NOT NULL CHECK (half_hours BETWEEN 1 AND 40), -- lessons in two weeks
  year_hours smallint NOT NULL CHECK (year_hours BETWEEN 1 AND 1000),
  UNIQUE (curriculum_id, subject_id)
);
CREATE INDEX plans_with_a_subject ON curriculum_item (subject_id);
CREATE TABLE curriculum_unit (       -- of a subject of a plan
  item_id bigint NOT NULL REFERENCES curriculum_item ON DELETE CASCADE,
  number smallint NOT NULL,
  title text NOT NULL,
  hours smallint NOT NULL CHECK (hours BETWEEN 1 AND 500),
  PRIMARY KEY (item_id, number)
);
CREATE TABLE class_curriculum (      -- by which plan a class is taught
  year smallint NOT NULL,
  school_class_id bigint NOT NULL REFERENCES school_class ON DELETE RESTRICT,
  curriculum_id bigint NOT NULL REFERENCES curriculum ON DELETE CASCADE,
  PRIMARY KEY (year, school_class_id)
);
CREATE INDEX classes_of_a_plan ON class_curriculum (curriculum_id);
CREATE TABLE course_theme (          -- the calendar-thematic plan of a course
  course_id bigint NOT NULL REFERENCES course ON DELETE RESTRICT,
  number smallint NOT NULL,
  unit text NOT NULL DEFAULT '',
  title text NOT NULL,
  hours smallint NOT NULL CHECK (hours BETWEEN 1 AND 100),
  week smallint CHECK (week BETWEEN 1 AND 52), -- of teaching; none: not said
  kind text NOT NULL DEFAULT 'lesson' CHECK (kind IN ('lesson', 'sor', 'soch')),
  PRIMARY KEY (course_id, number)
);
CREATE TABLE load_norm (             -- hours a week for which a whole rate is paid; none: what the law says
  school_id bigint PRIMARY KEY REFERENCES school ON DELETE RESTRICT,
  hours smallint NOT NULL CHECK (hours BETWEEN 1 AND 40)
);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0067_studies")]
    operations = [ops.RunSQL(TABLES)]
