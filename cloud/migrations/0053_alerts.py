"""Alerts that children were not seen: what a school has set, when it is looked at next, and what became of each class.

A day of the calendar may be shortened.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

ALERTS = """
CREATE TABLE alert_rule (            -- a school without a row goes by the defaults
  school_id bigint PRIMARY KEY REFERENCES school (id),
  absent_after_min smallint NOT NULL, -- after the class's first lesson began
  class_share smallint NOT NULL,     -- per cent of a class beyond which nobody is told before a person has looked
  school_share smallint NOT NULL,
  set_at timestamptz NOT NULL,
  set_by text NOT NULL
);
CREATE TABLE alert_watch (
  school_id bigint PRIMARY KEY REFERENCES school (id),
  next_at timestamptz NOT NULL       -- when to look again; the row is locked by whoever judges or decides
) WITH (fillfactor = 50);
CREATE TABLE alert_round (           -- a class on a day
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school (id),
  school_class_id bigint NOT NULL REFERENCES school_class (id),
  "on" date NOT NULL,                -- the school's own day
  due_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,      -- of the class's last lesson: nobody is told after it
  state text NOT NULL CHECK (state IN ('told', 'waiting', 'held', 'released', 'dropped', 'lapsed')),
  why text NOT NULL CHECK (why IN ('', 'class', 'school', 'gate', 'behind')),
  absent int NOT NULL,
  expected int NOT NULL,
  judged_at timestamptz NOT NULL,
  decided_at timestamptz,
  decided_by text NOT NULL DEFAULT '',
  UNIQUE (school_class_id, "on")
) WITH (fillfactor = 80);
CREATE INDEX rounds_of_a_day ON alert_round (school_id, "on");
CREATE INDEX which_rounds_are_old ON alert_round ("on");
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0052_days_told")]
    operations = [
        ops.RunSQL(ALERTS),
        ops.AddField("CalendarDay", "lessons", fields.SmallIntField(null=True)),
        ops.AddField("CalendarDay", "lesson_min", fields.SmallIntField(null=True)),
    ]
