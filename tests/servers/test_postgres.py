"""PostgreSQL serves copies of templates, survives a kill and leaves nothing behind."""

import asyncpg
import pytest

from tests.servers.postgres import Durability, Postgres, postgres
from tests.servers.process import ServerFailed


async def test_a_database_is_a_copy_of_its_template(postgres_server: Postgres) -> None:
    postgres_server.create("mould")
    postgres_server.sql("CREATE TABLE card (token text); INSERT INTO card VALUES ('a')", "mould")

    url = postgres_server.create("cast", template="mould")

    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT token FROM card") == "a"
    await connection.close()


async def test_an_empty_database_has_no_tables_of_ours(empty_database: str) -> None:
    connection = await asyncpg.connect(empty_database)

    count = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")

    assert count == 0
    await connection.close()


def test_what_was_committed_survives_a_kill() -> None:
    with postgres(Durability.FULL) as running:
        running.sql("CREATE TABLE tap (id int); INSERT INTO tap VALUES (1)")

        running.server.kill()
        running.server.start()

        assert running.sql("SELECT id FROM tap") == "1"
        assert running.sql("SHOW fsync") == "on"


def test_databases_are_made_before_and_after_a_kill() -> None:
    with postgres() as running:
        running.create("before")

        running.server.kill()
        running.server.start()

        running.create("after", template="before")
        assert running.sql("SELECT count(*) FROM pg_database WHERE datname IN ('before', 'after')") == "2"


def test_a_database_that_cannot_be_made_says_why_and_the_next_one_is_made(postgres_server: Postgres) -> None:
    with pytest.raises(ServerFailed, match="nowhere"):
        postgres_server.create("lost", template="nowhere")

    postgres_server.drop("found")
    assert postgres_server.create("found").endswith("/found")


def test_a_wrong_setting_is_told_from_the_servers_log() -> None:
    with pytest.raises(ServerFailed, match="no_such_setting"), postgres(settings=["no_such_setting=1"]):
        pass


def test_a_failed_statement_says_what_the_server_said(postgres_server: Postgres) -> None:
    with pytest.raises(ServerFailed, match="no_such_table"):
        postgres_server.sql("SELECT * FROM no_such_table")
