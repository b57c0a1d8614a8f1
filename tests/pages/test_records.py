"""From a gate's record to an open page: taken in, projected, and shown with its date and time by itself."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Literal

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import expect

from cloud.attendance.projection import Attendance
from cloud.ingest.accepting import accept
from cloud.ingest.cursor import advance
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from schemas.structs import Decision, HandPass, Record
from tests.cloud.ingest.device import EPOCH, Device
from tests.cloud.ingest.rows import add_devices
from tests.pages.sample import NOW, SHARD
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

LIVE_MS = 10_000  # less than the 15 s after which a quiet line is heard of; how soon it is, `make bench` measures


class Line:
    """A gate whose records go the whole way: journal's chain, ingest, projection."""

    def __init__(self, site: Site) -> None:
        self.services = site.services
        self.device = Device("gate-line", school="almaty15", shard=SHARD)
        pool = site.services.database.pool
        self.store = PgStore(site.services.database.url, Senders(pool, site.services.vault, site.services.clock))
        self.projection = Attendance(site.services)

    async def send(self, *records: Record) -> None:
        """Send records, and let what reads them read them."""
        first = len(self.device.lines.get(EPOCH, [])) + 1
        self.device.write(*[msgspec.json.encode(record) for record in records])
        now_ms = wall_ms(NOW)
        message = self.device.batch(first, first + len(records) - 1)._replace(at_ms=now_ms)
        await accept([message], self.store, now_ms)
        while await advance(self.services.database.pool, self.projection, [SHARD]):
            pass


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="line")
async def _line(site: Site) -> AsyncIterator[Line]:
    line = Line(site)
    await add_devices(site.services.database.pool, site.services.vault, site.services.clock, line.device)
    yield line
    await line.store.close()


@pytest.mark.requirement("KZ456-33-1.11", part="account")
@pytest.mark.requirement("KZ456-33-1.10", part="students")
async def test_a_students_coming_and_going_are_on_the_parents_open_page_by_itself(site: Site, line: Line) -> None:
    page = await site.open("/", "father", width=390)
    child = page.locator("section.child")
    await expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live")
    await expect(child).to_contain_text("Has not arrived")

    await line.send(decision(site.sample.absent_ref, NOW - timedelta(minutes=12), "in"))

    await expect(child).to_contain_text("Arrived 08:08", timeout=LIVE_MS)
    await expect(child).to_contain_text("8 minutes late")
    await expect(page.get_by_role("main")).to_contain_text("Tuesday, September 1, 2026")
    await line.send(decision(site.sample.absent_ref, NOW - timedelta(seconds=30), "out"))
    await expect(child).to_contain_text("Left 08:19", timeout=LIVE_MS)
    for hour in ("08:08", "08:19"):
        await expect(child.locator(".day-steps .is-done", has_text=hour)).to_be_visible()


@pytest.mark.requirement("KZ456-33-1.10", part="staff")
async def test_a_member_of_staffs_coming_is_on_the_offices_page(site: Site, line: Line) -> None:
    page = await site.open("/schools/almaty15/office?role=staff", "office")
    row = page.locator("tr", has=page.locator(f"a[href$='{site.sample.staff_ref}']"))
    await expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live")
    await expect(row).to_contain_text("Not here")

    await line.send(decision(site.sample.staff_ref, NOW - timedelta(minutes=1), "in"))

    await expect(row).to_contain_text("Inside", timeout=LIVE_MS)
    await expect(row).to_contain_text("08:19")


async def test_a_card_that_the_gate_does_not_know_is_on_the_guards_page_by_itself(site: Site, line: Line) -> None:
    page = await site.open("/schools/almaty15/gate", "guard")
    await expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live")

    await line.send(stranger(NOW - timedelta(seconds=3)))

    first = page.locator(".taps li").first
    await expect(first).to_contain_text("Unknown card", timeout=LIVE_MS)
    await expect(first).to_contain_text("Refused")
    await expect(first).to_contain_text("08:19")


async def test_a_hand_pass_is_marked_without_card_and_an_old_record_as_delayed(site: Site, line: Line) -> None:
    await line.send(
        HandPass(
            monotonic_ms=1, wall_ms=wall_ms(NOW - timedelta(minutes=40)), clock="ntp", gate="north", direction="in",
            person=site.sample.absent_ref, staff=site.sample.staff_ref, reason="forgotten",
        )
    )  # fmt: skip

    page = await site.open(f"/children/{site.sample.absent_ref}", "father", width=390)
    first = page.locator(".day-line li").first

    await expect(first).to_contain_text("07:40")
    await expect(first).to_contain_text("Without card")
    await expect(first).to_contain_text("Delayed: known since 08:20")


def decision(ref: str, at: datetime, direction: Literal["in", "out"]) -> Decision:
    """Return the record of a card that the north gate let through."""
    return Decision(
        monotonic_ms=1, wall_ms=wall_ms(at), clock="ntp", gate="north", direction=direction, outcome="allowed",
        reason="ok", roster=1, person=ref,
    )  # fmt: skip


def stranger(at: datetime) -> Decision:
    """Return the record of a card that the north gate refused since nobody has it."""
    return Decision(
        monotonic_ms=1, wall_ms=wall_ms(at), clock="ntp", gate="north", direction="in", outcome="denied",
        reason="card_unknown", roster=1, token="f" * 24, medium="uid",
    )  # fmt: skip


def wall_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
