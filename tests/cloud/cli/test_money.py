"""The commands of money: books that are checked and written out, and a cashbox whose keys are told to nobody."""

import asyncio
import subprocess
from pathlib import Path

import asyncpg
import pytest

from tests.cloud.cli.test_commands import NAMES, Cloud


@pytest.fixture(name="cloud")
def _cloud(database_url: str, tmp_path: Path) -> Cloud:
    cloud = Cloud(database_url, tmp_path / "data")
    cloud.run("key", "init")
    cloud.run("school", "add", "demo2026", *NAMES)
    return cloud


def test_the_books_are_checked_and_written_out_and_cash_gets_its_cashbox(cloud: Cloud, tmp_path: Path) -> None:
    journal, keys = tmp_path / "demo.journal", tmp_path / "keys"
    keys.write_text("school@example.kz\nhush-hush\nWKD-1\n")
    cashbox = ("cashbox", "--school", "demo2026", "--number", "SWK1", "--keys", str(keys))

    assert cloud.run("ledger", "check") == "the books of every school are whole\n"
    cloud.run("ledger", "journal", "--school", "demo2026", "--out", str(journal))
    given = cloud.run(*cashbox, "--url", "https://kassa.example/")
    plain = cloud.told(*cashbox, "--url", "http://kassa.example")
    keys.write_text("school@example.kz hush-hush")
    short = cloud.told(*cashbox, "--url", "https://kassa.example")

    assert subprocess.run(["hledger", "check", "--strict", "-f", journal], check=False).returncode == 0
    assert given == "demo2026 registers cash at SWK1\n"
    assert "https://" in plain
    assert "three lines" in short
    assert "hush" not in given + plain + short


def test_books_that_do_not_add_up_are_found_by_verify(cloud: Cloud, database_url: str) -> None:
    before = cloud.run("verify")
    asyncio.run(_forge(database_url))

    found = cloud.try_to("verify")

    assert "the books of every school" in before
    assert "books of demo2026: count entries is kept as 5 and adds up to 0 up to 0" in found.stdout
    assert found.returncode == 1


async def _forge(url: str) -> None:
    """Count entries that are not there."""
    connection = await asyncpg.connect(url)
    await connection.execute("INSERT INTO ledger_head (school_id, entries) SELECT id, 5 FROM school")
    await connection.close()
