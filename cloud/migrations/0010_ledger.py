"""The ledger: accounts with their balances, entries and lines, which the database itself keeps whole and unchanged.

Rule: an entry and its lines are never changed or deleted, they balance, and only they move a balance.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = """
CREATE TABLE ledger_head (
  school_id bigint PRIMARY KEY REFERENCES school (id),
  entries bigint NOT NULL            -- how many there are; locked by whoever posts
) WITH (fillfactor = 10);
CREATE TABLE ledger_account (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school (id),
  kind text NOT NULL,
  part text NOT NULL,                -- a person's reference, a provider, a drawer; empty where there is one of the kind
  person_id bigint UNIQUE REFERENCES person (id),
  balance_tiyn bigint NOT NULL DEFAULT 0, -- the sum of its lines: above zero is a debit
  UNIQUE (school_id, kind, part),
  CHECK ((kind = 'child') = (person_id IS NOT NULL))
) WITH (fillfactor = 70);
CREATE TABLE ledger_entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school (id),
  number bigint NOT NULL,            -- 1, 2, 3 and so on at each school
  key text NOT NULL UNIQUE,          -- what makes it happen once
  kind text NOT NULL,
  at timestamptz NOT NULL,           -- when it happened
  "on" date NOT NULL,                -- that day at the school
  recorded_at timestamptz NOT NULL,
  total_tiyn bigint NOT NULL CHECK (total_tiyn > 0),
  lines smallint NOT NULL CHECK (lines >= 2),
  digest bytea NOT NULL,             -- of kind and lines: a repeat must say the same
  UNIQUE (school_id, number)
);
CREATE INDEX what_was_posted_for_this_day ON ledger_entry (school_id, "on");
CREATE TABLE ledger_line (
  entry_id bigint NOT NULL REFERENCES ledger_entry (id),
  account_id bigint NOT NULL REFERENCES ledger_account (id),
  amount_tiyn bigint NOT NULL CHECK (amount_tiyn <> 0),
  PRIMARY KEY (entry_id, account_id)
);
CREATE INDEX what_moved_this_account ON ledger_line (account_id, entry_id);
"""

UNCHANGED = """
CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', HINT = 'Post an entry that undoes the wrong one.';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
  EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_line
  EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON ledger_account EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON ledger_head EXECUTE FUNCTION ledger_is_append_only();

CREATE FUNCTION ledger_account_is_moved_by_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' AND NEW.balance_tiyn = 0 THEN RETURN NEW; END IF;
  IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1
    AND (NEW.id, NEW.school_id, NEW.kind, NEW.part) = (OLD.id, OLD.school_id, OLD.kind, OLD.part)
    AND NEW.person_id IS NOT DISTINCT FROM OLD.person_id THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a balance is moved by lines only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER moved_by_lines BEFORE INSERT OR UPDATE ON ledger_account
  FOR EACH ROW EXECUTE FUNCTION ledger_account_is_moved_by_lines();

CREATE FUNCTION ledger_head_counts_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.school_id = OLD.school_id AND NEW.entries >= OLD.entries THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'entries are counted up only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER counts_up BEFORE UPDATE ON ledger_head FOR EACH ROW EXECUTE FUNCTION ledger_head_counts_up();
"""

WHOLE = """
CREATE FUNCTION ledger_takes_whole_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT entry_id FROM added) AS touched
    JOIN ledger_entry AS entry ON entry.id = touched.entry_id
    JOIN LATERAL (
      SELECT count(*) AS lines, sum(amount_tiyn) AS difference,
        sum(amount_tiyn) FILTER (WHERE amount_tiyn > 0) AS debits, bool_and(account.school_id = entry.school_id) AS own
      FROM ledger_line JOIN ledger_account AS account ON account.id = account_id WHERE entry_id = entry.id
    ) AS found ON true
    WHERE found.lines <> entry.lines OR found.difference <> 0 OR found.debits <> entry.total_tiyn OR NOT found.own
  ) THEN
    RAISE EXCEPTION 'the lines of an entry come together, of one school, and balance' USING ERRCODE = 'check_violation';
  END IF;
  UPDATE ledger_account SET balance_tiyn = balance_tiyn + moved.amount_tiyn
  FROM (SELECT account_id, sum(amount_tiyn)::bigint AS amount_tiyn FROM added GROUP BY account_id) AS moved
  WHERE ledger_account.id = moved.account_id;
  RETURN NULL;
END $$;
CREATE TRIGGER whole_entries AFTER INSERT ON ledger_line REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_takes_whole_entries();

CREATE FUNCTION ledger_entry_has_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM ledger_line WHERE entry_id = NEW.id) THEN
    RAISE EXCEPTION 'entry % has no lines', NEW.key USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER has_lines AFTER INSERT ON ledger_entry DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION ledger_entry_has_lines();
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0009_menu")]
    operations = [ops.RunSQL(TABLES), ops.RunSQL(UNCHANGED), ops.RunSQL(WHOLE)]
