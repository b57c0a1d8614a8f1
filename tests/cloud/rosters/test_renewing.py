"""Renewing certificates over the device API: whose, when, how often, and what is noted of it."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from fastapi import FastAPI

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate, note_certificate, revoke
from cloud.devices.ca import DEVICE_LASTS, init
from cloud.devices.errors import ApprovalNotNeeded, DeviceRevoked, DeviceUnknown
from cloud.devices.registry import revoked_certificates
from cloud.devices.renewals import APPROVAL_AFTER, APPROVAL_LASTS, approve_renewal, forget_certificates
from cloud.rosters import api
from cloud.rosters.bundles import add_device
from cloud.rosters.renewing import ENDING, ISSUED_MAX, alarm_ending
from schemas.requests import NONCE, SIGNATURE, TIME, answer_headers, headers
from schemas.seal import HTTP, derive
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM, a_school

PATH = "/device/v1/certificate"
NAME = "almaty5-gate-1"
GATE = NewGate("main", "Қақпа", "Вход", "Gate")
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def csr(key: Key, name: str = NAME) -> bytes:
    """Return a certification request, PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, algorithm).public_bytes(Encoding.PEM)


@dataclass(slots=True)
class Gate:
    """A device as this API sees it: signs, posts, and believes no answer that is not signed to it."""

    services: Services
    clock: SimulatedClock
    client: httpx2.AsyncClient
    bundle: dict[str, str]
    nonces: int = 0
    last: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        key = load_pem_private_key(self.bundle["key_pem"].encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key

    @property
    def http_key(self) -> bytes:
        return derive(bytes.fromhex(self.bundle["secret"]), HTTP)

    async def renew(self, body: bytes | None = None, *, skew: timedelta = timedelta()) -> tuple[int, dict[str, str]]:
        """Ask, and return the status and what was told."""
        self.nonces += 1
        body = csr(self.key) if body is None else body
        time_ms = self.clock.wall_ms() + skew // timedelta(milliseconds=1)
        self.last = headers(self.http_key, NAME, "POST", PATH, f"{self.nonces:016x}", time_ms, body)
        return self.believed(await self.client.post(PATH, content=body, headers=self.last))

    def believed(self, answer: httpx2.Response) -> tuple[int, dict[str, str]]:
        wanted = answer_headers(
            self.http_key, answer.status_code, self.last[NONCE], int(answer.headers[TIME]), answer.content
        )
        assert {name: answer.headers[name] for name in wanted} == wanted
        return answer.status_code, answer.json()

    async def value(self, column: str) -> object:
        row = await self.services.database.pool.fetchrow("SELECT * FROM device WHERE name = $1", NAME)
        return row[column]


@pytest.fixture(name="gate")
async def _gate(services: Services, clock: SimulatedClock) -> AsyncIterator[Gate]:
    await a_school(services)
    init(services.settings.data / "ca", services.vault, clock.now())
    bundle = json.loads(await add_device(services, SYSTEM, "almaty5", NewDevice(NAME, [GATE])))
    app = FastAPI()
    app.state.services = services
    app.include_router(api.router)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="https://esik.test") as client:
        yield Gate(services, clock, client, bundle)


async def test_the_same_key_is_certified_anew_and_noted(gate: Gate) -> None:
    gate.clock.advance(timedelta(days=15).total_seconds())

    status, told = await gate.renew()

    assert status == 200
    leaf, intermediate = x509.load_pem_x509_certificates(told["certificate_pem"].encode())
    assert leaf.public_key() == gate.key.public_key()
    assert leaf.not_valid_after_utc == gate.clock.now() + DEVICE_LASTS
    leaf.verify_directly_issued_by(intermediate)
    assert told["ca_pem"] == gate.bundle["ca_pem"]
    noted = await gate.value("certificate_serial"), await gate.value("certificate_until")
    assert noted == (f"{leaf.serial_number:x}", leaf.not_valid_after_utc)
    entry = await gate.services.database.pool.fetchrow(
        "SELECT verb, subject, actor FROM audit_entry ORDER BY id DESC LIMIT 1"
    )
    assert tuple(entry) == ("device.renewed", f"device:{NAME}", "system: the device asked")


@pytest.mark.parametrize("days_after", [-29, 0, 1, 100, 180])
async def test_before_and_after_its_end_a_certificate_is_renewed_at_once(gate: Gate, days_after: int) -> None:
    gate.clock.advance((DEVICE_LASTS + timedelta(days=days_after)).total_seconds())

    status, _ = await gate.renew()

    assert status == 200


async def test_from_the_181st_day_on_a_person_approves_first_and_once(gate: Gate) -> None:
    gate.clock.advance((DEVICE_LASTS + timedelta(days=181)).total_seconds())
    asked, told = await gate.renew()
    before = await gate.value("renewal_asked_at")

    await approve_renewal(gate.services, SYSTEM, NAME)
    granted, _ = await gate.renew()
    gate.clock.advance((DEVICE_LASTS + timedelta(days=181)).total_seconds())
    again, _ = await gate.renew()

    assert (asked, told["code"], granted, again) == (202, "approval_needed", 200, 202)
    assert before is not None


async def test_who_waits_for_approval_is_told_when_to_ask_again(gate: Gate) -> None:
    gate.clock.advance((DEVICE_LASTS + timedelta(days=181)).total_seconds())
    await gate.renew()
    body = csr(gate.key)
    gate.last = headers(gate.http_key, NAME, "POST", PATH, "f" * 16, gate.clock.wall_ms(), body)

    answer = await gate.client.post(PATH, content=body, headers=gate.last)

    assert (answer.status_code, answer.headers["retry-after"]) == (202, "3600")


async def test_an_approval_that_was_not_made_use_of_is_forgotten(gate: Gate) -> None:
    gate.clock.advance((DEVICE_LASTS + timedelta(days=181)).total_seconds())
    await approve_renewal(gate.services, SYSTEM, NAME)
    gate.clock.advance((APPROVAL_LASTS + timedelta(hours=1)).total_seconds())

    assert (await gate.renew())[0] == 202


async def test_only_it_of_the_school_approves_and_only_what_needs_it(gate: Gate) -> None:
    with pytest.raises(ApprovalNotNeeded):
        await approve_renewal(gate.services, SYSTEM, NAME)
    gate.clock.advance((DEVICE_LASTS + APPROVAL_AFTER + timedelta(hours=1)).total_seconds())
    with pytest.raises(NotAllowed):
        await approve_renewal(gate.services, Actor("office", 1, frozenset({Reach(Role.OFFICE, 1)})), NAME)
    with pytest.raises(DeviceUnknown):
        await approve_renewal(gate.services, SYSTEM, "almaty5-gate-9")
    await revoke(gate.services, SYSTEM, NAME)
    with pytest.raises(DeviceRevoked):
        await approve_renewal(gate.services, SYSTEM, NAME)


async def test_a_revoked_device_never_gets_one_and_is_told_so(gate: Gate) -> None:
    await revoke(gate.services, SYSTEM, NAME)

    status, told = await gate.renew()

    assert (status, told["code"]) == (403, "device_revoked")


async def test_another_key_is_refused_alarmed_and_changes_nothing(gate: Gate) -> None:
    serial = await gate.value("certificate_serial")

    answers = [await gate.renew(csr(ec.generate_private_key(ec.SECP256R1()))) for _ in range(2)]

    assert [(status, told["code"]) for status, told in answers] == [(403, "key_foreign")] * 2
    alarm = await gate.services.database.pool.fetchrow(
        "SELECT device, kind, count FROM alarm WHERE school_id IS NOT NULL"
    )
    assert tuple(alarm) == (NAME, "key_foreign", 2)
    assert await gate.value("certificate_serial") == serial


async def test_what_is_no_request_of_this_device_is_refused(gate: Gate) -> None:
    p384 = ec.generate_private_key(ec.SECP384R1())
    foreign = csr(gate.key, "almaty5-gate-2")
    spoiled = csr(gate.key).replace(b"MI", b"NI", 1)
    for body in (b"", b"hello", foreign, spoiled, csr(p384), csr(ed25519.Ed25519PrivateKey.generate())):
        status, told = await gate.renew(body)

        assert (status, told["code"]) == (400, "csr_refused"), body


async def test_a_request_that_was_not_signed_by_its_own_key_is_refused(gate: Gate) -> None:
    der = bytearray(x509.load_pem_x509_csr(csr(gate.key)).public_bytes(Encoding.DER))
    der[-1] ^= 1
    body = x509.load_der_x509_csr(bytes(der)).public_bytes(Encoding.PEM)

    _, told = await gate.renew(body)

    assert "is not signed by its key" in told["detail"]


async def test_a_body_of_any_length_is_not_read(gate: Gate) -> None:
    answer = await gate.client.post(PATH, content=b"x" * (api.CSR_BYTES_MAX + 1))

    assert (answer.status_code, answer.json()["code"]) == (400, "csr_refused")


async def test_a_request_is_taken_once_and_its_body_is_what_was_signed(gate: Gate) -> None:
    await gate.renew()
    repeated = await gate.client.post(PATH, content=csr(gate.key), headers=gate.last)
    body = csr(gate.key)
    gate.last = headers(gate.http_key, NAME, "POST", PATH, "e" * 16, gate.clock.wall_ms(), body)
    first = await gate.client.post(PATH, content=body, headers=gate.last)
    second = gate.believed(await gate.client.post(PATH, content=body, headers=gate.last))

    assert (repeated.status_code, SIGNATURE in repeated.headers) == (401, False)  # a body of its own: another signature
    assert first.status_code == 200
    assert (second[0], second[1]["code"]) == (401, "request_refused")


@pytest.mark.parametrize("skew", [timedelta(days=-90), timedelta(days=90)])
async def test_a_clock_that_is_off_is_told_the_time_under_the_clouds_signature(gate: Gate, skew: timedelta) -> None:
    status, told = await gate.renew(skew=skew)

    assert (status, told["code"]) == (401, "time_off")
    assert await gate.services.database.pool.fetchval("SELECT count(*) FROM device_certificate") == 1


async def test_a_device_that_goes_wild_is_issued_a_dozen_a_day(gate: Gate) -> None:
    statuses = [(await gate.renew())[0] for _ in range(ISSUED_MAX)]
    gate.clock.advance(timedelta(hours=25).total_seconds())

    assert statuses == [200] * (ISSUED_MAX - 1) + [429]
    assert (await gate.renew())[0] == 200


async def test_a_device_without_a_certificate_has_none_to_renew(gate: Gate) -> None:
    await gate.services.database.pool.execute("UPDATE device SET certificate_until = NULL")

    assert (await gate.renew())[1]["code"] == "certificate_none"


async def test_revoking_shuts_out_every_certificate_that_has_not_ended(gate: Gate) -> None:
    first = await gate.value("certificate_serial")
    gate.clock.advance(timedelta(days=15).total_seconds())
    await gate.renew()
    second = await gate.value("certificate_serial")

    await revoke(gate.services, SYSTEM, NAME)

    pool, now = gate.services.database.pool, gate.clock.now()
    assert await revoked_certificates(pool, now) == {first, second}
    assert await revoked_certificates(pool, now + timedelta(days=16)) == {second}
    gate.clock.advance(timedelta(days=16).total_seconds())
    await forget_certificates(gate.services)
    assert await pool.fetchval("SELECT array_agg(serial) FROM device_certificate") == [second]


async def test_a_device_that_comes_back_after_revocation_has_a_key_of_its_own(gate: Gate, tmp_path: Path) -> None:
    old = gate.key
    await revoke(gate.services, SYSTEM, NAME)
    gate.bundle = json.loads(await add_device(gate.services, SYSTEM, "almaty5", NewDevice(NAME, [GATE])))

    assert (await gate.renew(csr(old)))[1]["code"] == "key_foreign"
    assert (await gate.renew())[0] == 200


async def test_one_that_is_heard_and_does_not_renew_is_alarmed_once_a_day(gate: Gate) -> None:
    pool = gate.services.database.pool
    await note_certificate(gate.services, NAME, "f1", gate.clock.now() + ENDING - timedelta(hours=1))

    await alarm_ending(gate.services)
    assert await pool.fetchval("SELECT count(*) FROM alarm") == 0  # it was never heard of
    await pool.execute("UPDATE device SET seen_at = $1", gate.clock.now())
    for _ in range(3):
        await alarm_ending(gate.services)

    alarm = await pool.fetchrow("SELECT device, kind, count FROM alarm")
    assert tuple(alarm) == (NAME, "certificate_ending", 1)
