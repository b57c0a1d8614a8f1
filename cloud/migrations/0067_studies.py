"""Subjects, what is taught to whom by whom (courses), lessons that were or are to be given, and whose account a teacher's is."""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = """
CREATE TABLE staff_account (         -- the account of somebody who works at the school
  person_id bigint PRIMARY KEY REFERENCES person ON DELETE RESTRICT,
  account_id bigint NOT NULL REFERENCES account ON DELETE RESTRICT,
  UNIQUE (account_id, person_id)     -- who works at two schools has a person at each
);
CREATE TABLE school_subject (      -- what a school teaches; what resources know somebody by is the table `subject`
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  code text NOT NULL,                -- as mathematics; of the state's list, or the school's own
  area text NOT NULL,                -- of the state's standard
  name_kk text NOT NULL,
  name_ru text NOT NULL,
  name_en text NOT NULL,
  difficulty smallint NOT NULL DEFAULT 0 CHECK (difficulty BETWEEN 0 AND 12), -- points of the sanitary rules; 0: none
  is_active boolean NOT NULL DEFAULT true,
  UNIQUE (school_id, code)
);
CREATE TABLE course (                -- a subject, taught to a class or to a group of it in one school year
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  year smallint NOT NULL,            -- in which the school year begins
  school_class_id bigint NOT NULL REFERENCES school_class ON DELETE RESTRICT,
  subject_id bigint NOT NULL REFERENCES school_subject ON DELETE RESTRICT,
  group_name text NOT NULL DEFAULT '', -- empty: the whole class
  teacher_id bigint REFERENCES person ON DELETE RESTRICT, -- none yet: a vacancy
  half_hours smallint NOT NULL CHECK (half_hours BETWEEN 1 AND 40), -- lessons in two weeks: 1 is one every other week
  room text NOT NULL DEFAULT '',     -- where it is taught, if it must be there
  ended_on date,                     -- the last day, if it was ended before the year was
  UNIQUE (year, school_class_id, subject_id, group_name)
);
CREATE INDEX courses_of_a_school ON course (school_id, year);
CREATE INDEX courses_of_a_teacher ON course (teacher_id, year);
CREATE INDEX courses_in_a_subject ON course (subject_id);
CREATE TABLE course_member (         -- of a group; the whole class's are those who are in the class
  course_id bigint NOT NULL REFERENCES course ON DELETE RESTRICT,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  first_on date NOT NULL,
  last_on date CHECK (last_on >= first_on), -- none while it goes on
  PRIMARY KEY (course_id, person_id, first_on)
);
CREATE INDEX groups_of_a_person ON course_member (person_id);
CREATE TABLE lesson (                -- one lesson on a day: planned by the timetable or by hand, then given or called off
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  course_id bigint NOT NULL REFERENCES course ON DELETE RESTRICT,
  "on" date NOT NULL,
  number smallint NOT NULL CHECK (number BETWEEN 1 AND 12), -- within the class's shift, as of its bells
  teacher_id bigint REFERENCES person ON DELETE RESTRICT, -- who gives it: the course's, or a substitute
  room text NOT NULL DEFAULT '',
  kind text NOT NULL DEFAULT 'lesson' CHECK (kind IN ('lesson', 'sor', 'soch')), -- summative for a unit, for a quarter
  is_off boolean NOT NULL DEFAULT false, -- called off
  theme text NOT NULL DEFAULT '',    -- what it was about
  note text NOT NULL DEFAULT '',     -- why another teacher, why called off
  UNIQUE (course_id, "on", number)
);
CREATE INDEX lessons_of_a_day ON lesson (school_id, "on");
CREATE INDEX lessons_of_a_teacher ON lesson (teacher_id, "on");
"""
# Whose account a member of staff's is, is a tie like a student's: the nightly check finds what no deed made.
TIES = """
DO $$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW tie AS ' || rtrim(pg_get_viewdef('tie'::regclass), '; ') || '
UNION ALL
SELECT school_id, ''staff'', person.id, 0, ''staff:'' || person.id || ''='' || account_id
FROM staff_account JOIN person ON person.id = person_id'; END $$
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0066_transfers")]
    operations = [ops.RunSQL(TABLES), ops.RunSQL(TIES)]
