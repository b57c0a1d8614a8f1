"""Notices, the outbox that channels read, and the log of what happened to meals that notices are made of.

Rule: what happened before this migration is told to nobody.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

FACTS = """
CREATE TABLE meal_head (
  school_id bigint PRIMARY KEY REFERENCES school (id),
  entries bigint NOT NULL            -- how many facts there are; locked by whoever adds
) WITH (fillfactor = 10);
CREATE TABLE meal_fact (
  school_id bigint NOT NULL REFERENCES school (id),
  number bigint NOT NULL,            -- 1, 2, 3 and so on at each school, in the order of their commits
  what text NOT NULL,                -- sale, change, refusal
  id text NOT NULL,                  -- of meal_sale, of meal_change; of meal_refusal <device>:<epoch>:<seq>
  PRIMARY KEY (school_id, number)
);
CREATE FUNCTION meal_facts_are_counted(what text, told meal_fact[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(told) = 0 THEN RETURN; END IF;
  INSERT INTO meal_head AS head (school_id, entries)
    SELECT DISTINCT (fact).school_id, 0 FROM unnest(told) AS fact ORDER BY 1
    ON CONFLICT (school_id) DO UPDATE SET entries = head.entries;
  INSERT INTO meal_fact (school_id, number, what, id)
    SELECT new.school_id, head.entries + row_number() OVER (PARTITION BY new.school_id ORDER BY new.number), $1, new.id
    FROM unnest(told) AS new JOIN meal_head AS head ON head.school_id = new.school_id;
  UPDATE meal_head AS head SET entries = head.entries + added.count
    FROM (SELECT new.school_id, count(*) AS count FROM unnest(told) AS new GROUP BY 1) AS added
    WHERE head.school_id = added.school_id;
END $$;
CREATE FUNCTION meal_sale_is_a_fact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM meal_facts_are_counted('sale', array(
    SELECT (school_id, row_number() OVER (ORDER BY at, device, epoch, seq), '', id)::meal_fact FROM added
    WHERE person_id IS NOT NULL
  ));
  RETURN NULL;
END $$;
CREATE TRIGGER is_a_fact AFTER INSERT ON meal_sale REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION meal_sale_is_a_fact();
CREATE FUNCTION meal_change_is_a_fact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM meal_facts_are_counted('change', array(
    SELECT (school_id, row_number() OVER (ORDER BY at, device, epoch, seq), '', id)::meal_fact FROM added
    WHERE given_tiyn IS NOT NULL
  ));
  RETURN NULL;
END $$;
CREATE TRIGGER is_a_fact AFTER INSERT ON meal_change REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION meal_change_is_a_fact();
CREATE FUNCTION meal_refusal_is_a_fact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM meal_facts_are_counted('refusal', array(
    SELECT (school_id, row_number() OVER (ORDER BY at, device, epoch, seq), '',
      concat_ws(':', device, epoch, seq))::meal_fact FROM added
  ));
  RETURN NULL;
END $$;
CREATE TRIGGER is_a_fact AFTER INSERT ON meal_refusal REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION meal_refusal_is_a_fact();
CREATE FUNCTION meal_change_becomes_a_fact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM meal_facts_are_counted('change', array(
    SELECT (school_id, row_number() OVER (ORDER BY added.at, added.device, added.epoch, added.seq), '', id)::meal_fact
    FROM added JOIN removed USING (school_id, id)
    WHERE removed.given_tiyn IS NULL AND added.given_tiyn IS NOT NULL
  ));
  RETURN NULL;
END $$;
CREATE TRIGGER becomes_a_fact AFTER UPDATE ON meal_change REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION meal_change_becomes_a_fact();
"""

NOTICES = """
CREATE TABLE notice (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  shard smallint NOT NULL,
  school_id bigint NOT NULL REFERENCES school (id),
  person_id bigint NOT NULL REFERENCES person (id), -- the child
  account_id bigint NOT NULL REFERENCES account (id), -- the guardian who is told
  kind text NOT NULL,
  fact text NOT NULL,                -- what happened, as record:<device>:<epoch>:<seq>
  corrects text NOT NULL,            -- the fact that is taken back by it, or empty
  at timestamptz NOT NULL,           -- when it happened
  told_at timestamptz NOT NULL,
  is_late boolean NOT NULL,          -- told so late that nobody is to be disturbed by it
  detail jsonb NOT NULL,
  read_at timestamptz,
  UNIQUE (account_id, fact)
) WITH (fillfactor = 90);
CREATE INDEX what_was_this_account_told ON notice (account_id, id);
CREATE INDEX what_has_this_account_not_read ON notice (account_id) WHERE read_at IS NULL;
CREATE INDEX what_was_told_of_this_child ON notice (person_id, id);
CREATE INDEX which_notices_are_old ON notice USING brin (told_at);
CREATE TABLE outbox_head (
  shard smallint PRIMARY KEY,
  position bigint NOT NULL           -- of the last one; locked by whoever appends
) WITH (fillfactor = 10);
CREATE TABLE outbox (
  shard smallint NOT NULL,
  position bigint NOT NULL,          -- 1, 2, 3 and so on in a shard, in the order of their commits
  notice_id bigint NOT NULL UNIQUE REFERENCES notice (id) ON DELETE CASCADE,
  may_push boolean NOT NULL,         -- false: to be shown, not to be sent
  PRIMARY KEY (shard, position)
);
CREATE TABLE channel_cursor (
  channel text NOT NULL,
  shard smallint NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (channel, shard)
) WITH (fillfactor = 10);
CREATE TABLE notice_cursor (
  log text NOT NULL,                 -- meals, ledger
  school_id bigint NOT NULL REFERENCES school (id),
  number bigint NOT NULL,            -- of the last entry that was met
  PRIMARY KEY (log, school_id)
) WITH (fillfactor = 10);
CREATE TABLE notice_purse (
  person_id bigint PRIMARY KEY REFERENCES person (id),
  held_tiyn bigint NOT NULL,         -- after the last entry of the ledger that was met
  is_told boolean NOT NULL           -- that it is low; not again until it was not low in between
) WITH (fillfactor = 70);
"""

FROM_NOW_ON = """
INSERT INTO notice_cursor (log, school_id, number) SELECT 'ledger', school_id, entries FROM ledger_head;
INSERT INTO notice_purse (person_id, held_tiyn, is_told)
  SELECT person_id, -balance_tiyn, false FROM ledger_account WHERE kind = 'child';
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0019_kinds_of_rosters")]
    operations = [ops.RunSQL(FACTS), ops.RunSQL(NOTICES), ops.RunSQL(FROM_NOW_ON)]
