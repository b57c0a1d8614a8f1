"""Traces: what a collector hears of requests and turns, what it never hears, and that nothing is loaded when off."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from typing_extensions import override

from cloud.app import create_app
from cloud.core.periodic import name_of, untroubled
from cloud.core.services import Services
from cloud.core.settings import Settings, SettingWrong
from cloud.core.tracing import span, tracing

LOADED = (
    "import cloud.app, cloud.worker, sys; print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
)
SECRET = "Zq3vT8"  # in an address; nobody else's business


@dataclass(slots=True)
class Collector:
    """A collector that decodes by OpenTelemetry's own schema what it is sent, and keeps it."""

    server: ThreadingHTTPServer
    spans: list[Any] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    service: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1/traces"

    def take(self, body: bytes) -> None:
        self.bodies.append(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.service |= {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def named(self, name: str) -> list[Any]:
        return [each for each in self.spans if each.name == name]


@pytest.fixture(name="collector")
def _collector() -> Iterator[Collector]:
    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    collector = Collector(ThreadingHTTPServer(("127.0.0.1", 0), Taking))
    thread = threading.Thread(target=collector.server.serve_forever, name="collector")
    thread.start()
    yield collector
    collector.server.shutdown()
    thread.join()
    collector.server.server_close()


def told(one: Any) -> dict[str, object]:
    return {each.key: each.value.string_value or each.value.int_value for each in one.attributes}


async def test_a_request_is_told_by_its_route_with_its_statements_and_never_by_its_address(
    services: Services, collector: Collector
) -> None:
    at = replace(services, settings=replace(services.settings, traces_url=collector.url))
    transport = httpx2.ASGITransport(create_app(at))
    with tracing(at.settings, "web-1"):
        async with httpx2.AsyncClient(transport=transport, base_url="https://esik.test") as client:
            assert (await client.get("/health")).status_code == 200
            assert (await client.get(f"/children/{SECRET}/diary?week={SECRET}")).status_code in {303, 401}
        await services.database.pool.fetchval("SELECT 2")  # of nobody's request
        await asyncio.to_thread(lambda: None)

    (health,) = collector.named("GET /health")
    assert told(health) == {"http.request.method": "GET", "http.route": "/health", "http.response.status_code": 200}
    below = [each for each in collector.spans if each.parent_span_id == health.span_id]
    assert "SELECT 1" in [told(each)["db.statement"] for each in below]
    assert all(each.trace_id == health.trace_id for each in below)
    assert collector.named("GET /children/{ref}/diary")
    assert not any(SECRET.encode() in body for body in collector.bodies)
    assert [told(each).get("db.statement") for each in collector.spans if not each.parent_span_id].count(
        "SELECT 2"
    ) == 0
    assert (collector.service["service.name"], collector.service["service.instance.id"]) == ("esik", "web-1")


async def test_a_turn_of_the_worker_is_told_by_its_name_and_an_error_without_its_words(
    services: Services, collector: Collector
) -> None:
    async def failing() -> None:
        raise ValueError(SECRET)

    with tracing(replace(services.settings, traces_url=collector.url), "worker-1"):
        await untroubled(lambda: services.database.pool.fetchval("SELECT 3"))()
        await untroubled(failing)()
        with span("ingest window", messages=7):
            pass

    (failed,) = [each for each in collector.spans if each.name.endswith("failing")]
    assert failed.status.code == failed.status.STATUS_CODE_ERROR
    (window,) = collector.named("ingest window")
    assert told(window) == {"messages": 7}
    assert not any(SECRET.encode() in body for body in collector.bodies)


def test_work_is_named_by_what_it_calls() -> None:
    async def look() -> None:
        """Look."""

    class Of:
        services = None

        def made(self) -> Any:
            return lambda: look_at_all(self.services)  # type: ignore[name-defined]  # noqa: F821 (never called)

    assert name_of(look).endswith("look")
    assert name_of(Of().made()) == "look_at_all"


async def test_a_share_of_requests_is_traced(services: Services, collector: Collector) -> None:
    settings = replace(services.settings, traces_url=collector.url, traces_percent=1)
    with tracing(settings, "web-1"):
        for _ in range(500):
            with span("turn"):
                pass

    assert len(collector.named("turn")) < 100


def test_nothing_of_it_is_loaded_where_no_collector_is_named() -> None:
    loaded = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "value"), [("ESIK_TRACES_URL", "collector:4318"), ("ESIK_TRACES_PERCENT", "101")], ids=["url", "percent"]
)
def test_a_setting_that_cannot_be_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingWrong, match=name):
        Settings.from_environment({name: value})
