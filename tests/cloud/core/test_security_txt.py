"""Whom to tell of a weakness, as RFC 9116 has it."""

from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus

import pytest

from cloud.core.security_txt import PATH
from cloud.core.services import Services
from cloud.core.settings import Settings, SettingWrong
from tests.cloud.tokens.factory import program


async def test_the_contact_of_the_settings_is_told_to_everybody(services: Services) -> None:
    told = replace(services, settings=replace(services.settings, security_contact="mailto:it@school.kz"))
    async with program(told) as client:
        answer = await client.get(PATH)
    async with program(services) as client:
        without = await client.get(PATH)

    lines = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert (lines["Contact"], lines["Canonical"]) == ("mailto:it@school.kz", f"https://esik.test{PATH}")
    assert timedelta() < datetime.fromisoformat(lines["Expires"]) - services.clock.now() < timedelta(days=365)
    assert without.status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("contact", ["it@school.kz", "http://school.kz", "mailto:a\nExpires: never"])
def test_a_contact_that_is_no_address_is_refused_by_name(contact: str) -> None:
    with pytest.raises(SettingWrong, match="ESIK_SECURITY_CONTACT"):
        Settings.from_environment({"ESIK_SECURITY_CONTACT": contact})
