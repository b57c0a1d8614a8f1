"""What is measured of the journal: a class's grid of a quarter, a mark that is kept, and the sheet of a class."""

import asyncio
import hashlib
import time
from datetime import timedelta

import asyncpg
import httpx2

from cloud.core.clock import SystemClock
from cloud.core.database import address
from cloud.studies.rules import year_of
from tests.bench.line import SCHOOL_DEVICES, line
from tests.bench.table import Figure, at_most, percentile

CLASSES, STUDENTS, COURSES, LESSONS = 20, 35, 12, 40
LOADS, MARKS = 100, 300
TOKEN = "bench-journal"
TIMEOUT_S = 30.0
_FILL = (
    """
INSERT INTO school_class (school_id, grade, letter, shift, is_active)
SELECT $1, 5 + n % 7, 'К' || n, 1, true FROM generate_series(1, $2::int) n
""",
    """
INSERT INTO person (school_id, shard, ref, role, surname, given_name, patronymic, sort_key, position, is_active,
  created_at, school_class_id)
SELECT $1, 1, 'j' || lpad((class.id * 100 + n)::text, 11, '0'), 'student', 'Бекмұрат', 'Әлия ' || n, '',
  lpad(n::text, 4, '0'), '', true, now(), class.id
FROM school_class AS class, generate_series(1, $2::int) n WHERE class.school_id = $1
""",
    """
INSERT INTO stay (school_id, person_id, school_class_id, first_on)
SELECT $1, id, school_class_id, current_date - 300 FROM person WHERE school_id = $1 AND school_class_id IS NOT NULL
  AND $2::int > 0
""",
    """
INSERT INTO school_subject (school_id, code, area, name_kk, name_ru, name_en)
SELECT $1, 'subject_' || n, 'mathematics', 'Пән ' || n, 'Предмет ' || n, 'Subject ' || n
FROM generate_series(1, $2::int) n
""",
)
_TEACHER = """
INSERT INTO person (school_id, shard, ref, role, surname, given_name, patronymic, sort_key, position, is_active,
  created_at)
VALUES ($1, 1, 'jt' || lpad(($1::bigint)::text, 10, '0'), 'staff', 'Сейіт', 'Айгүл', '', '0', '', true, now())
RETURNING id
"""
_COURSES = """
INSERT INTO course (school_id, year, school_class_id, subject_id, teacher_id, half_hours)
SELECT $1, $2, class.id, subject.id, $3, 10 FROM school_class AS class, school_subject AS subject
WHERE class.school_id = $1 AND subject.school_id = $1
"""
_LESSONS = """
INSERT INTO lesson (school_id, course_id, "on", number, kind, theme)
SELECT $1, course.id, $2::date - n / 5, n % 5 + 1, CASE n WHEN 0 THEN 'soch' WHEN 13 THEN 'sor' ELSE 'lesson' END, 'x'
FROM course, generate_series(0, $3::int - 1) n WHERE course.school_id = $1
"""
_PLANS = """
INSERT INTO lesson_plan (lesson_id, school_id, points_max, changed_at, by_name)
SELECT id, $1, 20, now(), '' FROM lesson WHERE school_id = $1 AND kind <> 'lesson'
"""
_MARKS = """
INSERT INTO journal_mark (school_id, number, lesson_id, person_id, "on", here, points, at, by_name)
SELECT $1, row_number() OVER (), lesson.id, stay.person_id, lesson."on", 'present', lesson.id % 10 + 1, now(), 'x'
FROM lesson JOIN course ON course.id = course_id JOIN stay ON stay.school_class_id = course.school_class_id
WHERE lesson.school_id = $1
"""
_ACCOUNT = """
WITH made AS (
  INSERT INTO account (password_hash, must_change, name, language, is_active, created_at)
  VALUES ('x', false, 'Сейіт Айгүл', 'ru', true, now()) RETURNING id
), roles AS (
  INSERT INTO grant_of_role (account_id, school_id, role)
  SELECT made.id, $1, role FROM made, unnest(ARRAY['teacher', 'director']) AS role
), tie AS (INSERT INTO staff_account (person_id, account_id) SELECT $2, id FROM made)
INSERT INTO sign_in (account_id, token_digest, created_at, expires_at)
SELECT id, $3, now(), now() + interval '1 day' FROM made
"""
_WHERE = """
SELECT course.id, school_class_id, code FROM course JOIN school ON school.id = course.school_id
ORDER BY course.id LIMIT 1
"""
_CELLS = """
SELECT lesson.id, ref, mark.number FROM journal_mark AS mark JOIN lesson ON lesson.id = lesson_id
JOIN person ON person.id = person_id WHERE course_id = $1 AND kind = 'lesson' ORDER BY mark.number LIMIT $2
"""


def journals() -> list[Figure]:
    """Open the journal of a class again and again, write marks one by one, and open the sheet of the class."""
    with line(SCHOOL_DEVICES) as running, running.cloud("web") as (_, pages):
        return asyncio.run(_measure(running.url, pages))


async def _measure(url: str, pages: str) -> list[Figure]:
    connection = await asyncpg.connect(**address(url))
    school_id = await connection.fetchval("SELECT min(id) FROM school")
    teacher_id = await fill(connection, school_id)
    await connection.execute(_ACCOUNT, school_id, teacher_id, hashlib.sha256(TOKEN.encode()).hexdigest())
    course_id, class_id, code = await connection.fetchrow(_WHERE)
    cells = await connection.fetch(_CELLS, course_id, MARKS)
    await connection.close()
    base = f"/schools/{code}/journal"
    headers = {"cookie": f"esik_session={TOKEN}; esik_language=ru", "origin": pages, "accept": "text/html"}
    async with httpx2.AsyncClient(base_url=pages, timeout=TIMEOUT_S, trust_env=False, headers=headers) as http:
        grid_ms, size = await _loads(http, f"{base}/{course_id}")
        sheet_ms, _ = await _loads(http, f"{base}/classes/{class_id}/sheet")
        kept_ms = await _kept(http, f"{base}/{course_id}/cells", cells)
    school = f"{CLASSES * STUDENTS} students, {CLASSES * COURSES * STUDENTS * LESSONS:,} marks in the school's journals"
    one = f"one after another through one web process on PostgreSQL that syncs; {school}"
    grid = f"{STUDENTS} students, {LESSONS} lessons, {LOADS} loads {one}"
    return [
        Figure("journal of a class, p50", percentile(grid_ms, 0.5), "ms", grid),
        at_most("journal of a class, p99", percentile(grid_ms, 0.99), "ms", grid, ceiling=300),
        Figure("journal of a class, the page itself", size / 1_000, "kB", "as it is sent, not compressed"),
        Figure("a mark kept, p50", percentile(kept_ms, 0.5), "ms", f"{MARKS} marks {one}"),
        at_most("a mark kept, p99", percentile(kept_ms, 0.99), "ms", f"{MARKS} marks {one}", ceiling=100),
        at_most(
            "sheet of a class, p99", percentile(sheet_ms, 0.99), "ms",
            f"{STUDENTS} students, {COURSES} subjects, {LOADS} loads {one}", ceiling=1_000,
        ),
    ]  # fmt: skip


async def _loads(http: httpx2.AsyncClient, path: str) -> tuple[list[float], int]:
    """Return how long loads took, and how many bytes the page has; the first of all is not counted."""
    took_ms, size = [], 0
    for _ in range(LOADS + 1):
        began_s = time.perf_counter()
        answer = await http.get(path)
        took_ms.append(1_000 * (time.perf_counter() - began_s))
        answer.raise_for_status()
        size = len(answer.content)
    return took_ms[1:], size


async def _kept(http: httpx2.AsyncClient, path: str, cells: list[asyncpg.Record]) -> list[float]:
    took_ms = []
    for place, cell in enumerate(cells):
        form = {"lesson": cell["id"], "ref": cell["ref"], "value": str(place % 9 + 1), "seen": cell["number"]}
        began_s = time.perf_counter()
        answer = await http.post(path, data=form, headers={"accept": "application/json"})
        took_ms.append(1_000 * (time.perf_counter() - began_s))
        answer.raise_for_status()
    return took_ms


async def fill(connection: asyncpg.Connection, school_id: int) -> int:
    """Write a school's journals, and return who teaches everything."""
    today = (SystemClock().now() + timedelta(hours=5)).date()
    for statement, count in zip(_FILL, (CLASSES, STUDENTS, 1, COURSES), strict=True):
        await connection.execute(statement, school_id, count)
    teacher_id: int = await connection.fetchval(_TEACHER, school_id)
    await connection.execute(_COURSES, school_id, year_of(today), teacher_id)
    await connection.execute(_LESSONS, school_id, today, LESSONS)
    await connection.execute(_PLANS, school_id)
    await connection.execute(_MARKS, school_id, timeout=600)
    await connection.execute("ANALYZE")
    return teacher_id


MEASUREMENTS = (journals,)
