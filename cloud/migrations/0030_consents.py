"""Answers about consents, one by one and for ever; rights of each guardian, terms, and what a court has taken."""

from tortoise import migrations
from tortoise.migrations import operations as ops

ANSWERS = """
CREATE TABLE consent_scan (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  media text NOT NULL CHECK (media IN ('application/pdf', 'image/jpeg')),
  digest text NOT NULL,            -- SHA-256 of the paper as it is kept
  size int NOT NULL,
  scan_encrypted bytea NOT NULL,
  put_at timestamptz NOT NULL
);
CREATE INDEX scans_of_a_person ON consent_scan (person_id);

CREATE TABLE consent_answer (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  purpose text NOT NULL,
  guardian_id bigint REFERENCES guardian ON DELETE RESTRICT,  -- none: a paper that names nobody, or one's own
  says text NOT NULL CHECK (says IN ('yes', 'no')),
  "on" date NOT NULL,              -- the school's day from which it holds
  way text NOT NULL CHECK (way IN ('app', 'paper', 'import')),
  source text NOT NULL,            -- where a paper is
  text_version int,                -- of the text that was agreed to in the app
  text_digest text NOT NULL DEFAULT '',
  scan_id bigint REFERENCES consent_scan ON DELETE RESTRICT,
  recorded_at timestamptz NOT NULL
);
CREATE INDEX answers_of_a_person ON consent_answer (person_id, purpose, guardian_id, "on", id);

CREATE FUNCTION consents_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
    USING HINT = 'An answer is changed by a later one.';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent_answer
  EXECUTE FUNCTION consents_are_append_only();

INSERT INTO consent_answer (person_id, purpose, says, "on", way, source, recorded_at)
SELECT person_id, purpose, says, "on", 'paper', source, recorded_at FROM (
  SELECT id, person_id, purpose, 'yes' AS says, given_on AS "on", source, recorded_at FROM consent
  UNION ALL
  SELECT id, person_id, purpose, 'no', withdrawn_on, withdrawal_source, recorded_at FROM consent
  WHERE withdrawn_on IS NOT NULL
) AS before ORDER BY "on", id, says DESC;
"""

RIGHTS = """
ALTER TABLE guardianship
  ADD COLUMN may_see_meals boolean NOT NULL DEFAULT true,
  ADD COLUMN may_pay boolean NOT NULL DEFAULT true,
  ADD COLUMN may_limit boolean NOT NULL DEFAULT true,
  ADD COLUMN may_order boolean NOT NULL DEFAULT true,
  ADD COLUMN may_consent boolean NOT NULL DEFAULT true,
  ADD COLUMN may_get_notices boolean NOT NULL DEFAULT true,
  ADD COLUMN until_on date,                                      -- the last day of a term; none: without one
  ADD COLUMN shared_by bigint REFERENCES guardian ON DELETE RESTRICT; -- the parent who added, and whose rights bound
UPDATE guardianship SET may_see_meals = may_see, may_pay = may_see, may_get_notices = may_see,
  may_order = may_see AND may_block_card, may_limit = may_see AND may_block_card, may_consent = may_see; -- the school itself entered them

CREATE TABLE family_limit (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  guardian_id bigint NOT NULL REFERENCES guardian ON DELETE RESTRICT,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  takes text[] NOT NULL CHECK (cardinality(takes) > 0),
  until_on date,                   -- its last day; none: until it is lifted
  document text NOT NULL CHECK (document <> ''),
  noted_at timestamptz NOT NULL,
  noted_by text NOT NULL,
  lifted_at timestamptz,
  lifted_by text NOT NULL DEFAULT '',
  lift_document text NOT NULL DEFAULT ''
);
CREATE INDEX limits_of_a_guardian ON family_limit (guardian_id, person_id) WHERE lifted_at IS NULL;
"""

# One answer to "who may what about whom": terms, ends, and courts' limits; who was added by a parent has at most what
# that parent has now. Written so that PostgreSQL takes it into the statement that asks.
GUARDIANSHIP_AT = """
CREATE FUNCTION guardianship_at(instant timestamptz) RETURNS TABLE (
  guardian_id bigint, person_id bigint, account_id bigint, school_id bigint, is_shared boolean, may_see boolean,
  may_see_meals boolean, may_pay boolean, may_limit boolean, may_order boolean, may_block_card boolean,
  may_consent boolean, may_get_notices boolean
) LANGUAGE sql STABLE AS $$
SELECT own.guardian_id, own.person_id, guardian.account_id, person.school_id, own.shared_by IS NOT NULL,
  own.may_see AND coalesce(own.shared_by IS NULL OR up.may_see, false) AND NOT 'see' = ANY(gone.rights),
  own.may_see_meals AND coalesce(own.shared_by IS NULL OR up.may_see_meals, false) AND NOT 'meals' = ANY(gone.rights),
  own.may_pay AND coalesce(own.shared_by IS NULL OR up.may_pay, false) AND NOT 'pay' = ANY(gone.rights),
  own.may_limit AND coalesce(own.shared_by IS NULL OR up.may_limit, false) AND NOT 'limit' = ANY(gone.rights),
  own.may_order AND coalesce(own.shared_by IS NULL OR up.may_order, false) AND NOT 'order' = ANY(gone.rights),
  own.may_block_card AND coalesce(own.shared_by IS NULL OR up.may_block_card, false)
    AND NOT 'block' = ANY(gone.rights),
  own.may_consent AND own.shared_by IS NULL AND NOT 'consent' = ANY(gone.rights),
  own.may_get_notices AND coalesce(own.shared_by IS NULL OR up.may_get_notices, false)
    AND NOT 'notices' = ANY(gone.rights)
FROM guardianship AS own
JOIN guardian ON guardian.id = own.guardian_id
JOIN person ON person.id = own.person_id AND person.is_active
JOIN school ON school.id = person.school_id
CROSS JOIN LATERAL (SELECT (instant AT TIME ZONE school.zone)::date AS day) AS today
LEFT JOIN guardianship AS up ON up.guardian_id = own.shared_by AND up.person_id = own.person_id
  AND (up.ended_on IS NULL OR up.ended_on > day)
CROSS JOIN LATERAL (
  SELECT ARRAY(
    SELECT unnest(takes) FROM family_limit
    WHERE family_limit.guardian_id IN (own.guardian_id, own.shared_by) AND family_limit.person_id = own.person_id
      AND lifted_at IS NULL AND (family_limit.until_on IS NULL OR family_limit.until_on >= day)
  ) AS rights
) AS gone
WHERE (own.ended_on IS NULL OR own.ended_on > day) AND (own.until_on IS NULL OR own.until_on >= day)
$$;
"""

# A no wins: see docs/adr/0031-a-no-wins.md. The no of who is no guardian any more, or may not consent, stands in
# nobody's way, while it is so: a limit's last day is of the school's zone, as above. A refusal of all processing
# refuses each purpose.
CONSENTED = """
CREATE FUNCTION standing_answers(whose bigint) RETURNS TABLE (
  purpose text, guardian_id bigint, says text, "on" date, answer_id bigint
) LANGUAGE sql STABLE AS $$
SELECT DISTINCT ON (purpose, guardian_id) purpose, guardian_id, says, "on", id
FROM consent_answer WHERE person_id = whose ORDER BY purpose, guardian_id, "on" DESC, id DESC
$$;

CREATE FUNCTION is_refused(whose bigint, what text, instant timestamptz DEFAULT now()) RETURNS boolean
LANGUAGE sql STABLE AS $$
SELECT EXISTS (
  SELECT FROM standing_answers(whose) AS answer WHERE purpose IN (what, 'data') AND says = 'no'
    AND (answer.guardian_id IS NULL OR EXISTS (
      SELECT FROM guardianship WHERE guardianship.guardian_id = answer.guardian_id AND person_id = whose
        AND ended_on IS NULL AND may_consent
        AND NOT EXISTS (
          SELECT FROM family_limit WHERE family_limit.guardian_id = answer.guardian_id
            AND family_limit.person_id = whose AND lifted_at IS NULL AND 'consent' = ANY(takes)
            AND (family_limit.until_on IS NULL OR family_limit.until_on >= (
              SELECT (instant AT TIME ZONE zone)::date FROM person JOIN school ON school.id = person.school_id
              WHERE person.id = whose
            ))
        )
    ))
)
$$;

CREATE FUNCTION consented(person_id bigint, purpose text, instant timestamptz DEFAULT now()) RETURNS boolean
LANGUAGE sql STABLE AS $$
SELECT EXISTS (SELECT FROM standing_answers($1) AS answer WHERE answer.purpose = $2 AND says = 'yes')
  AND NOT is_refused($1, $2, $3)
$$;

-- What goes to one guardian is that guardian's own to answer; a paper that names nobody speaks for all of them.
CREATE FUNCTION consented_to_notices(person_id bigint, guardian_id bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT coalesce(
  (SELECT says FROM standing_answers($1) AS answer WHERE purpose = 'notices' AND answer.guardian_id = $2),
  (SELECT says FROM standing_answers($1) AS answer WHERE purpose = 'notices' AND answer.guardian_id IS NULL),
  'no'
) = 'yes' AND NOT is_refused($1, 'data')
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0029_tokens")]
    operations = [
        ops.RunSQL(ANSWERS),
        ops.DeleteModel("Consent"),
        ops.RunSQL(RIGHTS),
        ops.RunSQL(GUARDIANSHIP_AT),
        ops.RunSQL(CONSENTED),
    ]
