"""Files of entries: told by what is in them, drawn anew without what a camera wrote, and never read when too long."""

import io

import pytest
from PIL import Image
from starlette.datastructures import Headers
from starlette.types import Message

from cloud.app import create_app
from cloud.consents.scans import JPEG, PDF, ScanRefused
from cloud.core.guarding import length_max
from cloud.core.services import Services
from cloud.portfolio.adding import add
from cloud.portfolio.errors import EntryRefused
from cloud.portfolio.files import ENTRY_MAX, PICTURE_MAX, checked_file, put_file
from cloud.portfolio.kinds import OF_STUDENTS, State
from tests.cloud.portfolio.factory import MEDAL, a_folder, picture
from tests.cloud.schools.factory import SYSTEM

PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
FORM = "multipart/form-data; boundary=x"
UPLOADS = (
    "/children/0123456789ab/portfolio", "/children/0123456789ab/portfolio/7/reply", "/profile/0123456789ab/entries",
    "/profile/0123456789ab/entries/7/reply", "/schools/almaty5/people/0123456789ab/profile/entries",
    "/schools/almaty5/staff/0123456789ab/profile/entries",
)  # fmt: skip


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_of_any_kind_is_drawn_anew_without_what_a_camera_wrote(kind: str) -> None:
    upload = picture(kind)
    assert b"Abai" in upload

    drawn = await checked_file(upload)

    assert drawn.media == JPEG
    assert b"Abai" not in drawn.content
    assert Image.open(io.BytesIO(drawn.content)).size == (600, 400)


async def test_what_is_transparent_becomes_white_and_what_is_large_small() -> None:
    drawn = await checked_file(picture("PNG", (4_000, 3_000), "RGBA"))

    shown = Image.open(io.BytesIO(drawn.content))
    assert shown.size == (2_400, 1_800)
    assert shown.convert("L").point(lambda light: 255 * (light < 250)).getbbox() is None


async def test_a_pdf_stays_as_it_came() -> None:
    kept = await checked_file(PAPER)

    assert (kept.media, kept.content) == (PDF, PAPER)


HOSTILE = {
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "a page": b"<!doctype html><script>1</script>",
    "a GIF": b"GIF89a" + b"\0" * 50,
    "a program": b"MZ" + b"\0" * 500,
    "half a PNG": picture("PNG")[:80],
    "a PDF with a script": PAPER.replace(b"/Type", b"/OpenAction<</S/JavaScript>>/Type"),
    "a PDF without an end": b"%PDF-1.4 without an end",
    "too long a picture": picture("JPEG") + b"\0" * PICTURE_MAX,
    "too many pixels": picture("PNG", (20_000, 10_000), "1"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_no_file_of_a_portfolio_is_refused_whatever_its_name_says(name: str) -> None:
    with pytest.raises((EntryRefused, ScanRefused)):
        await checked_file(HOSTILE[name])


async def test_two_gigabytes_are_refused_before_a_byte_of_them_is_read(services: Services) -> None:
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
    assert {length_max(path, Headers({"content-type": FORM})) > PICTURE_MAX for path in UPLOADS} == {True}


async def test_an_entry_keeps_so_many_files_and_no_more(services: Services) -> None:
    folder = await a_folder(services)
    file = await checked_file(PAPER)
    entry_id = await add(services, SYSTEM, folder.whose, MEDAL, OF_STUDENTS, state=State.WAITING)
    async with services.database.pool.acquire() as connection:
        for _ in range(ENTRY_MAX):
            await put_file(services, connection, folder.school_id, entry_id, file)

        with pytest.raises(EntryRefused, match="So many files"):
            await put_file(services, connection, folder.school_id, entry_id, file)

    rows = await services.database.pool.fetch("SELECT content_encrypted FROM portfolio_file")
    assert len(rows) == ENTRY_MAX
    assert not any(b"%PDF" in row["content_encrypted"] for row in rows)
