"""The tables of ingest: the log of records with its heads, what is known of each epoch, and the cursors that follow."""

from tortoise import migrations
from tortoise.migrations import operations as ops

HEADS = """
CREATE TABLE shard_head (
  shard smallint PRIMARY KEY,
  position bigint NOT NULL DEFAULT 0,   -- of the shard's last record
  generation bigint NOT NULL DEFAULT 0  -- counts windows, so that a worker sees whether another one wrote since
) WITH (fillfactor = 10);
INSERT INTO shard_head (shard) SELECT generate_series(0, 63);
"""

RECORDS = """
CREATE TABLE record (
  shard smallint NOT NULL,
  position bigint NOT NULL,
  school_id bigint NOT NULL,
  device text NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL,
  received_at timestamptz NOT NULL,
  corrected_ms bigint NOT NULL,
  kind text NOT NULL,
  digest bytea NOT NULL,
  record bytea NOT NULL,
  PRIMARY KEY (shard, position, received_at)
) PARTITION BY RANGE (received_at);
CREATE INDEX which_record_has_this_number ON record (epoch, seq);
CREATE TABLE record_other PARTITION OF record DEFAULT;
"""

EPOCHS = """
CREATE TABLE watermark (
  device text NOT NULL,
  epoch text NOT NULL,
  shard smallint NOT NULL,
  upto bigint NOT NULL,
  digest bytea NOT NULL,
  boot text NOT NULL,
  gaps text NOT NULL DEFAULT '', -- 4-6,9-9: what is still missing below `upto`
  PRIMARY KEY (device, epoch)
) WITH (fillfactor = 50);
CREATE TABLE device_boots (
  device text PRIMARY KEY,
  current text NOT NULL,
  boots text[] NOT NULL,
  offsets bigint[] NOT NULL
);
CREATE TABLE loss (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  shard smallint NOT NULL,
  school_id bigint NOT NULL,
  device text NOT NULL,
  epoch text NOT NULL,
  first_seq bigint NOT NULL,
  last_seq bigint NOT NULL,
  received_at timestamptz NOT NULL,
  reason text NOT NULL,
  digest bytea NOT NULL
);
CREATE INDEX what_did_this_epoch_lose ON loss (device, epoch, last_seq);
CREATE TABLE quarantine (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  shard smallint NOT NULL,
  school_id bigint NOT NULL,
  device text NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL,
  received_at timestamptz NOT NULL,
  reason text NOT NULL,
  digest bytea NOT NULL,
  record bytea NOT NULL,
  UNIQUE (device, epoch, seq, digest)
);
CREATE INDEX what_may_be_read_after_an_upgrade ON quarantine (reason, id);
CREATE TABLE ingest_alarm (
  day date NOT NULL,
  device text NOT NULL,
  code text NOT NULL,
  school text NOT NULL,
  detail text NOT NULL,
  count bigint NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  PRIMARY KEY (day, device, code)
);
"""

READERS = """
CREATE TABLE reader_cursor (
  name text NOT NULL,
  shard smallint NOT NULL,
  position bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (name, shard)
) WITH (fillfactor = 10);
CREATE TABLE shard_lease (
  shard smallint PRIMARY KEY,
  holder text NOT NULL,
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 10);
CREATE TABLE worker_beat (
  holder text PRIMARY KEY,
  expires_at timestamptz NOT NULL
);
CREATE TABLE announced_roster (
  school_id bigint PRIMARY KEY,
  version bigint NOT NULL
);
CREATE TABLE request_nonce (
  device text NOT NULL,
  nonce text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (device, nonce)
);
CREATE INDEX which_nonces_are_old ON request_nonce (at);
"""

CERTIFICATES = """
CREATE TABLE device_certificate (
  serial text PRIMARY KEY, -- in hex, as the certificate says
  device text NOT NULL,    -- which may have come back with another certificate since
  issued_at timestamptz NOT NULL,
  until timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX which_certificates_has_this_device ON device_certificate (device, issued_at);
CREATE INDEX which_certificates_let_nobody_in ON device_certificate (until) WHERE revoked_at IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0001_initial")]
    operations = [
        ops.RunSQL(HEADS),
        ops.RunSQL(RECORDS),
        ops.RunSQL(EPOCHS),
        ops.RunSQL(READERS),
        ops.RunSQL(CERTIFICATES),
    ]
