"""What other programs are told, and tell: objects of OneRoster, webhooks with their outbox, passages at foreign gates.

Rule: an event is written by the statement that it tells of, in its transaction, once for each webhook that asks for it.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

ROSTER = """
CREATE TABLE roster_seen (
  school_id bigint NOT NULL REFERENCES school (id),
  kind text NOT NULL,
  sourced_id text NOT NULL,
  digest bytea NOT NULL,             -- of the object as it was told last
  changed_at timestamptz NOT NULL,
  is_gone boolean NOT NULL,          -- there no more; told as `tobedeleted` for a year
  PRIMARY KEY (school_id, kind, sourced_id)
);
"""
WEBHOOKS = """
CREATE TABLE webhook (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school (id),
  name text NOT NULL,
  address text NOT NULL,
  kinds text[] NOT NULL,
  secret_encrypted bytea NOT NULL,
  old_secret_encrypted bytea,        -- of before a change; signs too until then
  old_until timestamptz,
  made_by bigint REFERENCES account (id),
  made_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX which_webhooks_has_this_school ON webhook (school_id) WHERE ended_at IS NULL;
CREATE TABLE webhook_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  webhook_id bigint NOT NULL REFERENCES webhook (id),
  kind text NOT NULL,
  source text NOT NULL,              -- what makes it once
  body jsonb NOT NULL,
  made_at timestamptz NOT NULL,
  attempts smallint NOT NULL DEFAULT 0,
  next_at timestamptz,               -- none: delivered, or given up
  delivered_at timestamptz,
  given_up_at timestamptz,
  last_status smallint,
  last_error text NOT NULL DEFAULT '',
  UNIQUE (webhook_id, source)
);
CREATE INDEX which_events_are_due ON webhook_event (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX what_was_this_webhook_told ON webhook_event (webhook_id, id);
CREATE INDEX which_events_are_old ON webhook_event (made_at);
"""
PASSED = """
CREATE FUNCTION webhooks_of_movements() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO webhook_event (webhook_id, kind, source, body, made_at, next_at)
  SELECT webhook.id, 'passage', concat_ws(' ', 'movement', moved.device, moved.epoch, moved.seq),
    jsonb_build_object('person', person.ref, 'direction', moved.direction, 'gate', moved.gate, 'at', moved.at,
      'how', moved.kind),
    moved.received_at, moved.received_at
  FROM moved JOIN webhook ON webhook.school_id = moved.school_id JOIN person ON person.id = moved.person_id
  WHERE webhook.ended_at IS NULL AND 'passage' = ANY (webhook.kinds) AND moved.kind IN ('card', 'hand')
  ON CONFLICT (webhook_id, source) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER tell_webhooks_of_new AFTER INSERT ON movement REFERENCING NEW TABLE AS moved
  FOR EACH STATEMENT EXECUTE FUNCTION webhooks_of_movements();
CREATE TRIGGER tell_webhooks_of_changed AFTER UPDATE ON movement REFERENCING NEW TABLE AS moved
  FOR EACH STATEMENT EXECUTE FUNCTION webhooks_of_movements();
"""
# A list that changes a hundred times in a minute is told of once, when the minute is over.
CHANGED = """
CREATE FUNCTION webhooks_of_rosters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO webhook_event (webhook_id, kind, source, body, made_at, next_at)
  SELECT DISTINCT webhook.id, 'roster.changed', 'roster ' || extract(epoch FROM date_trunc('minute', now()))::bigint,
    '{}'::jsonb, now(), date_trunc('minute', now()) + interval '1 minute'
  FROM changed JOIN webhook ON webhook.school_id = changed.school_id
  WHERE webhook.ended_at IS NULL AND 'roster.changed' = ANY (webhook.kinds)
  ON CONFLICT (webhook_id, source) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER tell_webhooks_of_new AFTER INSERT ON person REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION webhooks_of_rosters();
CREATE TRIGGER tell_webhooks_of_changed AFTER UPDATE ON person REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION webhooks_of_rosters();
CREATE TRIGGER tell_webhooks_of_new AFTER INSERT ON school_class REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION webhooks_of_rosters();
CREATE TRIGGER tell_webhooks_of_changed AFTER UPDATE ON school_class REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION webhooks_of_rosters();
"""
FOREIGN = """
CREATE TABLE foreign_passage (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the movement's number at its device
  school_id bigint NOT NULL REFERENCES school (id),
  system text NOT NULL,              -- the other system's name, as `sigur`
  source text NOT NULL,              -- its own number of the event, or what stands for one
  taken_at timestamptz NOT NULL,
  UNIQUE (school_id, system, source)
);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0030_consents")]
    operations = [ops.RunSQL(each) for each in (ROSTER, WEBHOOKS, PASSED, CHANGED, FOREIGN)]
