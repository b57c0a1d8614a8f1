"""A school with accounts on a fresh database, and the application on it."""

import json
from functools import cache

import pytest
from fastapi import FastAPI

from cloud.app import create_app
from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.signon import keys
from tests.cloud.signon.factory import School

_apps: list[FastAPI] = []
_made = cache(keys._make)  # one key for all tests of a run: making one takes longer than a test


@pytest.fixture(name="school")
async def _school(services: Services) -> School:
    """Open a school, with a signing key at hand."""
    key = _made()
    sealed = services.vault.encrypt_bytes(key.private, keys.CONTEXT)
    await services.database.pool.execute(keys._ADD, key.kid, sealed, json.dumps(key.public), SystemClock().now())
    return await School(services).open()


@pytest.fixture(name="app")
def _app(services: Services) -> FastAPI:
    """Put the application, which is made once a run, on the test's own services."""
    if not _apps:
        _apps.append(create_app(services))
    _apps[0].state.services = services
    return _apps[0]
