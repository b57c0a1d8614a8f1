"""Tokens of programs, and those of an hour that they are traded for; both are kept as digests."""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = """
CREATE TABLE api_token (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school (id),
  name text NOT NULL,                -- the program's, as IT named it
  client text NOT NULL UNIQUE,       -- its id in OAuth; no secret
  secret_digest text NOT NULL UNIQUE,
  scopes text[] NOT NULL,
  made_by bigint REFERENCES account (id),
  made_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  last_used_at timestamptz,          -- to the minute
  revoked_at timestamptz
);
CREATE INDEX which_tokens_has_this_school ON api_token (school_id, id);
CREATE TABLE access_token (
  digest text PRIMARY KEY,
  token_id bigint NOT NULL REFERENCES api_token (id) ON DELETE CASCADE,
  scopes text[] NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX what_was_this_token_traded_for ON access_token (token_id, expires_at);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0029_audit_chain")]
    operations = [ops.RunSQL(TABLES)]
