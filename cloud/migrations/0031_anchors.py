"""Anchors of each chain with how far they left, where schools want theirs, and what each nightly check found."""

from tortoise import migrations
from tortoise.migrations import operations as ops

ANCHORS = """
CREATE TABLE anchor (
  chain bigint NOT NULL,             -- the school's id; 0: of what belongs to no school
  number bigint NOT NULL,            -- 1, 2, 3 and so on in each chain
  at timestamptz NOT NULL,
  digest text NOT NULL,              -- of the text, in hex; the next one names it
  books_upto bigint NOT NULL,        -- the last number of the ledger that an anchor tells of
  file_name text NOT NULL,
  file bytea NOT NULL,
  filed_at timestamptz,              -- when it was written into the folder
  sent_at timestamptz,               -- when the school's mail server took it
  PRIMARY KEY (chain, number)
);
CREATE INDEX which_anchors_are_to_be_filed ON anchor (at) WHERE filed_at IS NULL;
CREATE INDEX which_anchors_are_to_be_sent ON anchor (chain, at) WHERE sent_at IS NULL;
CREATE TABLE anchor_epoch (
  device text NOT NULL,
  epoch text NOT NULL,
  upto bigint NOT NULL,              -- the last record that an anchor tells of
  PRIMARY KEY (device, epoch)
) WITH (fillfactor = 50);
CREATE TABLE anchor_address (
  school_id bigint PRIMARY KEY REFERENCES school (id),
  email_encrypted bytea NOT NULL,
  since timestamptz NOT NULL         -- earlier anchors are downloaded
);
CREATE TABLE integrity_check (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  took_s integer NOT NULL,
  counted jsonb NOT NULL,
  wrong integer NOT NULL,
  found jsonb NOT NULL
);
CREATE INDEX when_was_everything_checked ON integrity_check (at);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0030_programs")]
    operations = [ops.RunSQL(ANCHORS)]
