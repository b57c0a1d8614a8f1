"""The stranger's device under mutual TLS: its own broker is let in, somebody else's hears nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests.contract.stranger import bundle, stranger
from tests.edge_agent.sync.model import IDENTITY
from tests.edge_agent.sync.test_hub_tls import FAR, SecuredCloud
from tests.faults.test_wire import DAY, NOW, Ca, secured
from tests.servers.mosquitto import mosquitto

ACCESS = "user cloud\ntopic readwrite esik/v1/#\n" + "".join(
    f"pattern {way} esik/v1/+/+/%u/{channel}\n"
    for way, channels in (("write", ("rec", "hello", "state")), ("read", ("ack", "notice", "cmd")))
    for channel in channels
)


def secure_bundle(folder: Path, port: int, ca: Ca) -> dict[str, Any]:
    """Return the device's bundle with a certificate of this CA."""
    certificate, key = ca.issue(folder, IDENTITY.device, NOW - DAY, FAR)
    made = bundle(port)
    made["cloud"] |= {"mqtt_host": "localhost", "mqtt_tls": True}
    pems = {"ca_pem": ca.pem, "certificate_pem": certificate.read_text(), "key_pem": key.read_text()}
    return made | pems


async def test_its_records_are_committed_through_a_broker_that_wants_certificates(tmp_path: Path) -> None:
    ca = Ca("ours")
    (tmp_path / "acl").write_text(ACCESS)
    with mosquitto([*secured(tmp_path, ca, NOW - DAY, FAR), f"acl_file {tmp_path / 'acl'}"]) as server:
        made = secure_bundle(tmp_path, server.port, ca)
        async with (
            SecuredCloud(server.port, ca, tmp_path).running() as cloud,
            stranger(tmp_path / "journal", made) as device,
        ):
            device.tap()
            await device.until(lambda it: it.told("committed", upto=2), "both records to be committed")

            assert len(cloud.model.records) == 2


@pytest.mark.parametrize("place", ["cloud", "hub"])
async def test_a_broker_that_is_not_the_one_it_seeks_hears_nothing(tmp_path: Path, place: str) -> None:
    """The cloud of another CA, and under our own CA a hub whose certificate names another device."""
    ours = Ca("ours")
    theirs = Ca("theirs") if place == "cloud" else ours
    with mosquitto(secured(tmp_path, theirs, NOW - DAY, FAR)) as server:
        made = secure_bundle(tmp_path, server.port, ours)
        if place == "hub":
            there = {name: made["cloud"][name] for name in ("mqtt_host", "mqtt_port", "mqtt_tls")}
            made["hub"] = {"device": "gate-2", **there}
            made["cloud"]["mqtt_port"] = 9
        async with stranger(tmp_path / "journal", made) as device:
            await device.until(lambda it: it.told("trouble"), "a refusal")

            words = "gate-2's was expected" if place == "hub" else "certificate"
            assert words in device.told("trouble")[0]["text"]
            assert device.told("welcome") == []
