"""A node renews its certificate by the request of its enrolment, and keeps the old one until the new one is proved."""

import asyncio
import contextlib
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from firmware.node.certificates import CertificateRefused, Certificates, Papers
from firmware.node.clock import FLOOR, NTP, Stamp
from firmware.node.renewal import TARGET, UNWELCOMED_MS, Renewal, RenewalFailed
from firmware.node.roster_fetch import Server
from schemas.requests import NONCE, SIGNATURE, TIME, answer_headers, signature
from tests.firmware.node.test_node_settings import BUNDLE
from tests.firmware.vm import run_vm
from tests.servers.process import free_port

DAY = dt.timedelta(days=1)
BEGIN = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
BEGIN_S = int(BEGIN.timestamp())
DAY_S = 86_400
KEY, HTTP_KEY = ec.generate_private_key(ec.SECP256R1()), bytes(range(32))
CSR = "-----BEGIN CERTIFICATE REQUEST-----\nAQID\n-----END CERTIFICATE REQUEST-----\n"


def issued(
    begin: dt.datetime = BEGIN,
    end: dt.datetime = BEGIN + 30 * DAY,
    *,
    name: str = "gate-1",
    key: ec.EllipticCurvePrivateKey = KEY,
) -> str:
    """Return a certificate of the node, signed by its own key: who signed it is not the node's to judge."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    return builder.not_valid_before(begin).not_valid_after(end).sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


OLD, NEW = issued(), issued(BEGIN + 14 * DAY, BEGIN + 44 * DAY)
CA = issued(name="root")


@pytest.fixture(name="held")
def _held(tmp_path: Path) -> Certificates:
    (tmp_path / "bundle.json").write_text(json.dumps(BUNDLE | {"certificate_pem": OLD, "ca_pem": CA}))
    return reopened(tmp_path)


def reopened(folder: Path) -> Certificates:
    bundle = json.loads((folder / "bundle.json").read_text())
    return Certificates("gate-1", bundle["certificate_pem"], bundle["ca_pem"], f"{folder}/")


# Certificates


@given(st.datetimes(dt.datetime(1951, 1, 1), dt.datetime(2199, 1, 1)).map(lambda at: at.replace(microsecond=0)))  # noqa: DTZ001
def test_dates_of_a_certificate_are_read_whatever_they_are(at: dt.datetime) -> None:
    begin = at.replace(tzinfo=dt.UTC)

    papers = Papers(issued(begin, begin + 30 * DAY), CA)

    assert (papers.begins_s, papers.ends_s) == (int(begin.timestamp()), int((begin + 30 * DAY).timestamp()))


def test_each_certificate_is_renewed_between_a_half_and_six_tenths_of_its_life() -> None:
    moments = {Papers(issued(), CA).renews_at_s() - BEGIN_S for _ in range(8)}

    assert len(moments) > 1
    assert all(15 * DAY_S <= moment <= 18 * DAY_S for moment in moments)


def test_a_renewed_certificate_is_used_and_the_old_one_kept_until_it_is_welcomed(
    held: Certificates, tmp_path: Path
) -> None:
    held.take(NEW, CA)
    after_a_restart = reopened(tmp_path)
    pems = [papers.certificate_pem for papers in after_a_restart.usable(BEGIN_S)]
    after_a_restart.proved(after_a_restart.newest)
    later = reopened(tmp_path)

    assert pems == [NEW, OLD]
    assert [papers.certificate_pem for papers in later.usable(BEGIN_S)] == [NEW]
    assert [path.name for path in tmp_path.iterdir()] == ["bundle.json"]


def test_a_welcome_with_the_old_one_proves_nothing_and_one_that_ended_is_not_shown(
    held: Certificates, tmp_path: Path
) -> None:
    held.take(NEW, CA)
    assert held.older is not None

    held.proved(held.older)

    assert (tmp_path / "renewed.json").exists()
    assert [papers.certificate_pem for papers in held.usable(BEGIN_S + 31 * DAY_S)] == [NEW]


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (issued(BEGIN, BEGIN + 40 * DAY, key=ec.generate_private_key(ec.SECP256R1())), "another key"),
        (issued(BEGIN, BEGIN + 40 * DAY, name="gate-2"), "another device"),
        (issued(BEGIN, BEGIN + 29 * DAY), "not end later"),
        ("no certificate", "cannot be read"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "cannot be read"),
    ],
    ids=["of another key", "of another device", "no newer", "no certificate", "cut short"],
)
def test_a_certificate_that_is_not_ours_is_refused(held: Certificates, tmp_path: Path, pem: str, why: str) -> None:
    with pytest.raises(CertificateRefused, match=why):
        held.take(pem, CA)

    assert held.newest.certificate_pem == OLD
    assert not (tmp_path / "renewed.json").exists()


def test_a_spoilt_note_of_a_renewal_leaves_the_bundles_certificate(held: Certificates, tmp_path: Path) -> None:
    (tmp_path / "renewed.json").write_text('{"certificate_pem":"-----BEG')

    assert reopened(tmp_path).newest.certificate_pem == OLD


def test_a_certificate_is_read_on_micropython_as_here(tmp_path: Path) -> None:
    (tmp_path / "pem").write_text(OLD)
    program = (
        f"from firmware.node.certificates import Papers\npem = open('{tmp_path}/pem').read()\n"
        "it = Papers(pem, pem)\nprint(it.begins_s, it.ends_s, it.renews_at_s(), b'gate-1' in it.subject)"
    )
    here = Papers(OLD, CA)

    told = run_vm("-c", program)

    assert told == f"{here.begins_s} {here.ends_s} {here.renews_at_s()} True\n"


# Renewals

Respond = Callable[[dict[str, str]], tuple[int, dict[str, object]]]


class Office:
    """A cloud that answers one way, and a renewal that asks it."""

    def __init__(self, held: Certificates, port: int) -> None:
        self.held = held
        self.now = Stamp(0, (BEGIN_S + 20 * DAY_S) * 1000, NTP)
        self.asked: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.told_time: list[int] = []
        self.key = HTTP_KEY
        self.time_ms = (BEGIN_S + 20 * DAY_S) * 1000
        self.renewal = Renewal(
            Server(f"http://127.0.0.1:{port}"), "gate-1", HTTP_KEY, CSR, held, lambda: self.now, self._learn, Random(1),
            Random(2).randbytes, lambda: None,
        )  # fmt: skip

    def _learn(self, wall_ms: int, monotonic_ms: int) -> None:
        self.told_time.append(wall_ms)
        self.now = Stamp(monotonic_ms, wall_ms, NTP)

    def at(self, days: float = 20, *, passed_ms: int = 0, quality: str = NTP) -> bool:
        """Tell whether a renewal is due at this instant."""
        self.now = Stamp(passed_ms, int((BEGIN_S + days * DAY_S) * 1000), quality)
        return self.renewal.is_due()


@contextlib.asynccontextmanager
async def office(held: Certificates, respond: Respond) -> AsyncIterator[Office]:
    port = free_port()
    place = Office(held, port)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked = dict(line.split(": ", 1) for line in head.split("\r\n")[1:-2])
        place.asked.append(asked)
        place.bodies.append(await reader.readexactly(int(asked["Content-Length"])))
        status, told = respond(asked)
        body = json.dumps(told).encode()
        signed = answer_headers(place.key, status, asked[NONCE], place.time_ms, body)
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in signed.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield place
    finally:
        listening.close()


def given_new(_asked: dict[str, str]) -> tuple[int, dict[str, object]]:
    return 200, {"certificate_pem": NEW, "ca_pem": CA}


async def test_past_half_its_life_a_certificate_is_renewed_by_the_request_of_the_enrolment(held: Certificates) -> None:
    async with office(held, given_new) as it:
        assert (it.at(14), it.at(19)) == (False, True)

        await it.renewal.renew()

        assert held.newest.certificate_pem == NEW
        assert not it.at(19, passed_ms=10**9)
    (asked,) = it.asked
    assert it.bodies == [CSR.encode()]
    assert asked[SIGNATURE] == signature(HTTP_KEY, "POST", TARGET, asked[NONCE], asked[TIME], CSR.encode())


async def test_fault_41_a_node_whose_certificate_ended_while_it_was_off_learns_the_time_and_renews(
    held: Certificates,
) -> None:
    def respond(asked: dict[str, str]) -> tuple[int, dict[str, object]]:
        if abs(int(asked[TIME]) - it.time_ms) > 86_400_000:
            return 401, {"code": "time_off", "detail": "set your clock"}
        return given_new(asked)

    async with office(held, respond) as it:
        it.time_ms = (BEGIN_S + 100 * DAY_S) * 1000
        soon = it.at(-50, passed_ms=UNWELCOMED_MS - 1, quality=FLOOR)
        assert (soon, it.at(-50, passed_ms=UNWELCOMED_MS, quality=FLOOR)) == (False, True)

        await it.renewal.renew()

        assert held.newest.certificate_pem == NEW
        assert it.told_time == [it.time_ms]
        assert len(it.asked) == 2


async def test_an_answer_that_the_cloud_did_not_sign_is_not_believed(held: Certificates) -> None:
    async with office(held, given_new) as it:
        it.key = b"x" * 32
        with pytest.raises(RenewalFailed, match="signature"):
            await it.renewal.renew()

    assert held.newest.certificate_pem == OLD


@pytest.mark.parametrize(
    ("status", "code"), [(202, "approval_needed"), (403, "device_revoked"), (403, "key_foreign"), (409, "none")]
)
async def test_a_refusal_is_told_and_waited_out(held: Certificates, status: int, code: str) -> None:
    async with office(held, lambda _asked: (status, {"code": code, "detail": "no"})) as it:
        with pytest.raises(RenewalFailed, match=code):
            await it.renewal.renew()

        assert it.renewal.last_error == f"{status} {code}"
        assert (it.at(20, passed_ms=5_000), it.at(20, passed_ms=70_000)) == (False, True)


async def test_a_certificate_of_another_key_is_refused_also_from_the_cloud(held: Certificates) -> None:
    other = issued(BEGIN, BEGIN + 60 * DAY, key=ec.generate_private_key(ec.SECP256R1()))
    async with office(held, lambda _asked: (200, {"certificate_pem": other, "ca_pem": CA})) as it:
        with pytest.raises(CertificateRefused):
            await it.renewal.renew()

    assert held.newest.certificate_pem == OLD
