"""Scans of papers: only what is one is kept, encrypted, and handed out to the office alone."""

import io
import zipfile

import pytest
from PIL import Image

from cloud.consents.answering import note_paper
from cloud.consents.scans import JPEG, PDF, SCAN_MAX, ScanRefused, ScanTooLarge, checked_scan, scan_of
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.people.consents import Answer
from cloud.people.kinds import Purpose, Says, Way
from tests.cloud.people.family_factory import a_family

PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def jpeg(size: tuple[int, int] = (800, 600)) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at Abai street 5"
    Image.new("RGB", size, "#fff").save(out, "JPEG", exif=exif)
    return out.getvalue()


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("paper.pdf", b"0" * 50_000_000)
    return out.getvalue()


async def test_a_pdf_stays_as_it_came_and_a_jpeg_is_drawn_anew_without_what_a_camera_wrote() -> None:
    assert (await checked_scan(PAPER)).content == PAPER
    number = PAPER.replace(b"/Type", b"/Number#201/Type")
    assert (await checked_scan(number)).content == number
    drawn = await checked_scan(jpeg())

    assert drawn.media == JPEG
    assert b"Abai" not in drawn.content


HOSTILE = {
    "an SVG with a script": SVG,
    "a zip bomb": zip_bomb(),
    "nothing": b"",
    "a GIF": b"GIF89a",
    "a page": b"<!doctype html><script>1</script>",
    "a PDF by its end only": PAPER.replace(b"%PDF", b"%PDX"),
    "a PDF without an end": b"%PDF-1.4 without an end",
    "a PDF with a script": PAPER.replace(b"/Type", b"/OpenAction<</S/JavaScript>>/Type"),
    "a PDF with a script by other letters": PAPER.replace(b"/Type", b"/Open#41ction<</S/#4a#61vaScript>>/Type"),
    "a PDF with a short name by other letters": PAPER.replace(b"/Type", b"/#4AS(1)/Type"),
    "a PDF with a file in it": PAPER.replace(b"/Type", b"/EmbeddedFile/Type"),
    "half a JPEG": jpeg()[:200],
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_an_svg_with_a_script_a_zip_bomb_and_a_pdf_that_does_something_are_no_scans(name: str) -> None:
    with pytest.raises(ScanRefused):
        await checked_scan(HOSTILE[name])


async def test_what_is_too_large_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(ScanTooLarge):
        await checked_scan(PAPER + b" " * SCAN_MAX)


async def test_a_scan_is_kept_encrypted_and_read_by_the_office_only_which_is_noted(services: Services) -> None:
    family = await a_family(services)
    other = await a_family(services, "almaty6", "77")
    given = Answer(
        person_id=family.child_id, purpose=Purpose.CARD, says=Says.YES, on=family.today, way=Way.PAPER,
        source="form 12", guardian_id=family.mother_id,
    )  # fmt: skip
    await note_paper(services, family.office, given, await checked_scan(PAPER))
    pool = services.database.pool
    scan_id = await pool.fetchval("SELECT scan_id FROM consent_answer")

    found = await scan_of(services, family.office, family.ref, scan_id)

    assert (found.media, found.content) == (PDF, PAPER)
    assert PAPER not in bytes(await pool.fetchval("SELECT scan_encrypted FROM consent_scan"))
    assert await pool.fetchval("SELECT count(*) FROM audit_entry WHERE verb = 'consent.scan_read'") == 1
    for actor in (family.mother, family.father, other.office):
        with pytest.raises(NotAllowed):
            await scan_of(services, actor, family.ref, scan_id)
    with pytest.raises(NotFound):
        await scan_of(services, other.office, other.ref, scan_id)
