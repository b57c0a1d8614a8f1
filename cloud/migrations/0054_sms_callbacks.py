"""SMS in the other direction: what parents ask by SMS, and whose text a gateway's report is about."""

from tortoise import migrations
from tortoise.migrations import operations as ops

REQUESTS = """
CREATE TABLE sms_request (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key text NOT NULL UNIQUE,          -- of the gateway's own number of the text, as a digest
  account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
  address_id bigint NOT NULL,        -- of the number that it came from, which may be gone
  kind text NOT NULL CHECK (kind IN ('today', 'help')),
  person_ids bigint[] NOT NULL,      -- the children that were asked about
  language text NOT NULL,            -- of the word
  asked_at timestamptz NOT NULL,
  claimed_at timestamptz,            -- a worker answers it, or died over it: it is not answered again
  outcome text NOT NULL DEFAULT '',  -- empty until it is known
  parts smallint NOT NULL DEFAULT 0  -- of SMS that were counted for the answers
);
CREATE INDEX which_requests_are_waiting ON sms_request (id) WHERE claimed_at IS NULL;
CREATE INDEX what_was_asked_by_sms ON sms_request (account_id, asked_at);
"""
REPORTS = """
CREATE INDEX whose_text_this_was ON delivery (carrier_id) WHERE channel = 'sms' AND carrier_id <> '';
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0053_alerts")]
    operations = [ops.RunSQL(REQUESTS), ops.RunSQL(REPORTS)]
