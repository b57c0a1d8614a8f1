"""The audit journal becomes a chain a school: links made at commit, and entries that nothing changes or deletes.

Rule: the lock of a chain is held from the first check at commit to the end of it, and by nothing else, so that it comes
after every other lock of a transaction and costs no more than the commit.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = """
CREATE TABLE audit_head (
  chain bigint PRIMARY KEY,          -- the school's id; 0: of what belongs to no school
  number bigint NOT NULL,            -- of the chain's last entry
  digest bytea NOT NULL
) WITH (fillfactor = 10);
CREATE TABLE audit_link (
  chain bigint NOT NULL,
  number bigint NOT NULL,            -- 1, 2, 3 and so on in each chain, in the order of commits
  entry_id bigint NOT NULL,
  digest bytea NOT NULL,             -- of everything up to and with this entry
  PRIMARY KEY (chain, number)
);
CREATE UNIQUE INDEX where_in_its_chain_is_this_entry ON audit_link (entry_id);
CREATE INDEX what_was_done_to_this ON audit_entry (subject, id);
CREATE INDEX what_was_done_in_this_time ON audit_entry USING brin (at);
"""

LINKS = """
CREATE FUNCTION audit_measured(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN value IS NULL THEN '-' ELSE octet_length(value) || ':' || value END
$$;
CREATE FUNCTION audit_digest(previous bytea, number bigint, entry audit_entry) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(previous || convert_to(
    audit_measured(number::text) || audit_measured(entry.id::text)
    || audit_measured((extract(epoch FROM entry.at) * 1000000)::bigint::text)
    || audit_measured(entry.account_id::text) || audit_measured(entry.actor)
    || audit_measured(entry.school_id::text) || audit_measured(entry.verb) || audit_measured(entry.subject)
    || audit_measured(entry.detail::text), 'UTF8'))
$$;
CREATE FUNCTION audit_links_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wanted bigint := coalesce(NEW.school_id, 0);
  linked audit_head;
BEGIN
  LOOP
    UPDATE audit_head SET number = number + 1, digest = audit_digest(digest, number + 1, NEW)
    WHERE chain = wanted RETURNING * INTO linked;
    EXIT WHEN FOUND;
    INSERT INTO audit_head (chain, number, digest)
    VALUES (wanted, 0, sha256(convert_to('esik audit 1 chain ' || wanted, 'UTF8'))) ON CONFLICT DO NOTHING;
  END LOOP;
  INSERT INTO audit_link (chain, number, entry_id, digest)
  VALUES (linked.chain, linked.number, NEW.id, linked.digest);
  RETURN NULL;
END $$;
"""

# What was noted before is linked as it stands, in the order in which it came.
BEFORE = """
DO $$
DECLARE
  entry audit_entry;
  last audit_head;
BEGIN
  FOR entry IN SELECT * FROM audit_entry ORDER BY coalesce(school_id, 0), id LOOP
    IF last.chain IS DISTINCT FROM coalesce(entry.school_id, 0) THEN
      INSERT INTO audit_head SELECT last.* WHERE last.chain IS NOT NULL;
      last.chain := coalesce(entry.school_id, 0);
      last.number := 0;
      last.digest := sha256(convert_to('esik audit 1 chain ' || last.chain, 'UTF8'));
    END IF;
    last.number := last.number + 1;
    last.digest := audit_digest(last.digest, last.number, entry);
    INSERT INTO audit_link (chain, number, entry_id, digest) VALUES (last.chain, last.number, entry.id, last.digest);
  END LOOP;
  INSERT INTO audit_head SELECT last.* WHERE last.chain IS NOT NULL;
END $$;
"""

UNCHANGED = """
CREATE CONSTRAINT TRIGGER links AFTER INSERT ON audit_entry DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION audit_links_entry();

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', HINT = 'What was done stays told. Note what undoes it as another entry.';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
  EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_link
  EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON audit_head EXECUTE FUNCTION audit_is_append_only();

CREATE FUNCTION audit_head_counts_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.chain = OLD.chain AND NEW.number = OLD.number + 1 AND pg_trigger_depth() > 1 THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a chain grows by its entries only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER counts_up BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_head_counts_up();
REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry, audit_link, audit_head FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0028_roles")]
    operations = [ops.RunSQL(TABLES), ops.RunSQL(LINKS), ops.RunSQL(BEFORE), ops.RunSQL(UNCHANGED)]
