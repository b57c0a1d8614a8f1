"""Whose own account it is: a student signs in with it, and it is nobody else's."""

from tortoise import migrations
from tortoise.migrations import operations as ops

STUDENTS = """
CREATE TABLE student_account (
  person_id bigint PRIMARY KEY REFERENCES person (id) ON DELETE RESTRICT,
  account_id bigint NOT NULL UNIQUE REFERENCES account (id) ON DELETE RESTRICT
);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0034_reports_late")]
    operations = [ops.RunSQL(STUDENTS)]
