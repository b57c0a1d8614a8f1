"""Enrolling over the device API: one code makes one device, whoever asks, however often, and whatever they send."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import FastAPI
from structlog.testing import capture_logs

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate, add_gate, devices_of, register, retire, revoke
from cloud.devices.ca import init
from cloud.devices.enrolment_errors import CodesUnsafe, CodeTooLong, InvitationOver
from cloud.devices.errors import GateUnknown
from cloud.devices.invitations import (
    KEPT,
    LASTS,
    Invited,
    Wanted,
    cancel_invitation,
    forget_invitations,
    invitations_of,
    invite,
)
from cloud.devices.registry import find, revoked_certificates
from cloud.rosters import enrol_api
from cloud.rosters.enrol_api import BODY_BYTES_MAX
from cloud.rosters.enrolling import STRANGER
from cloud.rosters.renewing import ISSUED_MAX
from schemas.enrolment import CA_PATH, CODE_MAX, PATH, Code, pin_of
from schemas.requests import DEVICE, NONCE, SIGNATURE, TIME, answer_headers, headers
from simulators.clock import SimulatedClock
from tests.cloud.rosters.test_renewing import Key, csr
from tests.cloud.schools.factory import SYSTEM, a_school

NAME = "almaty5-main"
PEM = "-----BEGIN PRIVATE KEY-----"
GATES = [NewGate("main", "Қақпа", "Вход", "Gate"), NewGate("yard", "Аула", "Двор", "Yard")]
BUNDLE = json.loads(Path("schemas/documents/bundle.schema.json").read_text())
REQUEST = json.loads(Path("schemas/documents/enrolment.schema.json").read_text())


def a_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(slots=True)
class Newcomer:
    """A device without a bundle that was given a code, and believes no answer that is not signed with it."""

    client: httpx2.AsyncClient
    code: Code
    key: Key = field(default_factory=a_key)
    nonces: int = 0

    def body(self, **changes: object) -> bytes:
        told: dict[str, object] = {
            "version": 1, "device": self.code.device, "school": self.code.school,
            "csr_pem": csr(self.key, self.code.device).decode(), "kind": "agent", "firmware": "0.1.0", "board": "test",
        }  # fmt: skip
        jsonschema.validate(told, REQUEST)
        return json.dumps({**told, **changes}).encode()

    def signed(self, body: bytes) -> dict[str, str]:
        self.nonces += 1
        return headers(self.code.request_key, self.code.invitation, "POST", PATH, f"{self.nonces:016x}", 0, body)

    async def ask(self, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
        """Ask, and return the status and what was told: the bundle, opened, or the refusal."""
        content = self.body() if body is None else body
        sent = self.signed(content)
        answer = await self.client.post(PATH, content=content, headers=sent)
        assert self.code.token.hex().encode() not in content + str(sent).encode()
        if SIGNATURE in answer.headers:
            wanted = answer_headers(
                self.code.request_key, answer.status_code, sent[NONCE], int(answer.headers[TIME]), answer.content
            )
            assert {name: answer.headers[name] for name in wanted} == wanted
        if answer.status_code != 200:
            return answer.status_code, answer.json()
        opened = AESGCM(self.code.answer_key).decrypt(
            answer.content[:12], answer.content[12:], sent[SIGNATURE].encode()
        )
        return 200, json.loads(opened)


@dataclass(slots=True)
class Cloud:
    """A school with two doors, and the device API."""

    services: Services
    clock: SimulatedClock
    client: httpx2.AsyncClient
    school_id: int

    async def invite(self, *gates: str, **wanted: Any) -> Invited:
        return await invite(self.services, SYSTEM, self.school_id, Wanted(gates or ("main",), **wanted))

    async def newcomer(self, *gates: str) -> Newcomer:
        return Newcomer(self.client, (await self.invite(*gates)).code)

    async def alarms(self) -> list[tuple[object, ...]]:
        rows = await self.services.database.pool.fetch("SELECT school_id, device, kind, count FROM alarm ORDER BY id")
        return [tuple(row) for row in rows]

    async def serving(self) -> dict[str, str]:
        """Return which device serves each gate."""
        rows = await self.services.database.pool.fetch(
            "SELECT key, device.name FROM gate JOIN device ON device.id = device_id ORDER BY key"
        )
        return dict(rows)

    async def active(self) -> list[str]:
        found = await devices_of(self.services, SYSTEM, "almaty5")
        return [device.name for device in found if device.state.value == "active"]


@pytest.fixture(name="cloud")
async def _cloud(services: Services, clock: SimulatedClock) -> AsyncIterator[Cloud]:
    settings = replace(services.settings, device_mqtt_url="mqtts://broker.test:8883")
    services = replace(services, settings=settings)
    school_id = await a_school(services)
    for gate in GATES:
        await add_gate(services, SYSTEM, school_id, gate)
    init(services.settings.data / "ca", services.vault, clock.now())
    app = FastAPI()
    app.state.services = services
    app.include_router(enrol_api.router)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="https://esik.test") as client:
        yield Cloud(services, clock, client, school_id)


async def test_a_code_brings_a_bundle_without_a_private_key_and_the_device_serves_its_door(cloud: Cloud) -> None:
    newcomer = await cloud.newcomer("main")

    status, bundle = await newcomer.ask()

    assert status == 200
    jsonschema.validate({**bundle, "key_pem": PEM}, BUNDLE)
    assert (bundle["device"], bundle["school"], bundle["key_pem"]) == (NAME, "almaty5", None)
    leaf, intermediate = x509.load_pem_x509_certificates(bundle["certificate_pem"].encode())
    leaf.verify_directly_issued_by(intermediate)
    assert leaf.public_key() == newcomer.key.public_key()
    found = (await find(cloud.services.database.pool, cloud.services.vault, [NAME]))[0]
    assert (found.secret.hex(), found.is_revoked) == (bundle["secret"], False)
    assert await cloud.serving() == {"main": NAME}
    assert await cloud.services.database.pool.fetchval("SELECT firmware FROM device") == "0.1.0"
    assert await cloud.services.database.pool.fetchval("SELECT count(*) FROM roster_version") == 1


async def test_the_root_is_given_to_anybody_and_fits_the_codes_pin(cloud: Cloud) -> None:
    invited = await cloud.invite()

    answer = await cloud.client.get(CA_PATH)

    root = x509.load_pem_x509_certificate(answer.content)
    assert pin_of(root.public_bytes(Encoding.DER)) == invited.code.pin


async def test_of_two_devices_that_race_for_a_code_one_gets_it_and_the_other_raises_an_alarm(cloud: Cloud) -> None:
    first = await cloud.newcomer()
    second = Newcomer(cloud.client, first.code)

    answers = await asyncio.gather(first.ask(), second.ask(), Newcomer(cloud.client, first.code).ask())

    assert sorted(status for status, _ in answers) == [200, 409, 409]
    assert {told["code"] for status, told in answers if status == 409} == {"code_used"}
    assert await cloud.active() == [NAME]
    assert await cloud.alarms() == [(cloud.school_id, NAME, "code_used", 2)]


async def test_a_lost_answer_is_asked_for_again_with_the_same_key_until_the_codes_day_is_over(cloud: Cloud) -> None:
    newcomer = await cloud.newcomer()
    _, first = await newcomer.ask()
    cloud.clock.advance(3_600)

    status, again = await newcomer.ask()

    assert (status, again["secret"], again["device"]) == (200, first["secret"], NAME)
    assert await cloud.active() == [NAME]
    assert await cloud.alarms() == []
    cloud.clock.advance(LASTS.total_seconds())
    assert (await newcomer.ask())[1]["code"] == "code_expired"


async def test_asking_again_and_again_ends_and_after_a_revocation_at_once(cloud: Cloud) -> None:
    newcomer = await cloud.newcomer()
    statuses = [(await newcomer.ask())[0] for _ in range(ISSUED_MAX + 1)]

    assert statuses == [200] * ISSUED_MAX + [429]
    await revoke(cloud.services, SYSTEM, NAME)
    assert (await newcomer.ask())[1]["code"] == "device_revoked"


@pytest.mark.parametrize("why", ["code_expired", "code_cancelled", "code_unknown", "code_forged", "code_foreign"])
async def test_fault_41_a_code_that_is_worth_nothing_is_refused_said_why_and_an_alarm(cloud: Cloud, why: str) -> None:
    newcomer, body = await cloud.newcomer(), None
    match why:
        case "code_expired":
            cloud.clock.advance(LASTS.total_seconds())
        case "code_cancelled":
            await cancel_invitation(cloud.services, SYSTEM, cloud.school_id, newcomer.code.invitation)
        case "code_unknown":
            newcomer.code.token = bytes(16)
        case "code_forged":
            await cloud.services.database.pool.execute(
                "UPDATE invitation SET id = $1", Newcomer(cloud.client, replaced(newcomer.code)).code.invitation
            )
            newcomer.code = replaced(newcomer.code)
        case _:
            await a_school(cloud.services, "almaty6")
            body = newcomer.body(school="almaty6")

    status, told = await newcomer.ask(body)

    assert (status in {403, 410}, told["code"]) == (True, why)
    assert await cloud.active() == []
    whose = (None, STRANGER) if why == "code_unknown" else (cloud.school_id, NAME)
    assert await cloud.alarms() == [(*whose, why, 1)]


def replaced(code: Code) -> Code:
    """Return the code with another token."""
    return Code(code.url, code.pin, code.school, code.gates, code.device, bytes(range(16)))


async def test_a_newer_code_for_a_door_ends_the_older_one(cloud: Cloud) -> None:
    older = await cloud.newcomer("main", "yard")
    newer = await cloud.newcomer("yard")

    assert (await older.ask())[1]["code"] == "code_cancelled"
    assert (await newer.ask())[1]["device"] == "almaty5-yard"


async def test_who_scans_a_new_code_takes_the_old_devices_place_under_a_new_name_and_the_old_one_is_out_at_once(
    cloud: Cloud,
) -> None:
    old = await cloud.newcomer("main", "yard")
    _, before = await old.ask()
    invited = await cloud.invite("main")

    status, bundle = await Newcomer(cloud.client, invited.code).ask()

    assert invited.replaces == [NAME]
    assert (status, bundle["device"]) == (200, f"{NAME}-2")
    assert bundle["secret"] != before["secret"]
    assert await cloud.active() == [f"{NAME}-2"]
    assert await cloud.serving() == {"main": f"{NAME}-2", "yard": f"{NAME}-2"}
    leaf = x509.load_pem_x509_certificates(before["certificate_pem"].encode())[0]
    serials = await revoked_certificates(cloud.services.database.pool, cloud.clock.now())
    assert serials == {f"{leaf.serial_number:x}"}
    verbs = await cloud.services.database.pool.fetch("SELECT verb, subject FROM audit_entry ORDER BY id")
    assert [tuple(row) for row in verbs][-3:] == [
        ("device.invited", f"device:{NAME}-2"), ("device.revoked", f"device:{NAME}"),
        ("device.added", f"device:{NAME}-2"),
    ]  # fmt: skip


async def test_a_hubs_successor_is_the_hub_at_the_same_address(cloud: Cloud) -> None:
    hub = Newcomer(cloud.client, (await cloud.invite("main", is_hub=True, hub_host="10.0.0.5")).code)
    _, first = await hub.ask()
    other = Newcomer(cloud.client, (await cloud.invite("yard", hub_host="10.0.0.5")).code)
    _, peer = await other.ask()
    successor = Newcomer(cloud.client, (await cloud.invite("main", hub_host="10.0.0.5")).code)
    _, second = await successor.ask()

    assert [each["hub"]["device"] for each in (first, peer, second)] == [NAME, NAME, f"{NAME}-2"]
    assert {each["hub"]["mqtt_host"] for each in (first, peer, second)} == {"10.0.0.5"}
    assert await cloud.services.database.pool.fetchval("SELECT name FROM device WHERE is_hub AND state = 'active'") == (
        f"{NAME}-2"
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": 2}, "enrolment_malformed"),
        ({"csr_pem": "x"}, "enrolment_malformed"),
        ({"csr_pem": "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"}, "csr_refused"),
        ({"kind": "toaster"}, "enrolment_malformed"),
        ({"firmware": "x" * 25}, "enrolment_malformed"),
        ({"device": "almaty5-yard"}, "code_foreign"),
    ],
)
async def test_what_is_no_request_is_refused_and_the_code_is_still_good(
    cloud: Cloud, changes: dict[str, object], code: str
) -> None:
    newcomer = await cloud.newcomer()

    refused = await newcomer.ask(newcomer.body(**changes))
    broken = await newcomer.ask(b"\xff{")

    assert (refused[1]["code"], broken[1]["code"]) == (code, "enrolment_malformed")
    assert (await newcomer.ask())[0] == 200


async def test_a_certification_request_under_a_foreign_name_or_for_a_key_that_is_not_of_p_256_is_refused_with_an_alarm(
    cloud: Cloud,
) -> None:
    newcomer = await cloud.newcomer()
    await register(cloud.services, SYSTEM, cloud.school_id, NewDevice("almaty5-victim"))
    other = rsa.generate_private_key(65537, 2048)

    for pem in (csr(newcomer.key, "almaty5-victim"), csr(newcomer.key, "esik.ingest"), csr(other, NAME)):
        assert (await newcomer.ask(newcomer.body(csr_pem=pem.decode())))[1]["code"] == "csr_refused"

    assert await cloud.alarms() == [(cloud.school_id, NAME, "csr_refused", 3)]


async def test_a_request_without_its_headers_or_too_long_is_refused_before_anything_is_looked_up(cloud: Cloud) -> None:
    newcomer = await cloud.newcomer()
    body = newcomer.body()
    sent = newcomer.signed(body)

    for name in (DEVICE, NONCE, TIME, SIGNATURE):
        for wrong in ("", "x" * 16, "' OR 1=1"):
            answer = await cloud.client.post(PATH, content=body, headers={**sent, name: wrong})
            assert (answer.status_code, answer.json()["code"]) == (401, "request_refused")
    long = await cloud.client.post(PATH, content=bytes(BODY_BYTES_MAX + 1), headers=sent)
    assert long.status_code == 400
    assert await cloud.alarms() == []


async def test_guessing_is_slowed_down_and_does_not_hold_up_who_has_a_code(cloud: Cloud) -> None:
    honest = await cloud.newcomer()
    guesser = Newcomer(cloud.client, replaced(honest.code))

    statuses = [(await guesser.ask())[0] for _ in range(8)]

    assert statuses == [403] * 5 + [429] * 3
    assert await cloud.alarms() == [(None, STRANGER, "code_unknown", 5)]
    assert (await honest.ask())[0] == 200


async def test_no_token_and_no_secret_stands_in_a_log_a_table_or_an_audit_entry(cloud: Cloud) -> None:
    with capture_logs() as logs:
        newcomer = await cloud.newcomer()
        _, bundle = await newcomer.ask()
        await Newcomer(cloud.client, newcomer.code).ask()
    pool = cloud.services.database.pool
    kept = [str(await pool.fetch(f"TABLE {table}")) for table in ("invitation", "audit_entry", "alarm")]
    told = str(logs) + str(kept)

    assert len(logs) >= 2
    for secret in (newcomer.code.token.hex(), newcomer.code.text(), bundle["secret"], bundle["card_key"]):
        assert secret not in told
    assert newcomer.code.request_key not in bytes(await pool.fetchval("SELECT keys_encrypted FROM invitation"))


async def test_invitations_are_shown_with_what_became_of_them_and_forgotten_long_after(cloud: Cloud) -> None:
    used = await cloud.newcomer("main")
    await used.ask()
    await cloud.newcomer("yard")
    cloud.clock.advance(LASTS.total_seconds())

    seen = await invitations_of(cloud.services, SYSTEM, cloud.school_id)

    assert [(each.device, each.state.value) for each in seen] == [(NAME, "used"), ("almaty5-yard", "expired")]
    cloud.clock.advance((KEPT + timedelta(seconds=1)).total_seconds())
    await forget_invitations(cloud.services)
    assert await invitations_of(cloud.services, SYSTEM, cloud.school_id) == []


async def test_a_device_that_is_taken_out_of_service_leaves_its_doors_to_nobody(cloud: Cloud) -> None:
    await (await cloud.newcomer("main", "yard")).ask()

    await retire(cloud.services, SYSTEM, NAME)

    assert await cloud.active() == []
    assert await cloud.serving() == {}
    assert (await (await cloud.newcomer("main")).ask())[1]["device"] == f"{NAME}-2"


async def test_a_code_that_no_scanner_would_read_whole_is_not_made(cloud: Cloud) -> None:
    long = [
        NewGate(f"{number}" + "\N{CJK UNIFIED IDEOGRAPH-9580}" * 15, "Қақпа", "Вход", "Gate") for number in range(3)
    ]
    for gate in long:
        await add_gate(cloud.services, SYSTEM, cloud.school_id, gate)

    assert len((await cloud.invite(long[0].key)).code.text()) <= CODE_MAX
    with pytest.raises(CodeTooLong):
        await cloud.invite(*(gate.key for gate in long))
    with pytest.raises(GateUnknown, match="north"):
        await cloud.invite("main", "north")


async def test_codes_are_made_by_the_schools_it_alone_and_lead_to_tls_only(cloud: Cloud) -> None:
    for role, school_id in ((Role.OFFICE, cloud.school_id), (Role.IT, cloud.school_id + 1)):
        actor = Actor("somebody", 1, frozenset({Reach(role, school_id)}))
        with pytest.raises(NotAllowed):
            await invite(cloud.services, actor, cloud.school_id, Wanted(["main"]))
        with pytest.raises(NotAllowed):
            await invitations_of(cloud.services, actor, cloud.school_id)
        with pytest.raises(NotAllowed):
            await cancel_invitation(cloud.services, actor, cloud.school_id, "0" * 16)
    with pytest.raises(InvitationOver):
        await cancel_invitation(cloud.services, SYSTEM, cloud.school_id, "0" * 16)
    plain = replace(cloud.services.settings, public_url="http://esik.test")
    with pytest.raises(CodesUnsafe, match=r"http://esik\.test"):
        await invite(replace(cloud.services, settings=plain), SYSTEM, cloud.school_id, Wanted(["main"]))


async def test_codes_that_are_made_and_used_in_the_same_moment_do_not_wait_for_each_other_for_ever(
    cloud: Cloud,
) -> None:
    newcomers = [await cloud.newcomer(gate.key) for gate in GATES]

    async with asyncio.timeout(20):
        done = await asyncio.gather(
            *(each.ask() for each in newcomers), *(cloud.invite("main", "yard") for _ in range(4)),
            *(each.ask() for each in newcomers),
        )  # fmt: skip

    statuses = [each[0] for each in done if isinstance(each, tuple)]
    assert set(statuses) <= {200, 410}
