"""Depersonalising of people, step by step, with what each step did."""

from tortoise import migrations
from tortoise.migrations import operations as ops

ERASURE = """
CREATE TABLE erasure (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  person_id bigint NOT NULL UNIQUE REFERENCES person ON DELETE RESTRICT,
  begun_at timestamptz NOT NULL,
  done_at timestamptz
);
CREATE TABLE erasure_step (
  erasure_id bigint NOT NULL REFERENCES erasure ON DELETE RESTRICT,
  step text NOT NULL,
  count int NOT NULL,              -- of what was removed
  done_at timestamptz NOT NULL,
  PRIMARY KEY (erasure_id, step)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON erasure_step
  EXECUTE FUNCTION consents_are_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0033_and_whole_schools")]
    operations = [ops.RunSQL(ERASURE)]
