"""Guards have PINs of their own, by which they sign in at their desks without the cloud."""

from tortoise import migrations
from tortoise.migrations import operations as ops

PINS = """
CREATE TABLE guard_pin (          -- who may sign in at the guard's desks of the school
  person_id bigint PRIMARY KEY REFERENCES person ON DELETE RESTRICT,
  pin_hash text NOT NULL,         -- argon2id
  set_at timestamptz NOT NULL,
  set_by text NOT NULL
);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0050_push")]
    operations = [ops.RunSQL(PINS)]
