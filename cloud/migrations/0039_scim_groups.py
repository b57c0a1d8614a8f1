"""Groups that a directory keeps by SCIM: a role at a school, under the directory's own name for it."""

from tortoise import migrations
from tortoise.migrations import operations as ops

GROUPS = """
CREATE TABLE scim_group (
  school_id bigint NOT NULL REFERENCES school (id),
  role text NOT NULL,
  external_id text NOT NULL,         -- the directory's own; empty where it has none
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (school_id, role)
);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0038_sealed")]
    operations = [ops.RunSQL(GROUPS)]
