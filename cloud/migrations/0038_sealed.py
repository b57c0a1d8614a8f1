"""What a child may not eat and by which paper, and the papers of free meals and of courts, are sealed."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from cloud.core.sealing_columns import SealColumn

ROOM = """
ALTER TABLE restriction ADD COLUMN value_encrypted bytea, ADD COLUMN document_encrypted bytea;
ALTER TABLE entitlement ADD COLUMN document_encrypted bytea;
ALTER TABLE family_limit ADD COLUMN document_encrypted bytea, ADD COLUMN lift_document_encrypted bytea;
"""
# The same thing set twice is found under the lock of the child's row: a digest of one of 14 allergens would tell who
# shares it. A program's views of these tables go too (`sql-access add` makes them anew). Writing the tables anew leaves
# nothing of what was dropped in their files.
CLOSED = """
DROP INDEX which_restrictions_hold;
ALTER TABLE restriction DROP COLUMN value CASCADE, DROP COLUMN document CASCADE, ALTER COLUMN value_encrypted SET NOT NULL,
  ADD CHECK (is_school = (document_encrypted IS NOT NULL));
CREATE INDEX which_restrictions_hold ON restriction (person_id) WHERE lifted_at IS NULL;
ALTER TABLE entitlement DROP COLUMN document CASCADE, ALTER COLUMN document_encrypted SET NOT NULL;
ALTER TABLE family_limit DROP COLUMN document CASCADE, DROP COLUMN lift_document CASCADE,
  ALTER COLUMN document_encrypted SET NOT NULL;
CLUSTER restriction USING restriction_pkey;
CLUSTER entitlement USING entitlement_pkey;
CLUSTER family_limit USING family_limit_pkey;
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0037_signon")]
    operations = [
        ops.RunSQL(ROOM),
        SealColumn("restriction", "value", "restriction.value"),
        SealColumn("restriction", "document", "restriction.document"),
        SealColumn("entitlement", "document", "entitlement.document"),
        SealColumn("family_limit", "document", "family_limit.document"),
        SealColumn("family_limit", "lift_document", "family_limit.lift_document"),
        ops.RunSQL(CLOSED),
    ]
