"""What was sold although something spoke against it is told in the reader's words, and so is the meal."""

from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

OVERRULE = """
INSERT INTO meal_override (school_id, sale, device, epoch, seq, rule, staff, why)
SELECT school_id, id, device, epoch, 900000 + seq, 'no_money', 'x', 'аш бала' FROM meal_sale
WHERE school_id = $1 AND payment = 'account'
"""


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def _overruled(site: Site) -> AsyncIterator[None]:
    """Let a rule have spoken against each sale from an account, and let no till have asked another."""
    pool, school_id = site.services.database.pool, site.sample.school_id
    await pool.execute(OVERRULE, school_id)
    before = await pool.fetch("SELECT id FROM meal_sale WHERE school_id = $1 AND NOT is_unconfirmed", school_id)
    await pool.execute("UPDATE meal_sale SET is_unconfirmed = true WHERE school_id = $1", school_id)
    yield
    await pool.execute("DELETE FROM meal_override WHERE school_id = $1 AND seq > 900000", school_id)
    await pool.execute(
        "UPDATE meal_sale SET is_unconfirmed = false WHERE school_id = $1 AND id = ANY($2)", school_id,
        [row["id"] for row in before],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "rule", "meal"),
    [("kk", "шотта ақша жетпейді: аш бала", "Түскі ас"), ("ru", "на счёте не хватает денег: аш бала", "Обед")],
)
async def test_rules_and_meals_are_told_in_the_readers_language(
    site: Site, language: str, rule: str, meal: str
) -> None:
    cookie = {"cookie": f"esik_session={site.sample.tokens['office']}; esik_language={language}", "accept": "text/html"}
    async with httpx2.AsyncClient(base_url=site.address, headers=cookie) as http:
        sold = await http.get("/schools/almaty15/sold?odd=overruled")
        outage = await http.get("/schools/almaty15/sold/outage")

    assert rule in sold.text
    assert f">{meal}</td>" in outage.text
    assert ">lunch<" not in outage.text
    assert "no_money" not in sold.text + outage.text
