"""Exports as jobs, what was taken in, requests to put data right, and certificates of what was deleted."""

from tortoise import migrations
from tortoise.migrations import operations as ops

EXPORTS = """
CREATE TABLE export_job (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school,
  asked_at timestamptz NOT NULL,
  asked_by text NOT NULL,            -- as in the audit journal
  secrets text[] NOT NULL,           -- that were asked for by name
  key_encrypted bytea,               -- made of the passphrase; none once the file is written
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed', 'gone')),
  tries smallint NOT NULL DEFAULT 0,
  held_until timestamptz,            -- by the worker that writes it
  done smallint NOT NULL DEFAULT 0,  -- tables of `total`
  total smallint NOT NULL DEFAULT 0,
  size bigint NOT NULL DEFAULT 0,    -- of the file, bytes
  finished_at timestamptz,
  expires_at timestamptz,            -- when the file is deleted
  failed text NOT NULL DEFAULT ''    -- the kind of the error
);
CREATE UNIQUE INDEX one_export_at_a_time ON export_job (school_id) WHERE state IN ('waiting', 'running');
CREATE INDEX exports_of_a_school ON export_job (school_id, id);
CREATE TABLE taken_in (
  school_id bigint PRIMARY KEY REFERENCES school,
  shard smallint NOT NULL,
  gone bigint NOT NULL,              -- places of the log that records of other schools had before
  at timestamptz NOT NULL,
  made_at timestamptz NOT NULL       -- the export
);
"""

REQUESTS = """
CREATE TABLE correction_request (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school,
  person_id bigint NOT NULL REFERENCES person, -- whose data
  account_id bigint NOT NULL REFERENCES account, -- who asks
  asked_at timestamptz NOT NULL,
  what text NOT NULL,                -- kind of what is wrong
  is_wrong text NOT NULL,            -- in the asker's words
  would_be_right text NOT NULL,
  answered_at timestamptz,
  answered_by text NOT NULL DEFAULT '',
  outcome text NOT NULL DEFAULT '' CHECK (outcome IN ('', 'corrected', 'refused')),
  answer text NOT NULL DEFAULT '',
  CHECK ((outcome = '') = (answered_at IS NULL))
);
CREATE INDEX what_this_school_was_asked_to_correct ON correction_request (school_id, answered_at, id);
CREATE INDEX what_was_asked_about_this_person ON correction_request (person_id, id);
"""

DELETIONS = """
CREATE TABLE deletion (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school,
  rule text NOT NULL,
  before date NOT NULL,              -- what was older than this day
  at timestamptz NOT NULL,
  counts jsonb NOT NULL,             -- rows of each table, photos, files
  digest bytea NOT NULL              -- of what the certificate says
);
CREATE INDEX deletions_of_a_school ON deletion (school_id, id);
CREATE FUNCTION deletions_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', HINT = 'That something was deleted stays told.';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON deletion EXECUTE FUNCTION deletions_are_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0032_shorter_links")]
    operations = [ops.RunSQL(EXPORTS), ops.RunSQL(REQUESTS), ops.RunSQL(DELETIONS)]
