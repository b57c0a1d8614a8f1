"""Reports that staff build: what was chosen, with whom it is shared, and what was made of it by itself, sealed.

Rule: what is kept of a run names people by their ids; names are looked up when somebody reads it.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

REPORTS = """
CREATE TABLE built_report (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  account_id bigint NOT NULL REFERENCES account ON DELETE RESTRICT, -- whose it is
  name text NOT NULL CHECK (name <> ''),
  choice jsonb NOT NULL,             -- keys of declarations and values, no SQL
  roles text[] NOT NULL DEFAULT '{}', -- with whom it is shared
  every text CHECK (every IN ('day', 'week', 'month')), -- how often it is made by itself
  next_on date,                      -- the school's day on which it is made next
  stopped text NOT NULL DEFAULT '',  -- why it is not made by itself any more
  made_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  CHECK ((every IS NULL) = (next_on IS NULL))
);
CREATE INDEX reports_built_at_this_school ON built_report (school_id, account_id);
CREATE INDEX which_reports_are_to_be_made ON built_report (next_on) WHERE next_on IS NOT NULL;
CREATE TABLE built_reader (          -- whom it is shared with by name
  report_id bigint NOT NULL REFERENCES built_report ON DELETE CASCADE,
  account_id bigint NOT NULL REFERENCES account ON DELETE RESTRICT,
  PRIMARY KEY (report_id, account_id)
);
CREATE INDEX reports_shared_with_this_account ON built_reader (account_id);
CREATE TABLE built_run (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  report_id bigint NOT NULL REFERENCES built_report ON DELETE CASCADE,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  due_on date NOT NULL,              -- the school's day for which it was made
  made_at timestamptz NOT NULL,
  state text NOT NULL CHECK (state IN ('made', 'cut', 'refused')),
  row_count int NOT NULL DEFAULT 0,
  is_cut boolean NOT NULL DEFAULT false, -- there were more rows than are kept
  choice jsonb NOT NULL,             -- as it was then
  first_on date,
  last_on date,
  scope smallint NOT NULL DEFAULT 0, -- how far its owner saw
  classes bigint[] NOT NULL DEFAULT '{}',
  content_encrypted bytea,           -- the rows, with ids in the place of names
  letter_next_at timestamptz,        -- none: no letter goes any more
  letter_tries smallint NOT NULL DEFAULT 0,
  letter_sent_at timestamptz,
  letter_failed text NOT NULL DEFAULT '',
  UNIQUE (report_id, due_on)
);
CREATE INDEX which_letters_of_reports_are_due ON built_run (letter_next_at) WHERE letter_next_at IS NOT NULL;
CREATE INDEX which_runs_are_old ON built_run (made_at);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0063_statistics")]
    operations = [ops.RunSQL(REPORTS)]
