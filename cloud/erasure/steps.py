"""The steps of depersonalising: each removes one kind of thing about a person, and removing twice is removing once.

Rule: what the law on accounting wants stays, tied to a reference without a name; the name goes last, so that a work
that was interrupted is seen to be unfinished.
"""

from collections.abc import Mapping

UNTYING = frozenset({"accounts"})  # steps that end ties of the person; the journal is told of them
# $1 is the person's id. Each statement returns the rows that it removed or changed.
STEPS: Mapping[str, str] = {
    "photo": "DELETE FROM person_photo WHERE person_id = $1 RETURNING 1",
    "cards": "DELETE FROM card WHERE person_id = $1 RETURNING 1",
    "contacts": """
UPDATE guardian SET name = '', phone_encrypted = NULL, phone_digest = NULL, email_encrypted = NULL
WHERE (name <> '' OR phone_encrypted IS NOT NULL OR email_encrypted IS NOT NULL)
  AND id IN (SELECT guardian_id FROM guardianship WHERE person_id = $1)
  AND NOT EXISTS (
    SELECT FROM guardianship AS other JOIN person ON person.id = other.person_id
    WHERE other.guardian_id = guardian.id AND other.person_id <> $1 AND NOT is_refused(person.id, 'data')
  )
RETURNING 1""",
    "accounts": """
WITH nobodys AS (
  UPDATE account SET login_digest = NULL, login_encrypted = NULL, name = '№ ' || account.id, password_hash = '!',
    is_active = false
  WHERE name <> '№ ' || account.id AND (id IN (
    SELECT account_id FROM guardian JOIN guardianship ON guardian_id = guardian.id
    WHERE person_id = $1 AND guardian.name = '' AND phone_encrypted IS NULL
  ) AND NOT EXISTS (SELECT FROM grant_of_role WHERE account_id = account.id AND role <> 'guardian')
    OR id IN (SELECT account_id FROM student_account WHERE person_id = $1)
    AND NOT EXISTS (SELECT FROM grant_of_role WHERE account_id = account.id AND role <> 'student')
  ) AND NOT EXISTS (
    SELECT FROM guardian AS other WHERE other.account_id = account.id
      AND (other.name <> '' OR other.phone_encrypted IS NOT NULL)
  )
  RETURNING id
), links AS (DELETE FROM student_account WHERE person_id = $1),
  work AS (DELETE FROM staff_account WHERE person_id = $1),
  sessions AS (DELETE FROM sign_in WHERE account_id IN (SELECT id FROM nobodys)),
  halves AS (DELETE FROM half_sign_in WHERE account_id IN (SELECT id FROM nobodys)),
  apps AS (DELETE FROM authenticator WHERE account_id IN (SELECT id FROM nobodys)),
  codes AS (DELETE FROM recovery_code WHERE account_id IN (SELECT id FROM nobodys)),
  passkeys AS (DELETE FROM passkey WHERE account_id IN (SELECT id FROM nobodys)),
  offers AS (DELETE FROM passkey_offer WHERE account_id IN (SELECT id FROM nobodys)),
  addresses AS (DELETE FROM channel_address WHERE account_id IN (SELECT id FROM nobodys)),
  asked AS (DELETE FROM sms_request WHERE account_id IN (SELECT id FROM nobodys)),
  choices AS (DELETE FROM channel_scope WHERE account_id IN (SELECT id FROM nobodys)),
  identities AS (DELETE FROM identity_link WHERE account_id IN (SELECT id FROM nobodys)),
  releases AS (DELETE FROM resource_release WHERE account_id IN (SELECT id FROM nobodys))
SELECT pg_notify('esik_sessions', id::text) FROM nobodys""",  # cloud.core.wakeups.SESSIONS: open pages end
    "messages": """
WITH to_the_family AS (
  DELETE FROM announcement WHERE id IN (SELECT announcement_id FROM announcement_audience WHERE person_id = $1)
  RETURNING 1
), answers AS (
  DELETE FROM announcement_answer AS said USING announcement_reader AS told
  WHERE told.person_id = $1 AND told.announcement_id = said.announcement_id AND told.account_id = said.account_id
    AND NOT EXISTS (
      SELECT FROM announcement_reader AS other WHERE other.announcement_id = said.announcement_id
        AND other.account_id = said.account_id AND other.person_id <> $1
    )
  RETURNING 1
), readers AS (DELETE FROM announcement_reader WHERE person_id = $1 RETURNING 1)
SELECT 1 FROM to_the_family UNION ALL SELECT 1 FROM answers UNION ALL SELECT 1 FROM readers""",
    "talks": """
WITH posts AS (DELETE FROM talk_post WHERE person_id = $1 AND as_a <> 'staff' RETURNING 1),
  of_staff AS (
    UPDATE talk_post SET author = '№ ' || $1::bigint
    WHERE person_id = $1 AND as_a = 'staff' AND author <> '№ ' || $1::bigint RETURNING 1),
  told AS (DELETE FROM talk_report WHERE person_id = $1 RETURNING 1),
  mutes AS (DELETE FROM talk_mute WHERE person_id = $1 RETURNING 1),
  topics AS (
    UPDATE talk SET title_encrypted = NULL, opened_by = '', person_id = NULL WHERE person_id = $1 RETURNING 1)
SELECT 1 FROM posts UNION ALL SELECT 1 FROM of_staff UNION ALL SELECT 1 FROM told UNION ALL SELECT 1 FROM mutes
UNION ALL SELECT 1 FROM topics""",
    "questions": """
DELETE FROM support_question USING account WHERE account.id = account_id AND $1::bigint > 0
  AND login_digest IS NULL AND NOT account.is_active AND account.name = '№ ' || account.id RETURNING 1""",
    "notices": """
WITH days AS (DELETE FROM notice_day WHERE person_id = $1),
  gates AS (DELETE FROM usual_gate WHERE person_id = $1), again AS (DELETE FROM expected_again WHERE person_id = $1),
  asked AS (DELETE FROM sms_request WHERE $1 = ANY(person_ids))
DELETE FROM notice WHERE person_id = $1 RETURNING 1""",
    "requests": "DELETE FROM correction_request WHERE person_id = $1 RETURNING 1",
    "diets": """
DELETE FROM restriction WHERE person_id = $1 RETURNING 1""",
    "reasons": """
DELETE FROM register_reason AS why USING register_mark AS mark
WHERE person_id = $1 AND mark.school_id = why.school_id AND mark.number = why.number RETURNING 1""",
    "remarks": """
WITH reasons AS (
  DELETE FROM journal_reason AS why USING journal_mark AS mark
  WHERE person_id = $1 AND mark.school_id = why.school_id AND mark.number = why.number RETURNING 1
), remarks AS (DELETE FROM journal_remark WHERE person_id = $1 RETURNING 1)
SELECT 1 FROM reasons UNION ALL SELECT 1 FROM remarks""",
    "homework": """
WITH answers AS (DELETE FROM homework_answer WHERE person_id = $1 RETURNING 1),
  named AS (DELETE FROM homework_member WHERE person_id = $1 RETURNING 1)
SELECT 1 FROM answers UNION ALL SELECT 1 FROM named""",
    "tests": """
WITH taken AS (DELETE FROM assessment_attempt WHERE person_id = $1 RETURNING 1),
  practised AS (DELETE FROM practice_attempt WHERE person_id = $1 RETURNING 1)
SELECT 1 FROM taken UNION ALL SELECT 1 FROM practised""",
    "absences": "DELETE FROM absence WHERE person_id = $1 RETURNING 1",
    "collectors": "DELETE FROM collector WHERE person_id = $1 RETURNING 1",
    "profile": """
WITH fields AS (DELETE FROM profile_field WHERE person_id = $1 RETURNING 1),
  entries AS (DELETE FROM portfolio_entry WHERE person_id = $1 RETURNING 1),
  fitness AS (DELETE FROM fitness_value WHERE person_id = $1 RETURNING 1),
  advice AS (DELETE FROM recommendation WHERE person_id = $1 RETURNING 1),
  goals AS (DELETE FROM goal WHERE person_id = $1 RETURNING 1),
  awards AS (DELETE FROM award WHERE person_id = $1 RETURNING 1)
SELECT 1 FROM fields UNION ALL SELECT 1 FROM entries UNION ALL SELECT 1 FROM goals
UNION ALL SELECT 1 FROM awards UNION ALL SELECT 1 FROM advice
UNION ALL SELECT 1 FROM fitness""",
    "sheets": """
WITH nobodys AS (
  SELECT account.id FROM account WHERE $1::bigint > 0 AND login_digest IS NULL AND NOT account.is_active
    AND account.name = '№ ' || account.id
), sheets AS (DELETE FROM questionnaire_sheet USING nobodys WHERE account_id = nobodys.id RETURNING 1),
  answerers AS (DELETE FROM questionnaire_answerer USING nobodys WHERE account_id = nobodys.id RETURNING 1),
  votes AS (DELETE FROM faq_vote USING nobodys WHERE account_id = nobodys.id RETURNING 1)
SELECT 1 FROM sheets UNION ALL SELECT 1 FROM answerers UNION ALL SELECT 1 FROM votes""",
    "calls": "DELETE FROM call_visit WHERE person_id = $1 RETURNING 1",
    "comments": "UPDATE meal_rating SET comment = '' WHERE person_id = $1 AND comment <> '' RETURNING 1",
    "transfers": """
UPDATE transfer SET place = '', paper = '' WHERE person_id = $1 AND (place <> '' OR paper <> '') RETURNING 1""",
    "lessons": """
WITH times AS (DELETE FROM teacher_time WHERE person_id = $1 RETURNING 1),
  away AS (DELETE FROM staff_absence WHERE person_id = $1 RETURNING 1),
  feeds AS (DELETE FROM timetable_feed WHERE person_id = $1 RETURNING 1),
  notes AS (
    UPDATE lesson SET note = '' FROM course
    WHERE course.id = course_id AND $1 IN (lesson.teacher_id, course.teacher_id) AND note <> '' RETURNING 1)
SELECT 1 FROM times UNION ALL SELECT 1 FROM away UNION ALL SELECT 1 FROM feeds UNION ALL SELECT 1 FROM notes""",
    "resources": """
WITH results AS (DELETE FROM lti_score WHERE person_id = $1 RETURNING 1),
  pseudonyms AS (DELETE FROM subject WHERE member = 'person:' || $1::bigint RETURNING 1)
SELECT 1 FROM results UNION ALL SELECT 1 FROM pseudonyms""",
    "name": """
UPDATE person SET surname = '№', given_name = id::text, patronymic = '', sort_key = '99' || lpad(id::text, 18, '0'),
  iin_encrypted = NULL, iin_digest = NULL, number = NULL, sourced_id = NULL, position = ''
WHERE id = $1 AND (surname <> '№' OR iin_digest IS NOT NULL OR number IS NOT NULL OR sourced_id IS NOT NULL)
RETURNING 1""",
}
