"""Days that changed as a log, and what guardians were told of each day.

Rule: what happened before this migration is told to nobody.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

CHANGES = """
CREATE TABLE day_head (
  shard smallint PRIMARY KEY,
  number bigint NOT NULL             -- of the last change; locked by whoever adds
) WITH (fillfactor = 10);
CREATE TABLE day_change (            -- forgotten when it was met
  shard smallint NOT NULL,
  number bigint NOT NULL,            -- 1, 2, 3 and so on in a shard, in the order of their commits
  school_id bigint NOT NULL,
  person_id bigint NOT NULL,
  "on" date NOT NULL,                -- the school's own day
  PRIMARY KEY (shard, number)
);
CREATE TABLE notice_day_cursor (
  shard smallint PRIMARY KEY,
  number bigint NOT NULL             -- of the last change that was met; locked by whoever tells of days
) WITH (fillfactor = 10);
CREATE TABLE notice_day (
  school_id bigint NOT NULL REFERENCES school (id),
  person_id bigint NOT NULL REFERENCES person (id),
  "on" date NOT NULL,
  told jsonb NOT NULL,               -- each fact that was told of the day: key, what is known of it by now, when, fixes
  PRIMARY KEY (person_id, "on")
) WITH (fillfactor = 80);
CREATE INDEX which_told_days_are_old ON notice_day USING brin ("on");
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0051_guard_pin")]
    operations = [ops.RunSQL(CHANGES)]
