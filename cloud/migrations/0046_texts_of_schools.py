"""Every text by SMS is a school's, to a guardian: none carries a code of a forgotten password (decision 0045)."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WANTED = """
DELETE FROM text_message WHERE school_id IS NULL OR guardian_id IS NULL;
ALTER TABLE text_message ALTER school_id SET NOT NULL, ALTER guardian_id SET NOT NULL,
  DROP CONSTRAINT IF EXISTS text_message_check;
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0045_ties")]
    operations = [ops.RunSQL(WANTED)]
