"""What is measured of tests: two thousand students in one at once, each sending an answer every twenty seconds."""

import asyncio
import time

import asyncpg
import httpx2
import msgspec

from cloud.assessments.giving import digest_of
from cloud.assessments.questions import Choice, Kind, Option, Question, to_data
from cloud.core.database import address
from tests.bench.line import SCHOOL_DEVICES, line
from tests.bench.table import Figure, at_most, percentile

STUDENTS, CLASSES, QUESTIONS = 2_000, 80, 20
EVERY_S, ROUNDS = 20.0, 4
WARMING, CONNECTIONS_MAX = 100, 100
TIMEOUT_S = 30.0
_FILL = (
    """
INSERT INTO school_class (school_id, grade, letter, shift, is_active)
SELECT $1, 1 + n % 11, 'Т' || n, 1, true FROM generate_series(1, $2::int) n
""",
    """
INSERT INTO school_subject (school_id, code, area, name_kk, name_ru, name_en)
SELECT $1, 'subject_of_tests', 'mathematics', 'Пән', 'Предмет', 'Subject' FROM generate_series(1, $2::int / $2::int)
""",
)
_PEOPLE = """
INSERT INTO person (school_id, shard, ref, role, surname, given_name, patronymic, sort_key, position, is_active,
  created_at, school_class_id)
SELECT $1, 1, 't' || lpad(n::text, 11, '0'), 'student', 'Бекмұрат', 'Әлия ' || n, '', lpad(n::text, 6, '0'), '', true,
  now(), (SELECT id FROM school_class WHERE school_id = $1 AND letter = 'Т' || (1 + n % $3::int))
FROM generate_series(1, $2::int) n
"""
_STAYS = """
INSERT INTO stay (school_id, person_id, school_class_id, first_on)
SELECT school_id, id, school_class_id, current_date - 30 FROM person WHERE school_id = $1 AND ref LIKE 't%'
"""
_ACCOUNTS = """
WITH whose AS (
  SELECT person.id, row_number() OVER (ORDER BY ref) AS n FROM person WHERE school_id = $1 AND ref LIKE 't%'
), made AS (
  INSERT INTO account (password_hash, must_change, name, language, is_active, created_at)
  SELECT 'x', false, 'student ' || n, 'ru', true, now() FROM whose RETURNING id, name
), paired AS (
  SELECT made.id AS account_id, whose.id AS person_id, n FROM made JOIN whose ON made.name = 'student ' || n
), roles AS (INSERT INTO grant_of_role (account_id, school_id, role) SELECT account_id, $1, 'student' FROM paired),
ties AS (INSERT INTO student_account (person_id, account_id) SELECT person_id, account_id FROM paired)
INSERT INTO sign_in (account_id, token_digest, created_at, expires_at)
SELECT account_id, encode(sha256(('bench-test-' || n)::bytea), 'hex'), now(), now() + interval '1 day' FROM paired
"""
_COURSES = """
INSERT INTO course (school_id, year, school_class_id, subject_id, half_hours)
SELECT $1, 2026, class.id, subject.id, 10 FROM school_class AS class, school_subject AS subject
WHERE class.school_id = $1 AND class.letter LIKE 'Т%' AND subject.school_id = $1 AND code = 'subject_of_tests'
"""
_TEST = """
WITH test AS (
  INSERT INTO assessment (school_id, subject_id, grade, title, changed_at, by_name)
  SELECT $1, id, 5, 'Тест', now(), '' FROM school_subject WHERE school_id = $1 AND code = 'subject_of_tests'
  RETURNING id
)
INSERT INTO assessment_given (school_id, assessment_id, course_id, title, opens_at, closes_at, limit_min, attempts,
  counts, review, is_shuffled, one_by_one, sections, given_at, by_name)
SELECT $1, test.id, course.id, 'Тест', now(), now() + interval '1 day', 60, 1, 'best', 'closed', true, false,
  '[{"title":"x","draws":0}]', now(), ''
FROM course, test WHERE course.school_id = $1 AND course.subject_id = (
  SELECT id FROM school_subject WHERE school_id = $1 AND code = 'subject_of_tests')
"""
_BANKED = """
INSERT INTO bank_question (school_id, subject_id, grade, theme, kind, content, changed_at, by_name)
SELECT $1, id, 5, '', 'choice', $2, now(), '' FROM school_subject WHERE school_id = $1 AND code = 'subject_of_tests'
RETURNING id
"""
_COPIES = """
INSERT INTO assessment_question (given_id, section, source_id, points, content, digest)
SELECT id, 0, $2, 1, $3, $4 FROM assessment_given WHERE school_id = $1
"""
_ATTEMPTS = """
INSERT INTO assessment_attempt (school_id, given_id, person_id, number, seed, began_at, ends_at)
SELECT $1, given.id, person.id, 1, person.id, now(), now() + interval '1 hour' FROM assessment_given AS given
JOIN course ON course.id = course_id JOIN person ON person.school_class_id = course.school_class_id
WHERE given.school_id = $1 AND person.ref LIKE 't%'
"""
_ASK = """
INSERT INTO assessment_answer (attempt_id, place, question_id)
SELECT attempt.id, row_number() OVER (PARTITION BY attempt.id ORDER BY question.id), question.id
FROM assessment_attempt AS attempt JOIN assessment_question AS question ON question.given_id = attempt.given_id
WHERE attempt.school_id = $1
"""
_WHO = """
SELECT ref, attempt.id, row_number() OVER (ORDER BY ref) AS n FROM assessment_attempt AS attempt
JOIN person ON person.id = person_id ORDER BY ref
"""
_KEPT = "SELECT count(*) FROM assessment_answer WHERE answered_at IS NOT NULL"


def answers() -> list[Figure]:
    """Let two thousand students answer through one web process, as they come, whether it keeps up or not."""
    with line(SCHOOL_DEVICES) as running, running.cloud("web") as (_, pages):
        return asyncio.run(_measure(running.url, pages))


async def _measure(url: str, pages: str) -> list[Figure]:
    connection = await asyncpg.connect(**address(url))
    await _fill(connection)
    who = [(row["ref"], row["id"], f"bench-test-{row['n']}") for row in await connection.fetch(_WHO)]
    limits = httpx2.Limits(max_connections=CONNECTIONS_MAX)
    headers = {"origin": pages, "accept": "application/json"}
    async with httpx2.AsyncClient(
        base_url=pages, timeout=TIMEOUT_S, trust_env=False, headers=headers, limits=limits
    ) as http:
        for each in who[:WARMING]:
            await _answer(http, each, QUESTIONS, time.perf_counter())
        starts_s = time.perf_counter() + 1
        async with asyncio.TaskGroup() as tasks:
            sat = [
                tasks.create_task(_sit(http, each, starts_s + EVERY_S * place / STUDENTS), name=f"student-{place}")
                for place, each in enumerate(who)
            ]
    kept = await connection.fetchval(_KEPT)
    await connection.close()
    took_ms = [each for one in sat for each in one.result()]
    expected = STUDENTS * ROUNDS + WARMING
    assert kept == expected, f"{kept} answers are kept of {expected}"
    how = (
        f"{len(took_ms):,} answers of {STUDENTS:,} students, one each {EVERY_S:.0f} s, from the instant at which each"
        " was due; one web process on PostgreSQL that syncs, load generator on the same machine"
    )
    return [
        Figure("an answer in a test kept, p50", percentile(took_ms, 0.5), "ms", how),
        at_most("an answer in a test kept, p99", percentile(took_ms, 0.99), "ms", how, ceiling=500),
    ]


async def _sit(http: httpx2.AsyncClient, who: tuple[str, int, str], first_s: float) -> list[float]:
    """Send an answer each twenty seconds, and return how long after its instant each was kept."""
    took_ms = []
    for number in range(ROUNDS):
        due_s = first_s + number * EVERY_S
        await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
        took_ms.append(await _answer(http, who, number + 1, due_s))
    return took_ms


async def _answer(http: httpx2.AsyncClient, who: tuple[str, int, str], place: int, due_s: float) -> float:
    ref, attempt_id, token = who
    answer = await http.post(
        f"/children/{ref}/attempts/{attempt_id}/answers/{place}", data={"answer": "abcd"[place % 4]},
        headers={"cookie": f"esik_session={token}; esik_language=ru"},
    )  # fmt: skip
    took_ms = 1_000 * (time.perf_counter() - due_s)
    answer.raise_for_status()
    return took_ms


async def _fill(connection: asyncpg.Connection) -> None:
    """Write a school of two thousand, each of whom has begun a test of twenty questions."""
    school_id = await connection.fetchval("SELECT min(id) FROM school")
    for statement in _FILL:
        await connection.execute(statement, school_id, CLASSES)
    await connection.execute(_PEOPLE, school_id, STUDENTS, CLASSES)
    for statement in (_STAYS, _ACCOUNTS, _COURSES, _TEST):
        await connection.execute(statement, school_id)
    for number in range(QUESTIONS):
        options = tuple(Option(key, f"{number} {key}", key == "a") for key in "abcd")
        content = msgspec.json.encode(to_data(Question(Kind.CHOICE, f"{number}?", Choice(options))))
        source_id = await connection.fetchval(_BANKED, school_id, content.decode())
        await connection.execute(_COPIES, school_id, source_id, content.decode(), digest_of(content))
    for statement in (_ATTEMPTS, _ASK):
        await connection.execute(statement, school_id)
    await connection.execute("ANALYZE")


MEASUREMENTS = (answers,)
