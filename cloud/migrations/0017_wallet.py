"""The Social Wallet: files that came, vouchers and the tabel as they told, explanations, and which meals were told."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# Rows are only ever added; the newest of a voucher, of a child's day and of a note is what holds.
FILES = """
CREATE TABLE wallet_import (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  kind text NOT NULL,                -- vouchers, tabel
  digest text NOT NULL,              -- SHA-256 of the file
  count integer NOT NULL,            -- of its rows
  added integer NOT NULL,
  changed integer NOT NULL,
  same integer NOT NULL,
  rejected integer NOT NULL,
  rejected_encrypted bytea,          -- the rows that were not taken: they may name an IIN
  at timestamptz NOT NULL,
  by text NOT NULL
);
CREATE INDEX which_files_came_last ON wallet_import (school_id, id);
CREATE TABLE wallet_voucher (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  import_id bigint NOT NULL REFERENCES wallet_import ON DELETE RESTRICT,
  at timestamptz NOT NULL,
  number text NOT NULL,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  meal text NOT NULL,
  first_on date NOT NULL,
  last_on date NOT NULL CHECK (last_on >= first_on),
  price_tiyn bigint NOT NULL CHECK (price_tiyn >= 0), -- of one meal; 0: the file did not tell it
  is_annulled boolean NOT NULL
);
CREATE INDEX what_is_this_voucher_now ON wallet_voucher (school_id, number, id DESC);
CREATE TABLE wallet_tabel (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  import_id bigint NOT NULL REFERENCES wallet_import ON DELETE RESTRICT,
  at timestamptz NOT NULL,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  "on" date NOT NULL,
  is_present boolean NOT NULL,
  reason text NOT NULL
);
CREATE INDEX who_was_there_by_the_tabel ON wallet_tabel (school_id, "on", person_id, id DESC);
"""

OUTCOMES = """
CREATE TABLE wallet_note (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  "on" date NOT NULL,
  meal text NOT NULL,
  kind text NOT NULL,                -- in which way the three differ
  reason text NOT NULL,              -- empty: what was said is taken back
  at timestamptz NOT NULL,
  by text NOT NULL
);
CREATE INDEX why_do_the_three_differ ON wallet_note (school_id, "on", person_id, meal, kind, id DESC);
CREATE TABLE wallet_sent (
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  sale text NOT NULL,
  is_back boolean NOT NULL,          -- true: that the meal was taken back after it had been told
  refused text NOT NULL,             -- why the wallet did not take it; empty when it did
  at timestamptz NOT NULL,
  PRIMARY KEY (school_id, sale, is_back)
);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0016_preorders")]
    operations = [ops.RunSQL(FILES), ops.RunSQL(OUTCOMES)]
