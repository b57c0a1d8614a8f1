"""The agent enrols at the project's own cloud over real TLS, and at nobody else's."""

import asyncio
import contextlib
import json
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.devices.actions import NewGate, add_gate
from cloud.devices.ca import Authority, init
from cloud.devices.invitations import Wanted, invite
from cloud.rosters import enrol_api
from edge_agent.bundle import read_bundle
from edge_agent.certificates import Certificates
from edge_agent.clock import SystemClock as AgentClock
from edge_agent.enrolling import Enrolling, Place
from firmware.tools.enrolling import EnrolmentRefused
from schemas.enrolment import CA_PATH, PATH, Code
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.servers.process import free_port
from tests.waiting import until_async

DEVICE = "almaty5-main"


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    """Let the cloud go by the real time, as OpenSSL does."""
    return SystemClock()


@dataclass(slots=True)
class Front:
    """What a device finds at the cloud's address, and what it was asked; `meddle` may spoil an answer."""

    services: Services
    port: int
    folder: Path
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    meddle: str = ""

    @property
    def place(self) -> Place:
        return Place(self.folder / "bundle.json", self.folder / "kept", "0.1.0", "test")

    async def code(self) -> Code:
        school_id = await self.services.database.pool.fetchval("SELECT id FROM school")
        return (await invite(self.services, SYSTEM, school_id, Wanted(["main"]))).code

    async def enrol(self, code: Code) -> None:
        await Enrolling(code, self.place, AgentClock(), Random(1)).enrol()

    async def refused(self, code: Code) -> str:
        """Return the reason why the agent does not enrol; no bundle is left behind."""
        with pytest.raises(EnrolmentRefused) as refused:
            await self.enrol(code)
        assert not self.place.bundle.exists()
        return refused.value.reason

    def application(self) -> FastAPI:
        app = FastAPI()
        app.state.services = self.services
        app.include_router(enrol_api.router)
        app.middleware("http")(self._between)
        return app

    async def _between(self, request: Request, call_next: object) -> Response:
        self.asked.append(f"{request.method} {request.url.path}")
        self.bodies.append(await request.body())
        if self.meddle == "redirect":
            return RedirectResponse(f"http://127.0.0.1:{self.port}{request.url.path}", 307)
        answer: Response = await call_next(request)  # type: ignore[operator]
        if request.method == "GET" or not self.meddle:
            return answer
        body = b"".join([part async for part in answer.body_iterator])  # type: ignore[attr-defined]
        match self.meddle:
            case "lose":
                return Response(status_code=502)
            case "change":
                body = body[:-1] + bytes([body[-1] ^ 1])
            case _:
                body = body + bytes(300_000)
        headers = {name: text for name, text in answer.headers.items() if name != "content-length"}
        return Response(body, answer.status_code, headers)


@contextlib.asynccontextmanager
async def listening(front: Front, authority: Authority, folder: Path, names: tuple[str, ...]) -> AsyncIterator[None]:
    """Serve a front over TLS, by a certificate of an authority for names."""
    issued = authority.for_server(names, front.services.clock.now())
    (folder / "web.pem").write_text(issued.certificate_pem)
    (folder / "web.key").write_text(issued.key_pem)
    config = uvicorn.Config(
        front.application(), "127.0.0.1", front.port, log_config=None, lifespan="off",
        ssl_certfile=folder / "web.pem", ssl_keyfile=folder / "web.key",
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve(), name="front")
    await until_async(lambda: server.started)
    yield
    server.should_exit = True
    await serving


@pytest.fixture(name="front")
async def _front(services: Services, tmp_path: Path) -> Front:
    return await front_of(services, tmp_path)


async def front_of(services: Services, tmp_path: Path) -> Front:
    """Return a cloud with a school that has one door, not listening yet."""
    port = free_port()
    settings = replace(
        services.settings, public_url=f"https://127.0.0.1:{port}", device_mqtt_url="mqtts://broker.test:8883"
    )
    services = replace(services, settings=settings)
    school_id = await a_school(services)
    await add_gate(services, SYSTEM, school_id, NewGate("main", "Қақпа", "Вход", "Gate"))
    init(settings.data / "ca", services.vault, services.clock.now())
    return Front(services, port, tmp_path / "agent")


def own(front: Front) -> Authority:
    return Authority.load(front.services.settings.data / "ca", front.services.vault)


async def test_the_agent_brings_its_own_key_and_writes_a_bundle_that_it_goes_by(front: Front, tmp_path: Path) -> None:
    async with listening(front, own(front), tmp_path, ("127.0.0.1",)):
        code = await front.code()
        await front.enrol(code)

    bundle = read_bundle(front.place.bundle)
    assert (bundle.device, bundle.school) == (DEVICE, "almaty5")
    assert stat.S_IMODE(front.place.bundle.stat().st_mode) == 0o600
    assert [path.name for path in front.place.bundle.parent.iterdir()] == ["bundle.json"]
    certificates = Certificates(bundle, tmp_path / "tls")
    assert certificates.newest is not None
    assert front.asked == [f"GET {CA_PATH}", f"POST {PATH}"]
    assert code.token.hex().encode() not in b"".join(front.bodies)
    assert b"PRIVATE" not in b"".join(front.bodies)


@pytest.mark.requirement("KZ456-11")
async def test_a_cloud_that_does_not_fit_the_pin_hears_nothing_but_the_wish_for_its_certificate(
    front: Front, tmp_path: Path
) -> None:
    (tmp_path / "hostile").mkdir()
    init(tmp_path / "hostile" / "ca", Vault(bytes(32)), front.services.clock.now())
    hostile = Authority.load(tmp_path / "hostile" / "ca", Vault(bytes(32)))
    code = await front.code()
    front.services = replace(front.services, settings=replace(front.services.settings, data=tmp_path / "hostile"))
    front.services = replace(front.services, vault=Vault(bytes(32)))

    async with listening(front, hostile, tmp_path, ("127.0.0.1",)):
        reason = await front.refused(code)

    assert reason == "pin_wrong"
    assert front.asked == [f"GET {CA_PATH}"]


@pytest.mark.requirement("KZ456-11")
async def test_who_relays_the_right_certificate_but_shows_another_for_tls_hears_nothing_either(
    front: Front, tmp_path: Path
) -> None:
    init(tmp_path / "proxy", Vault(bytes(32)), front.services.clock.now())
    code = await front.code()

    async with listening(front, Authority.load(tmp_path / "proxy", Vault(bytes(32))), tmp_path, ("127.0.0.1",)):
        reason = await front.refused(code)

    assert reason == "unreachable"
    assert front.asked == [f"GET {CA_PATH}"]


async def test_a_certificate_for_another_host_is_not_believed(front: Front, tmp_path: Path) -> None:
    async with listening(front, own(front), tmp_path, ("esik.example",)):
        assert await front.refused(await front.code()) == "unreachable"
    assert front.asked == [f"GET {CA_PATH}"]


@pytest.mark.parametrize(
    ("meddle", "reason"), [("redirect", "unreachable"), ("change", "unreachable"), ("flood", "unreachable")]
)
async def test_an_answer_that_leads_elsewhere_was_changed_or_does_not_end_is_not_believed(
    front: Front, tmp_path: Path, meddle: str, reason: str
) -> None:
    async with listening(front, own(front), tmp_path, ("127.0.0.1",)):
        front.meddle = meddle
        assert await front.refused(await front.code()) == reason


async def test_after_a_lost_answer_the_same_code_works_once_more_also_after_a_restart(
    front: Front, tmp_path: Path
) -> None:
    async with listening(front, own(front), tmp_path, ("127.0.0.1",)):
        code = await front.code()
        front.meddle = "lose"
        lost = await front.refused(code)
        front.meddle = ""
        await front.enrol(code)

    assert lost == "unreachable"
    assert await front.services.database.pool.fetchval("SELECT count(*) FROM device") == 1
    assert await front.services.database.pool.fetchval("SELECT count(*) FROM alarm") == 0


async def test_a_second_agent_with_the_same_code_is_told_that_it_was_used(front: Front, tmp_path: Path) -> None:
    async with listening(front, own(front), tmp_path, ("127.0.0.1",)):
        code = await front.code()
        await front.enrol(code)
        front.folder = tmp_path / "second"
        assert await front.refused(code) == "code_used"


async def test_a_disk_that_takes_nothing_is_told_before_the_cloud_hears_of_the_code(
    front: Front, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    front.folder = tmp_path / "file" / "agent"

    with pytest.raises(EnrolmentRefused) as refused:
        await front.enrol(await front.code())

    assert refused.value.reason == "unwritten"
    assert front.asked == []


async def test_without_a_network_the_code_stays_good(front: Front, tmp_path: Path) -> None:
    code = await front.code()
    offline = await front.refused(code)

    async with listening(front, own(front), tmp_path, ("127.0.0.1",)):
        await front.enrol(code)

    assert offline == "unreachable"
    assert json.loads(front.place.bundle.read_text())["device"] == DEVICE


@pytest.mark.parametrize("kept", [".", "kept"])
async def test_what_an_earlier_name_left_is_set_aside_and_kept(front: Front, tmp_path: Path, kept: str) -> None:
    folder = front.folder / kept
    (folder / "roster").mkdir(parents=True)
    (folder / "journal.db").write_bytes(b"of another name")
    (folder / "floor").write_text("1")
    place = replace(front.place, folder=folder)

    async with listening(front, own(front), tmp_path, ("127.0.0.1",)):
        await Enrolling(await front.code(), place, AgentClock(), Random(1)).enrol()

    (before,) = folder.glob("before-*")
    assert {path.name for path in folder.iterdir()} - {"bundle.json"} == {before.name, "floor"}
    assert {path.name for path in before.iterdir()} == {"journal.db", "roster"}
    assert (before / "journal.db").read_bytes() == b"of another name"
    assert read_bundle(front.place.bundle).device == DEVICE
