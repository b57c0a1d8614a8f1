"""A broker with a wrong certificate is found by a real handshake, and the operator is told with what to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.core.settings import Edition
from cloud.monitoring import troubles
from cloud.monitoring.kinds import Kind
from tests.cloud.monitoring.factory import Watched, told_by_mail
from tests.faults.test_wire import DAY, Ca, secured
from tests.servers.mosquitto import mosquitto

NOW = SystemClock().now()  # certificates are judged by the machine's own time
BROKER = {Kind.BROKER_CERTIFICATE, Kind.BROKER_CERTIFICATE_ENDING, Kind.BROKER_LOST}


@pytest.mark.parametrize(
    ("is_ours", "days", "kind", "told"),
    [
        (False, 3650, Kind.BROKER_CERTIFICATE, "certificate"),
        (True, -1, Kind.BROKER_CERTIFICATE, "certificate has expired"),
        (True, 3650, None, ""),
    ],
    ids=["of another authority", "ended", "right"],
)
async def test_a_wrong_certificate_of_the_broker_is_told_and_a_right_one_is_not(
    services: Services, tmp_path: Path, *, is_ours: bool, days: int, kind: Kind | None, told: str
) -> None:
    ours, theirs = Ca("ours"), Ca("theirs")
    certificate, key = ours.issue(tmp_path, "ingest", NOW - DAY, NOW + 30 * DAY)
    (tmp_path / "root.pem").write_text(ours.pem)
    shown = secured(tmp_path, ours if is_ours else theirs, NOW - 400 * DAY, NOW + days * DAY)
    with mosquitto(shown) as server:
        settings = replace(
            services.settings, edition=Edition.SERVER, mqtt_url=f"mqtts://localhost:{server.port}",
            mqtt_ca=tmp_path / "root.pem", mqtt_certificate=certificate, mqtt_key=key,
        )  # fmt: skip
        async with told_by_mail(replace(services, settings=settings)) as (at, mailbox):
            await Watched(at).watch().look()

            found = [each for each in await troubles.open_troubles(at.database.pool) if each.kind in BROKER]
            letters = [each.get_content() for each in mailbox.letters if "roker" in each["Subject"]]

    assert [each.kind for each in found] == ([kind] if kind else [])
    if kind is not None:
        assert told in found[0].detail
        assert "docs/runbooks.md#broker_certificate" in letters[0]
