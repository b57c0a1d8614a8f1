"""Reports to the authority: made, corrected, signed, sent; what is signed never changes.

Rule: the database itself keeps a signed report, its corrections and its files as they are.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = """
CREATE TABLE report (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school (id),
  subject text NOT NULL,             -- meals
  month date NOT NULL CHECK (extract(day FROM month) = 1),
  number smallint NOT NULL CHECK (number > 0), -- 1, then supplements
  made_at timestamptz NOT NULL,
  content bytea NOT NULL,            -- canonical JSON of what the records tell, with the positions it was made at
  digest bytea NOT NULL CHECK (digest = sha256(content)),
  signed_at timestamptz,
  signed_by text NOT NULL DEFAULT '',
  signer_id bigint REFERENCES account (id),
  document bytea,                    -- canonical JSON of content, corrections and signature
  document_digest bytea UNIQUE CHECK (document_digest = sha256(document)),
  UNIQUE (school_id, subject, month, number),
  CHECK ((signed_at IS NULL) = (document IS NULL) AND (document IS NULL) = (document_digest IS NULL))
);
CREATE INDEX which_reports_are_of_this_month ON report (subject, month, school_id);
CREATE TABLE report_correction (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  report_id bigint NOT NULL REFERENCES report (id),
  kind text NOT NULL CHECK (kind IN ('free', 'subsidised')),
  "on" date,
  students integer NOT NULL,
  meals integer NOT NULL,
  parents_tiyn bigint NOT NULL,
  budget_tiyn bigint NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL,
  by_name text NOT NULL,
  account_id bigint REFERENCES account (id)
);
CREATE INDEX what_was_corrected_in_this_report ON report_correction (report_id, id);
CREATE TABLE report_file (           -- of a signed report, drawn once
  report_id bigint NOT NULL REFERENCES report (id),
  name text NOT NULL,
  body bytea NOT NULL,
  kept_at timestamptz NOT NULL,
  PRIMARY KEY (report_id, name)
);
CREATE TABLE report_recipient (      -- where the authority takes a school's reports
  school_id bigint PRIMARY KEY REFERENCES school (id),
  address text NOT NULL,
  set_at timestamptz NOT NULL,
  set_by text NOT NULL
);
CREATE TABLE report_sending (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  report_id bigint NOT NULL REFERENCES report (id),
  way text NOT NULL CHECK (way IN ('mail', 'hand')),
  address text NOT NULL,             -- of a mail
  language text NOT NULL,            -- of its files
  note text NOT NULL,                -- how it was handed over
  asked_at timestamptz NOT NULL,
  asked_by text NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL,      -- not before
  sent_at timestamptz,               -- when a server took it
  failed text NOT NULL DEFAULT ''    -- why it was given up; somebody must look
);
CREATE INDEX which_reports_wait_to_be_sent ON report_sending (next_at) WHERE sent_at IS NULL AND failed = '';
CREATE INDEX when_was_this_report_sent ON report_sending (report_id, id);
"""

KEPT = """
CREATE FUNCTION report_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.signed_at IS NULL
    AND (NEW.school_id, NEW.subject, NEW.month, NEW.number) = (OLD.school_id, OLD.subject, OLD.month, OLD.number)
    THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a report that is signed, and that there was one, stays'
    USING ERRCODE = 'restrict_violation', HINT = 'Make a supplement.';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON report FOR EACH ROW EXECUTE FUNCTION report_is_kept();
CREATE FUNCTION report_parts_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', HINT = 'Add a line that undoes the wrong one.';
END $$;
CREATE TRIGGER append_only BEFORE TRUNCATE ON report EXECUTE FUNCTION report_parts_are_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON report_correction
  EXECUTE FUNCTION report_parts_are_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON report_file
  EXECUTE FUNCTION report_parts_are_append_only();
CREATE FUNCTION report_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM report WHERE id = NEW.report_id AND signed_at IS NULL FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a signed report takes no correction' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER is_open BEFORE INSERT ON report_correction FOR EACH ROW EXECUTE FUNCTION report_is_open();
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0020_put_right")]
    operations = [ops.RunSQL(TABLES), ops.RunSQL(KEPT)]
