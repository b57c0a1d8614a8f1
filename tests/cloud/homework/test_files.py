"""Files of homework: of the task and of what is handed in, sealed, limited, and for who may see them alone."""

import pytest
from starlette.datastructures import Headers
from starlette.types import Message

from cloud.app import create_app
from cloud.consents.scans import JPEG, ScanRefused
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.guarding import UPLOAD_MAX, length_max
from cloud.core.sealed_files import file_of, files_of
from cloud.core.services import Services
from cloud.homework.errors import HomeworkRefused
from cloud.homework.files import (
    ANSWER_FILES_MAX,
    FILES,
    FILES_MAX,
    add_file,
    answer_file_of,
    drop_homework_file,
)
from cloud.portfolio.errors import EntryRefused
from tests.cloud.homework.factory import Classwork, classwork
from tests.cloud.portfolio.factory import picture

PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
FORM = "multipart/form-data; boundary=x"
UPLOADS = (
    "/children/0123456789ab/homework/7", "/schools/almaty5/homework/new", "/schools/almaty5/homework/7/files",
)  # fmt: skip


@pytest.fixture(name="work")
async def _work(services: Services) -> Classwork:
    return await classwork(services)


async def test_a_file_of_two_gigabytes_is_refused_before_a_byte_of_it_is_read(services: Services) -> None:
    app, told = create_app(services), []

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        told.append(message)

    headers = [(b"host", b"esik"), (b"content-type", FORM.encode()), (b"content-length", b"2147483648")]
    for path in UPLOADS:
        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
        await app(scope, receive, send)

    assert [each["status"] for each in told if each["type"] == "http.response.start"] == [413] * len(UPLOADS)
    assert {length_max(path, Headers({"content-type": FORM})) for path in UPLOADS} == {UPLOAD_MAX}


async def test_the_teacher_adds_files_that_the_family_gets_and_so_many_and_no_more(work: Classwork) -> None:
    services, school = work.services, work.journal.school
    homework_id = await work.set()
    for number in range(FILES_MAX):
        content = picture("PNG", (30, 20)) if number else PAPER
        await add_file(services, work.teacher, school, homework_id, f"../Парақ {number}.exe", content)

    with pytest.raises(HomeworkRefused, match="files at most"):
        await add_file(services, work.teacher, school, homework_id, "тағы.pdf", PAPER)
    with pytest.raises(NotAllowed):
        await drop_homework_file(services, work.journal.deputy, school, homework_id, 1)

    files = (await files_of(services, FILES, [homework_id]))[homework_id]
    assert [each.name for each in files[:2]] == ["Парақ 0.pdf", "Парақ 1.jpg"]
    assert (await file_of(services, FILES, homework_id, files[0].id)).content == PAPER
    assert (await file_of(services, FILES, homework_id, files[1].id)).media == JPEG
    with pytest.raises(NotFound):
        await file_of(services, FILES, homework_id + 1, files[0].id)
    await drop_homework_file(services, work.teacher, school, homework_id, files[0].id)
    with pytest.raises(NotFound):
        await file_of(services, FILES, homework_id, files[0].id)
    rows = await services.database.pool.fetch("SELECT content_encrypted, name_encrypted FROM homework_file")
    assert not any(b"Exif" in row["content_encrypted"] or "Парақ".encode() in row["name_encrypted"] for row in rows)


@pytest.mark.parametrize(
    "content",
    [b"<html><script>1</script></html>", b"MZ" + bytes(500), b"%PDF-1.4 /JavaScript (x) %%EOF"],
    ids=["a page", "a program", "a PDF that acts"],
)
async def test_what_is_no_picture_and_no_paper_is_refused_whatever_its_name_says(
    work: Classwork, content: bytes
) -> None:
    homework_id = await work.set()

    with pytest.raises((EntryRefused, ScanRefused)):
        await add_file(work.services, work.teacher, work.journal.school, homework_id, "үй.jpg", content)

    assert await files_of(work.services, FILES, [homework_id]) == {}


async def test_photos_that_were_handed_in_are_for_that_student_and_the_teacher_alone(work: Classwork) -> None:
    services, ids = work.services, work.journal.studies.student_ids
    homework_id = await work.set()
    await work.draft(homework_id, photos=1)
    draft = (await work.task(homework_id)).draft
    assert draft is not None
    file_id = draft.files[0].id
    with pytest.raises(NotFound):
        await answer_file_of(services, homework_id, ids[0], file_id)  # the teacher: nothing was handed in yet
    assert (await answer_file_of(services, homework_id, ids[0], file_id, first=0)).media == JPEG

    await work.hand_in(homework_id)

    handed = await answer_file_of(services, homework_id, ids[0], file_id)
    assert (handed.name, handed.content[:2]) == (f"homework-{file_id}.jpg", b"\xff\xd8")
    for homework, person in ((homework_id, ids[1]), (homework_id + 1, ids[0])):
        with pytest.raises(NotFound):
            await answer_file_of(services, homework, person, file_id, first=0)
    kept = await services.database.pool.fetchval("SELECT content_encrypted FROM homework_answer_file")
    assert handed.content not in kept


async def test_so_many_files_are_handed_in_at_once_and_no_more(work: Classwork) -> None:
    homework_id = await work.set()
    await work.draft(homework_id, photos=ANSWER_FILES_MAX)

    with pytest.raises(HomeworkRefused, match="files at most"):
        await work.hand_in(homework_id, photos=1)

    await work.hand_in(homework_id)
    last = (await work.row(homework_id)).last
    assert last is not None
    assert len(last.files) == ANSWER_FILES_MAX
