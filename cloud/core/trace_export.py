"""How spans leave this process: by OTLP over HTTP, in batches of a thread of its own, and statements as their parts.

Rule: a statement is told within a request or a turn only: what a worker asks while nothing happens would fill every
collector.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import requests  # the exporter's own
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, Tracer, TraceState
from opentelemetry.util.types import Attributes
from typing_extensions import override

from cloud.core.settings import Settings

TIMEOUT_S = 5  # for a batch; what a collector does not take is left out
WAITING_MAX = 4_096  # spans; beyond that they are left out


class OfOurs(Sampler):
    """Takes a share of what begins here; a statement outside of any request or turn begins nothing."""

    def __init__(self, percent: int) -> None:
        self._share = TraceIdRatioBased(percent / 100)

    @override
    def should_sample(
        self, parent_context: Context | None, trace_id: int, name: str, kind: SpanKind | None = None,
        attributes: Attributes = None, links: Sequence[Link] | None = None, trace_state: TraceState | None = None,
    ) -> SamplingResult:  # fmt: skip
        """Decide about a span that has no parent."""
        if kind is SpanKind.CLIENT:
            return SamplingResult(Decision.DROP)
        return self._share.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    @override
    def get_description(self) -> str:
        """Return what this is for who reads the settings of a provider."""
        return f"OfOurs({self._share.get_description()})"


@contextmanager
def exporting(settings: Settings, instance: str, version: str) -> Iterator[Tracer]:
    """Send what the tracer is told until the end of the block, statements of asyncpg too."""
    resource = Resource.create(
        {"service.name": "esik", "service.version": version, "service.instance.id": instance}
    )  # fmt: skip
    provider = TracerProvider(
        sampler=ParentBased(OfOurs(settings.traces_percent)), resource=resource, shutdown_on_exit=False
    )
    session = requests.Session()
    session.trust_env = False  # the way to the collector is a setting, and no proxy of the machine
    exporter = OTLPSpanExporter(endpoint=settings.traces_url, timeout=TIMEOUT_S, session=session)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=WAITING_MAX))
    statements = AsyncPGInstrumentor()  # type: ignore[no-untyped-call]  # its own; without `capture_parameters`: values stay here
    statements.instrument(tracer_provider=provider)
    try:
        yield provider.get_tracer("esik", version)
    finally:
        statements.uninstrument()
        provider.shutdown()
