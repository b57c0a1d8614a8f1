"""The SQL of ingest: one statement a table a window, prepared once a connection."""

LOCK_HEADS = """
SELECT shard, position, generation FROM shard_head WHERE shard = ANY($1::smallint[]) ORDER BY shard FOR UPDATE
"""

LOAD_MARKS = """
SELECT device, epoch, upto, digest, boot, gaps
FROM watermark JOIN unnest($1::text[], $2::text[]) AS wanted (device, epoch) USING (device, epoch)
"""

LOAD_BOOTS = "SELECT device, current, boots, offsets FROM device_boots WHERE device = ANY($1::text[])"

LOAD_ROSTERS = """
SELECT school.code, announced_roster.version
FROM announced_roster JOIN school ON school.id = announced_roster.school_id
WHERE school.code = ANY($1::text[])
"""

# The digests of all that was acknowledged in its place: records, those in quarantine, and the ends of losses.
LOAD_DIGESTS = """
WITH wanted AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS wanted (device, epoch, low, high)
)
SELECT device, epoch, last_seq AS seq, digest FROM loss JOIN wanted USING (device, epoch)
WHERE last_seq BETWEEN low AND high
UNION ALL
SELECT device, epoch, seq, digest FROM quarantine JOIN wanted USING (device, epoch)
WHERE seq BETWEEN low AND high AND reason = ANY($5::text[])
UNION ALL
SELECT record.device, record.epoch, record.seq, record.digest
FROM wanted JOIN record
  ON record.epoch = wanted.epoch AND record.seq BETWEEN low AND high AND record.device = wanted.device
"""

# COPY takes half of what INSERT ... SELECT unnest(...) takes, in this process and in the server (measured).
RECORD_COLUMNS = (
    "shard", "position", "school_id", "device", "epoch", "seq", "received_at", "corrected_ms", "kind", "digest",
    "record",
)  # fmt: skip

MOVE = """
WITH heads AS (
  UPDATE shard_head SET position = moved.position, generation = generation + 1
  FROM unnest($1::smallint[], $2::bigint[]) AS moved (shard, position) WHERE shard_head.shard = moved.shard
)
INSERT INTO watermark (device, epoch, shard, upto, digest, boot, gaps)
SELECT * FROM unnest($3::text[], $4::text[], $5::smallint[], $6::bigint[], $7::bytea[], $8::text[], $9::text[])
ON CONFLICT (device, epoch) DO UPDATE
SET upto = excluded.upto, digest = excluded.digest, boot = excluded.boot, gaps = excluded.gaps
"""

KEEP_BOOTS = """
INSERT INTO device_boots (device, current, boots, offsets) VALUES ($1, $2, $3, $4)
ON CONFLICT (device) DO UPDATE
SET current = excluded.current, boots = excluded.boots, offsets = excluded.offsets
"""

KEEP_LOSSES = """
INSERT INTO loss (shard, school_id, device, epoch, first_seq, last_seq, received_at, reason, digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

KEEP_QUARANTINED = """
INSERT INTO quarantine (shard, school_id, device, epoch, seq, received_at, reason, digest, record)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (device, epoch, seq, digest) DO NOTHING
"""

LOAD_QUARANTINED = """
SELECT id, shard, school_id, device, epoch, seq, received_at, reason, digest, record
FROM quarantine WHERE id > $1 AND reason = ANY($2::text[]) ORDER BY id LIMIT $3
"""

RELEASE = "DELETE FROM quarantine WHERE device = $1 AND epoch = $2 AND seq = $3 AND digest = $4"
