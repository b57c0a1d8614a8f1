"""Photos of people, encrypted; there is none without a consent."""

from tortoise import migrations
from tortoise.migrations import operations as ops

PHOTOS = """
CREATE TABLE person_photo (
  person_id bigint PRIMARY KEY REFERENCES person (id),
  digest text NOT NULL,          -- SHA-256 of the WebP, hex
  webp_encrypted bytea NOT NULL,
  put_at timestamptz NOT NULL
);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0005_doubles")]
    operations = [ops.RunSQL(PHOTOS)]
