"""Timetables: rooms, when teachers can teach, versions with their slots, what the solver was asked and found, feeds."""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = """
CREATE TABLE room (                  -- where lessons are given; lessons and courses know it by its name
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  name text NOT NULL CHECK (name <> ''),
  kind text NOT NULL DEFAULT 'class' CHECK (kind IN ('class', 'gym', 'lab', 'computer', 'workshop')),
  is_active boolean NOT NULL DEFAULT true,
  UNIQUE (school_id, name)
);
CREATE TABLE timetable_rule (        -- of a school; without a row the usual ones hold
  school_id bigint PRIMARY KEY REFERENCES school ON DELETE RESTRICT,
  points_max smallint NOT NULL CHECK (points_max BETWEEN 0 AND 120), -- difficulty of a class's day; 0: no limit
  summative_max smallint NOT NULL CHECK (summative_max BETWEEN 1 AND 12) -- summative works of a class on one day
);
CREATE TABLE timetable_subject (     -- what a subject asks of a timetable
  subject_id bigint PRIMARY KEY REFERENCES school_subject ON DELETE RESTRICT,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  room_kind text CHECK (room_kind IN ('class', 'gym', 'lab', 'computer', 'workshop')), -- none: any room
  is_double boolean NOT NULL DEFAULT false -- two lessons in a row are welcome
);
CREATE INDEX what_subjects_of_this_school_ask ON timetable_subject (school_id);
CREATE TABLE teacher_time (          -- when somebody cannot teach, or would rather not
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  weekday smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),
  from_min smallint NOT NULL,        -- minutes after local midnight
  until_min smallint NOT NULL CHECK (until_min > from_min AND from_min >= 0 AND until_min <= 1440),
  is_wish boolean NOT NULL           -- rather not; else not at all
);
CREATE INDEX when_this_schools_teachers_can ON teacher_time (school_id, person_id);
CREATE TABLE timetable (             -- a version: worked on as a draft, then published from a day on
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  year smallint NOT NULL,            -- in which the school year begins
  name text NOT NULL CHECK (name <> ''),
  first_on date,                     -- none: a draft
  last_on date CHECK (last_on >= first_on), -- none: to the end of the school year
  made_at timestamptz NOT NULL,
  published_at timestamptz,
  CHECK ((first_on IS NULL) = (published_at IS NULL))
);
CREATE INDEX timetables_of_this_school ON timetable (school_id, year, first_on);
CREATE TABLE timetable_slot (        -- a course has a lesson in a cell of the week
  timetable_id bigint NOT NULL REFERENCES timetable ON DELETE CASCADE,
  course_id bigint NOT NULL REFERENCES course ON DELETE RESTRICT,
  weekday smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),
  number smallint NOT NULL CHECK (number BETWEEN 1 AND 12), -- within the class's shift, as of its bells
  weeks smallint NOT NULL DEFAULT 0 CHECK (weeks IN (0, 1, 2)), -- each; odd ones; even ones
  room text NOT NULL DEFAULT '',
  is_fixed boolean NOT NULL DEFAULT false, -- put by hand: the solver leaves it where it is
  PRIMARY KEY (timetable_id, course_id, weekday, number, weeks)
);
CREATE INDEX slots_of_this_course ON timetable_slot (course_id);
CREATE TABLE timetable_solve (       -- what the solver was asked, and what it found
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  timetable_id bigint NOT NULL REFERENCES timetable ON DELETE CASCADE,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed')),
  seconds smallint NOT NULL CHECK (seconds BETWEEN 5 AND 600),
  seed int NOT NULL,
  asked_at timestamptz NOT NULL,
  asked_by text NOT NULL,
  held_until timestamptz,
  tries smallint NOT NULL DEFAULT 0,
  progress jsonb,                    -- the last that the solver told
  outcome jsonb,                     -- slots, figures, what could not be placed and why
  failed text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX one_solve_at_a_time ON timetable_solve (school_id) WHERE state IN ('waiting', 'running');
CREATE INDEX solves_of_this_timetable ON timetable_solve (timetable_id);
CREATE TABLE timetable_head (        -- how far lessons were laid out of the published timetables
  school_id bigint PRIMARY KEY REFERENCES school ON DELETE RESTRICT,
  laid_on date,                      -- the school's day on which they were; none: to be done anew
  calendar_number bigint NOT NULL DEFAULT 0 -- of the school's calendar as it was then
);
CREATE TABLE staff_absence (         -- a teacher is away: whose lessons are to be covered
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  first_on date NOT NULL,
  last_on date NOT NULL CHECK (last_on >= first_on)
);
CREATE INDEX who_of_the_staff_is_away ON staff_absence (school_id, last_on);
CREATE TABLE timetable_feed (        -- a calendar behind a secret address
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  class_id bigint REFERENCES school_class ON DELETE RESTRICT,
  person_id bigint REFERENCES person ON DELETE RESTRICT,
  room_id bigint REFERENCES room ON DELETE RESTRICT,
  language text NOT NULL CHECK (language IN ('kk', 'ru', 'en')),
  token_digest bytea NOT NULL UNIQUE,
  made_at timestamptz NOT NULL,
  made_by text NOT NULL,
  CHECK (num_nonnulls(class_id, person_id, room_id) = 1)
);
CREATE INDEX feeds_of_this_school ON timetable_feed (school_id);
ALTER TABLE lesson ADD COLUMN is_by_hand boolean NOT NULL DEFAULT false; -- changed on its day: no timetable changes it
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0068_curriculum")]
    operations = [ops.RunSQL(TABLES)]
