"""The report of attendance from the gate to the authority's account: made on the 1st, signed, given, verified, anew."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta

import openpyxl
import pypdfium2
import pytest

from cloud.core.actor import Role
from cloud.core.services import Services
from cloud.organisation.tree import Level, NewNode, add_node, give_role_at_node, place_school
from cloud.reports.attendance import ATTENDANCE
from cloud.reports.checking import check
from cloud.reports.content import digest_of
from cloud.reports.months import Month
from simulators.clock import SimulatedClock
from tests.cloud.organisation.factory import an_account, begin_session
from tests.cloud.reports.attending import STAFF, at, by_hand, came, in_class, tapped
from tests.cloud.reports.factory import FIRST, MONTH, School
from tests.cloud.reports.sample import days
from tests.cloud.reports.test_sending import Mailbox, listening
from tests.cloud.reports.test_whole_way import FOURTH, NIGHT, PAGE, browsing, form_of, jump, session_of, turn
from tests.cloud.schools.factory import SYSTEM

SEPTEMBER = Month.parse(MONTH)
LIST = f"{PAGE}?subject=attendance"
STANDINGS = f"/api/v1/reports?month={MONTH}"


async def _authority(services: Services, school: School) -> str:
    """Put the school below an authority that has an account; return the token of its session."""
    await add_node(services, SYSTEM, NewNode("kz", Level.NATIONAL, "Министрлік", "Министерство", "Ministry"))
    await place_school(services, SYSTEM, school.school_id, "kz")
    account = await an_account(services, "authority")
    await give_role_at_node(services, SYSTEM, account, Role.AUTHORITY, "kz")
    await begin_session(services, account)
    return f"token-of-{account}"


@pytest.mark.requirement("KZ456-33-1.12")
async def test_what_gates_told_in_a_month_is_in_the_authoritys_account_by_the_5th_and_can_be_made_anew(
    services: Services, clock: SimulatedClock
) -> None:
    await turn(services)
    school = await School.begun(services)
    await in_class(services, school)
    aliya, bolat, _ = school.refs
    for on in days(SEPTEMBER):
        await came(school, aliya, on)
        await came(school, STAFF, on, "07:30:00", "17:00:00")
    await came(school, bolat, FIRST, "08:14:00")
    await school.told(at(FIRST + timedelta(days=1), "07:58:00"), by_hand(bolat), tapped(bolat, "out"))
    await school.projected()
    jump(clock, NIGHT)
    await turn(services)
    jump(clock, FOURTH)
    token = await _authority(services, school)
    director = await session_of(services, Role.DIRECTOR, school.school_id, "Бақыт Оразов")

    async with browsing(services, director) as page:
        listed = await page.get(LIST)
        address = re.findall(rf"{PAGE}/\d+", listed.text)[0]
        opened = await page.get(f"{address}?of=5А")
        typed = {"kind": "students", "class_name": "5А", "came": "1", "not_seen": "-1", "reason": "Мұражайда болды"}
        corrected = await page.post(f"{address}/correct", data=typed | form_of(opened.text))
        seen = re.findall(r'name="seen" value="([^"]+)"', corrected.text)[0]
        signed = await page.post(f"{address}/sign", data={"seen": seen})
        given = await page.post(f"{address}/account")
    async with browsing(services, token) as page:
        overview = await page.get(f"/region/reports?subject=attendance&month={MONTH}")
        (standing,) = (await page.get(STANDINGS)).json()["schools"]
        api = f"/api/v1/schools/almaty5/reports/{standing['report']}/file"
        files = {form: (await page.get(f"{api}.{form}?language=en")).content for form in ("pdf", "xlsx", "csv", "json")}
        verified = await page.get(f"/reports/{digest_of(files['json'])}")

    assert "is due on 05.10.2026" in listed.text
    assert "Let through by the guard, without a card" in opened.text
    assert [each.status_code for each in (listed, opened, corrected, signed, given, overview)] == [200] * 6
    assert "Send to the authority" in signed.text
    assert (standing["school"], standing["state"], standing["way"]) == ("almaty5", "came", "account")
    assert "Came in time" in overview.text
    document = ATTENDANCE.document_kept(files["json"])
    assert (document.content.school.code, document.content.month, document.content.report) == (
        "almaty5", MONTH, "attendance",
    )  # fmt: skip
    assert (document.content.totals.students.people, document.content.totals.staff.people) == (3, 1)
    assert document.corrected.students.heads.came == 22 + 2 + 1
    rows = list(csv.DictReader(io.StringIO(files["csv"].decode("utf-8-sig"))))
    first = next(row for row in rows if row["Person"] == bolat)
    assert (first["Day"], first["Arrived"], first["Left"], first["Minutes late"]) == (
        "2026-09-01", "08:14:00", "13:40:00", "14",
    )  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]), read_only=True)
    assert book["Arrivals and departures"].max_row == len(rows) + 1 == 1 + 22 * 2 + 2
    assert "Report of attendance" in text_of(files["pdf"])
    assert digest_of(files["json"]) in text_of(files["pdf"])
    assert (b"pdfaid:part>3<" in files["pdf"], "Report of attendance" in verified.text) == (True, True)
    checked = await check(services, SYSTEM, "almaty5", SEPTEMBER, ATTENDANCE)
    assert [each.wrong for each in checked] == [""]
    await school.close()


async def test_a_signed_report_of_attendance_goes_by_e_mail_with_its_files(
    services: Services, clock: SimulatedClock
) -> None:
    mailbox = Mailbox()
    async with listening(mailbox) as post:
        url = f"smtp://127.0.0.1:{post.server.port}"
        services = replace(services, settings=replace(services.settings, smtp_url=url, smtp_from="esik@example.kz"))
        await turn(services)
        school = await School.begun(services)
        await in_class(services, school)
        await came(school, school.refs[0], FIRST)
        await school.projected()
        jump(clock, NIGHT)
        await turn(services)
        director = await session_of(services, Role.DIRECTOR, school.school_id, "Бақыт Оразов")

        async with browsing(services, director) as page:
            address = re.findall(rf"{PAGE}/\d+", (await page.get(LIST)).text)[0]
            seen = re.findall(r'name="seen" value="([^"]+)"', (await page.get(address)).text)[0]
            signed = await page.post(f"{address}/sign", data={"seen": seen})
            typed = {"address": "balalar@example.kz", "language": "ru"} | form_of(signed.text)
            await page.post(f"{address}/send", data=typed)
        await turn(services)

    (letter,) = mailbox.letters
    files = [str(each.get_filename()) for each in letter.iter_attachments()]
    start = f"almaty5-attendance-{MONTH}"
    assert sorted(files) == [f"{start}-ru.pdf", f"{start}-ru.xlsx", f"{start}.json"]
    assert "Отчёт о посещаемости" in str(letter["subject"])
    await school.close()


def text_of(pdf: bytes) -> str:
    """Return the words of a PDF, as PDFium reads them, without the breaks of lines."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "".join(page.get_textpage().get_text_bounded() for page in document).replace("\r\n", "")
    finally:
        document.close()
