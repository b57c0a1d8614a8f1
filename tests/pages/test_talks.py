"""Talks and the board in a browser: opened, written live, moderated, announced and confirmed; also without scripts."""

import io
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, expect

from cloud.core.guarding import UPLOAD_MAX
from tests.cloud.core.pictures import picture
from tests.pages.asking import ask
from tests.pages.site import Site
from tests.pages.talk_sample import PDF

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SCHOOL = "/schools/almaty15"
CHAT, PARENTS, TOPIC = "/talks/4", "/talks/3", "/talks/1"  # of 1А, of its parents, of the forum
LIVE_MS = 10_000
BIG = 2 * 1024**3
PART = b'--part\r\nContent-Disposition: form-data; name="words"\r\n\r\n%s\r\n--part--\r\n'


async def say(page: Page, words: str) -> None:
    await page.get_by_label("Text").fill(words)
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".talk > li").last).to_contain_text(words)


@pytest.mark.requirement("KZ456-27.16", part="chats")
@pytest.mark.requirement("KZ456-27.10", part="chats")
async def test_what_a_teacher_writes_is_on_a_parents_open_page_by_itself_and_is_answered(site: Site) -> None:
    parent = await site.open(PARENTS, "guardian", width=390)
    await expect(parent.locator("[data-live-state]")).to_have_attribute("data-state", "live")
    await send(site, PARENTS, "class_teacher", "Bring water on Friday")

    await expect(parent.locator(".talk > li").last).to_contain_text("Bring water on Friday", timeout=LIVE_MS)
    await parent.locator(".talk > li").last.get_by_role("link", name="Reply").click()
    await expect(parent.locator("#write")).to_contain_text("Bring water on Friday")
    await say(parent, "How much?")

    await expect(parent.locator(".talk > li").last.locator(".talk-quote")).to_contain_text("Bring water on Friday")
    page = await site.open("/talks", "class_teacher", width=390)
    await expect(page.locator("#count-talks")).to_contain_text("unread")
    await page.goto(site.address + PARENTS)
    await expect(page.get_by_role("main")).to_contain_text("How much?")
    page = await site.open(PARENTS, "student")
    await expect(page.locator("#outcome")).to_be_visible()


async def test_without_a_script_a_talk_is_a_form_with_a_photo_and_a_paper(site: Site, tmp_path: Path) -> None:
    page = await site.open(TOPIC, "guardian", width=390, script=False)
    await page.get_by_label("Text").fill("<script>document.title='hacked'</script>\n<b>bold</b>")
    await page.get_by_label("Photos or PDF").set_input_files(
        [FilePayload(name="board.jpg", mimeType="image/jpeg", buffer=picture()),
         FilePayload(name="plan.pdf", mimeType="application/pdf", buffer=PDF)]
    )  # fmt: skip
    await page.get_by_role("button", name="Send").click()

    last = page.locator(".talk > li").last
    await expect(last).to_contain_text("<script>document.title='hacked'</script>")
    await expect(last.locator("b", has_text="bold")).to_have_count(0)
    shown = last.get_by_role("img", name="board.jpg")
    await shown.scroll_into_view_if_needed()
    await expect(shown).to_have_js_property("complete", True)
    async with page.expect_download() as loading:
        await last.get_by_role("link", name="plan.pdf").click()
    kept = tmp_path / "plan.pdf"
    await (await loading.value).save_as(kept)
    assert kept.read_bytes() == PDF


@pytest.mark.requirement("KZ456-27.16", part="forum")
async def test_a_student_begins_a_topic_and_edits_a_post_and_everybody_sees_that_it_was(site: Site) -> None:
    page = await site.open("/talks", "student", width=390)
    await page.get_by_role("link", name="Questions about lessons").click()
    await page.get_by_label("What it is about").fill("Physics")
    await page.get_by_label("Text").fill("Who knows")
    await page.get_by_role("button", name="Begin", exact=True).click()
    await expect(page.locator("h1")).to_have_text("Physics")
    mine = page.url.removeprefix(site.address)
    await page.get_by_role("link", name="More").last.click()
    await page.get_by_label("Text").fill("Who knows it?")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_role("main")).to_contain_text("Who knows it?")

    page = await site.open(mine, "guardian")
    post = page.locator(".talk > li").last
    await expect(post).to_contain_text("edited")
    await post.get_by_role("link", name="More").click()
    await expect(page.get_by_role("heading", name="Moderate")).to_have_count(0)
    await expect(page.locator("form[action$='/delete']")).to_have_count(0)


async def test_a_post_is_reported_hidden_and_its_author_muted_and_told_why(site: Site) -> None:
    await send(site, TOPIC, "student", "Something rude")
    page = await site.open(TOPIC, "guardian", width=390)
    post = page.locator(".talk > li", has_text="Something rude")
    await post.get_by_role("link", name="More").click()
    await page.get_by_label("What is wrong with it").fill("It is rude")
    await page.get_by_role("button", name="Report it").click()
    await page.get_by_label("What is wrong with it").fill("It is rude")
    await page.get_by_role("button", name="Report it").click()
    await expect(page.get_by_role("alert")).to_contain_text("already")

    page = await site.open(f"{SCHOOL}/talks/reports", "pedagogue", width=390)
    await page.get_by_role("article").filter(has_text="It is rude").get_by_role("link", name="Decide").click()
    await expect(page.get_by_role("main")).to_contain_text("Reported by")
    await expect(page.get_by_role("button", name="Report it")).to_have_count(0)
    await page.get_by_label("Reason (the author will see it)").fill("Be polite")
    await page.get_by_role("button", name="Hide the post").click()
    await expect(page.get_by_role("main")).to_contain_text("Hidden by")
    await page.get_by_label("Reason (whoever is muted").fill("Second time")
    await page.get_by_role("button", name="Do not let").click()
    await expect(page.get_by_role("main")).to_contain_text("Hidden by")

    page = await site.open(TOPIC, "student")
    await expect(page.get_by_role("main")).to_contain_text("Be polite")
    await expect(page.get_by_role("main")).not_to_contain_text("Something rude")
    await expect(page.locator("#write")).to_contain_text("Second time")
    await expect(page.get_by_role("button", name="Send")).to_have_count(0)
    await expect(page.get_by_role("link", name="More").first).to_be_visible()
    await expect(page.get_by_role("link", name="Reply")).to_have_count(0)
    page = await site.open(f"{SCHOOL}/talks/reports", "deputy")
    muted = page.locator("section", has_text="Who may not write now").get_by_role("button")
    while await muted.count():
        before = await muted.count()
        await muted.first.click()
        await expect(muted).to_have_count(before - 1)
    page = await site.open(TOPIC, "student")
    await say(page, "I am sorry")


async def test_a_class_teacher_turns_the_switch_and_an_archive_is_taken_out_by_the_heads_alone(
    site: Site, tmp_path: Path
) -> None:
    page = await site.open(CHAT, "class_teacher", width=390)
    await page.get_by_text("Read only, quiet hours, closing").click()
    await page.get_by_label("Read only: who leads").check()
    await page.get_by_role("button", name="Keep").click()
    await page.get_by_text("Read only, quiet hours, closing").click()
    await expect(page.get_by_label("Read only: who leads")).to_be_checked()
    page = await site.open(CHAT, "student")
    await expect(page.get_by_role("button", name="Send")).to_have_count(0)
    page = await site.open(CHAT, "class_teacher")
    await page.get_by_text("Who reads and moderates here").click()
    await expect(page.get_by_role("link", name="Take this talk out")).to_have_count(0)

    page = await site.open(f"{SCHOOL}/talks", "deputy")
    async with page.expect_download() as loading:
        await page.locator(f"a[href='{SCHOOL}{CHAT}/archive.zip']").click()
    kept = tmp_path / "talk.zip"
    await (await loading.value).save_as(kept)
    archive = zipfile.ZipFile(io.BytesIO(kept.read_bytes()))
    assert {"talk.html", "talk.json"} <= set(archive.namelist())
    assert "Артық сөз" in archive.read("talk.html").decode()


async def test_search_leads_to_the_post(site: Site) -> None:
    page = await site.open("/talks", "guardian", width=390)
    await page.get_by_label("Look in my chats").fill("кеше шығардық")
    await page.get_by_role("button", name="Search").click()

    await page.locator("section", has_text="Found").get_by_role("link").first.click()
    await expect(page.locator(".talk > li:target")).to_contain_text("кеше шығардық")


@pytest.mark.requirement("KZ456-27.16", part="announcements")
async def test_an_announcement_stands_on_first_pages_until_it_is_confirmed_and_who_posted_sees_it(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/announcements/new", "deputy", width=390)
    await page.get_by_label("Heading In English").fill("Fire drill")
    await page.get_by_label("Text In English").fill("On Monday at ten.")
    await page.get_by_label("Readers confirm").check()
    await page.get_by_label("Files, PDF or JPEG").set_input_files(
        {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    await page.get_by_role("button", name="Put it on the board").click()
    await expect(page.locator(".page-head")).to_contain_text("Shown now")
    mine = page.url.removeprefix(site.address)

    for who, first in (("student", "/"), ("class_teacher", f"{SCHOOL}/morning/1"), ("office", f"{SCHOOL}/office")):
        page = await site.open(first, who)
        await expect(page.get_by_role("region", name="Announcements")).to_contain_text("Fire drill")
    page = await site.open("/", "guardian", width=390)
    await page.get_by_role("link", name="Fire drill").click()
    await expect(page.get_by_role("link", name="plan.pdf")).to_be_visible()
    await page.get_by_role("button", name="I have read it").click()
    await expect(page.get_by_role("main")).to_contain_text("You have confirmed it")
    page = await site.open("/", "guardian")
    await expect(page.get_by_role("link", name="Fire drill")).to_have_count(0)

    page = await site.open(mine, "deputy")
    await expect(page.locator("section", has_text="Who has confirmed it")).to_contain_text("have confirmed")
    await page.get_by_role("button", name="Take it off the board").click()
    await expect(page.locator(".page-head")).to_contain_text("Taken off the board")
    await page.get_by_role("link", name="Posted announcements").click()
    signs = await page.get_by_role("article").locator(".badge-of").all_inner_texts()
    assert signs.index("Taken off the board") > signs.index("Shown now")
    assert await ask(site.app, "GET", f"/announcements/{mine.rpartition('/')[2]}", site.sample.tokens["student"]) == 404


async def test_a_stranger_finds_no_talk_posting_or_file_of_another_school(site: Site) -> None:
    for path in (TOPIC, f"{TOPIC}/posts/1", f"{TOPIC}/files/1", f"{TOPIC}/live", CHAT, "/talks/sections/1",
                 "/announcements/1", "/announcements/1/files/1"):  # fmt: skip
        for who in ("stranger", "elsewhere", "childless"):
            assert await ask(site.app, "GET", path, site.sample.tokens[who]) == 404, (path, who)
    for path in (TOPIC, f"{TOPIC}/posts/1/hide", f"{TOPIC}/posts/1/edit", "/talks/sections/1",
                 "/announcements/1/confirm"):  # fmt: skip
        for who in ("stranger", "elsewhere"):
            form = {"words": "x", "reason": "x", "title": "x"}
            assert await ask(site.app, "POST", path, site.sample.tokens[who], form) in {403, 404}, (path, who)


@pytest.mark.parametrize(
    ("length", "body", "status"),
    [(BIG, b"", 413), (UPLOAD_MAX + 1, b"", 413), (None, PART % (b"a" * 1_000_000), 422)],
    ids=["two gigabytes", "a file too big", "a post of a megabyte"],
)  # fmt: skip
async def test_what_is_too_big_is_refused_before_it_is_kept(
    site: Site, length: int | None, body: bytes, status: int
) -> None:
    before = await site.services.database.pool.fetchval("SELECT count(*) FROM talk_post")

    assert await sent(site, TOPIC, body, length) == status

    assert await site.services.database.pool.fetchval("SELECT count(*) FROM talk_post") == before


async def send(site: Site, path: str, who: str, words: str) -> None:
    """Write a post beside the window that is open."""
    assert await ask(site.app, "POST", path, site.sample.tokens[who], {"words": words}) == 303


async def sent(site: Site, path: str, body: bytes, length: int | None) -> int:
    """Return how a form is answered that says to be so long."""
    answered: list[int] = []
    head = {
        "host": "school.test", "origin": "http://school.test", "accept": "text/html",
        "content-type": "multipart/form-data; boundary=part", "content-length": str(length or len(body)),
        "cookie": f"esik_session={site.sample.tokens['student']}",
    }  # fmt: skip
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "client": ("127.0.0.1", 40_000), "server": ("school.test", 80),
        "headers": [(name.encode(), value.encode()) for name, value in head.items()],
    }  # fmt: skip
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, object]:
        return parts.pop() if parts else {"type": "http.disconnect"}

    async def send_back(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            answered.append(int(str(message["status"])))

    await site.app(scope, receive, send_back)  # type: ignore[arg-type]
    return answered[0]
