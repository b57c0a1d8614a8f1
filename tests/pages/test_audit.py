"""The page of who did what: by person, actor and period, in the reader's language, and as files without formulas."""

import csv
import io
import json

import httpx2
import pytest

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.integrity.anchor import opened
from cloud.integrity.anchoring import make_anchor
from cloud.integrity.keys import signing_key, trusted_keys
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]
PATH = "/schools/almaty15/audit"


async def got(site: Site, path: str, who: str, language: str = "en") -> httpx2.Response:
    cookie = {"cookie": f"esik_session={site.sample.tokens[who]}; esik_language={language}", "accept": "text/html"}
    async with httpx2.AsyncClient(base_url=site.address, headers=cookie) as http:
        return await http.get(path)


async def noted(site: Site, actor: str, subject: str) -> None:
    async with site.services.database.transaction() as connection:
        await audit(
            connection, Actor(actor), "card.blocked", subject, {"why": "=1+1"},
            school_id=site.sample.school_id, at=site.services.clock.now(),
        )  # fmt: skip


@pytest.mark.parametrize(("language", "words"), [("kk", "Карта бұғатталды"), ("ru", "Карта заблокирована")])
async def test_verbs_are_told_in_the_readers_language(site: Site, language: str, words: str) -> None:
    await noted(site, "Verb Reader", "card:0")

    page = await got(site, f"{PATH}?actor=Verb+Reader", "office", language)

    assert f">{words}</td>" in page.text
    assert ">card.blocked<" not in page.text


@pytest.mark.requirement("KZ456-5.13")
async def test_what_was_done_to_a_person_is_found_by_a_part_of_the_name(site: Site) -> None:
    row = await site.services.database.pool.fetchrow(
        "SELECT id, surname, given_name FROM person WHERE ref = $1", site.sample.child_ref
    )
    await noted(site, "Person Seeker", f"person:{row['id']}")

    by_name = await got(site, f"{PATH}?actor=Person+Seeker&person={row['surname']}+{row['given_name'][:3]}", "director")
    by_other = await got(site, f"{PATH}?actor=Person+Seeker&person=zzz", "director")

    assert f"{row['surname']} {row['given_name']}</a>" in by_name.text
    assert "Person Seeker</code>" not in by_other.text


@pytest.mark.parametrize("who", ["auditor", "operator"])
async def test_who_may_not_read_people_reads_no_name_and_finds_nobody_by_one(site: Site, who: str) -> None:
    row = await site.services.database.pool.fetchrow(
        "SELECT id, surname, ref FROM person WHERE ref = $1", site.sample.child_ref
    )
    await noted(site, "Name Seeker", f"person:{row['id']}")

    page = await got(site, f"{PATH}?actor=Name+Seeker", who)
    by_name = await got(site, f"{PATH}?actor=Name+Seeker&person={row['surname']}", who)
    by_ref = await got(site, f"{PATH}?actor=Name+Seeker&person={row['ref']}", who)
    lines = await got(site, f"{PATH}/entries.jsonl?actor=Name+Seeker", who)

    assert f"<code>person:{row['id']}</code>" in page.text
    assert f"<code>person:{row['id']}</code>" in by_ref.text
    assert f"<code>person:{row['id']}</code>" not in by_name.text
    assert not [each for each in (page, by_ref, lines) if row["surname"] in each.text]


async def test_files_hold_the_same_and_no_formula(site: Site) -> None:
    await noted(site, "=cmd|'/c calc'!A0", "card:1")

    as_csv = await got(site, f"{PATH}/entries.csv?actor=calc", "it")
    as_lines = await got(site, f"{PATH}/entries.jsonl?actor=calc", "it")

    (row,) = csv.DictReader(io.StringIO(as_csv.text.removeprefix("\ufeff")))
    (line,) = map(json.loads, as_lines.text.splitlines())
    assert (row["actor"], row["verb"]) == ("'=cmd|'/c calc'!A0", "card.blocked")
    assert (line["actor"], line["detail"]) == ("=cmd|'/c calc'!A0", {"why": "=1+1"})
    assert "attachment" in as_csv.headers["content-disposition"]
    exported = await got(site, f"{PATH}?verb=audit.exported", "office")
    assert "form=csv" in exported.text


@pytest.mark.parametrize(
    "query", ["since=x&until=2026-13-45", "account=99999999999999999999", "person=%25", "before=-1"]
)
async def test_what_cannot_be_read_is_ignored(site: Site, query: str) -> None:
    assert (await got(site, f"{PATH}?{query}", "office")).status_code == 200


@pytest.mark.requirement("KZ456-5.16")
async def test_the_school_takes_its_anchors_and_says_where_they_are_sent(site: Site) -> None:
    services, school_id = site.services, site.sample.school_id
    made = await make_anchor(services, signing_key(services.settings), school_id, "almaty15")
    assert made is not None

    taken = await got(site, f"{PATH}/anchors/{made.number}.anchor", "auditor")
    page = await got(site, f"{PATH}/anchors", "auditor")
    saved = await sent(site, "director", "office@school.kz")
    wrong = await sent(site, "director", "nobody")
    refused = await sent(site, "auditor", "thief@example.kz")

    assert opened(taken.content, trusted_keys(services.settings)) == made
    assert made.file_name in page.text
    assert (saved.status_code, wrong.status_code, refused.status_code) == (303, 422, 404)
    assert "office@school.kz" in (await got(site, f"{PATH}/anchors", "director")).text
    assert (await got(site, f"{PATH}/anchors/999.anchor", "director")).status_code == 404


async def sent(site: Site, who: str, email: str) -> httpx2.Response:
    headers = {"cookie": f"esik_session={site.sample.tokens[who]}", "accept": "text/html", "origin": site.address}
    async with httpx2.AsyncClient(base_url=site.address, headers=headers) as http:
        return await http.post(f"{PATH}/anchors/address", data={"email": email})
