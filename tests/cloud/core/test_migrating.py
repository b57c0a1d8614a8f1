"""Migrations agree with the models, run once whoever runs them, and are checked before a program starts on them."""

import asyncio
from importlib import import_module
from itertools import pairwise

import pytest

from cloud.core.database import MIGRATIONS, Database, DatabaseUnreachable
from cloud.core.migrating import TablesOfAnotherVersion, check_version, differences, migrate, names
from tests.servers.process import free_port


async def test_the_models_have_nothing_that_the_migrations_lack() -> None:
    assert await differences() == []


def test_each_migration_stands_behind_the_one_before_it() -> None:
    """A backup is put back up to the migration that it names: tables of a branch beside it would be lacking."""
    for before, name in pairwise(names()):
        assert ("cloud", before) in import_module(f"{MIGRATIONS}.{name}").Migration.dependencies, name


async def test_migrating_twice_applies_everything_once(empty_database: str) -> None:
    assert await migrate(empty_database) == names()
    assert await migrate(empty_database) == []


async def test_two_that_migrate_at_once_do_not_meet(empty_database: str) -> None:
    applied = await asyncio.gather(*(migrate(empty_database) for _ in range(3)))

    assert sorted(applied, key=len) == [[], [], names()]


async def test_a_database_without_tables_is_refused_with_the_command_that_helps(empty_database: str) -> None:
    database = await Database.open(empty_database)
    try:
        with pytest.raises(TablesOfAnotherVersion, match="esik cloud migrate"):
            await check_version(database)
    finally:
        await database.close()


async def test_tables_of_a_newer_version_are_refused(database: Database) -> None:
    await database.pool.execute(
        "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('cloud', '9999_later', now())"
    )

    with pytest.raises(TablesOfAnotherVersion, match="9999_later"):
        await check_version(database)


async def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseUnreachable, match=r"database esik at 127\.0\.0\.1") as refused:
        await Database.open(f"postgres://esik:hush@127.0.0.1:{free_port()}/esik")

    assert "hush" not in str(refused.value)
