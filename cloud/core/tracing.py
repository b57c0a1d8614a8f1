"""Traces by OpenTelemetry, for whoever wants to see where a request or a worker's turn spends its time; off by default.

Rule: a span tells of routes and statements, never of addresses or values, since those hold people's references, tokens
and what somebody looked for; of an error that there was one. The SDK is loaded only where a collector is named.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import structlog

from cloud.core.settings import Settings
from esik import __version__

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

STOP_MS = 3_000  # for the last spans, when the service ends
log = structlog.get_logger()


class _Way:
    """Where spans of this process go; nowhere until `tracing` opens it."""

    tracer: "Tracer | None" = None


@contextmanager
def tracing(settings: Settings, instance: str) -> Iterator[None]:
    """Send spans to the collector that the settings name until the end of the block; without one do nothing."""
    if not settings.traces_url:
        yield
        return
    from cloud.core.trace_export import exporting  # noqa: PLC0415 (large, and seldom wanted)

    with exporting(settings, instance, __version__) as tracer:
        _Way.tracer = tracer
        log.info("traces.sent", percent=settings.traces_percent)
        try:
            yield
        finally:
            _Way.tracer = None


@contextmanager
def span(name: str, **told: str | int) -> Iterator[None]:
    """Tell of what is done in the block as one span; its statements stand below it."""
    if _Way.tracer is None:
        yield
        return
    from opentelemetry.trace import StatusCode  # noqa: PLC0415 (as above)

    with _Way.tracer.start_as_current_span(
        name,
        attributes=told,
        record_exception=False,
        set_status_on_exception=False,  # their words may hold values
    ) as begun:
        try:
            yield
        except Exception:
            begun.set_status(StatusCode.ERROR)
            raise


class Answering:
    """The span of a request, from its begin to the head of the answer; a page that stays open is not its matter."""

    def __init__(self, method: str) -> None:
        self._span: Span | None = None
        self._method = method

    @contextmanager
    def begun(self) -> Iterator[None]:
        """Let statements of the block stand below the request."""
        if _Way.tracer is None:
            yield
            return
        from opentelemetry.trace import SpanKind, use_span  # noqa: PLC0415 (as above)

        self._span = _Way.tracer.start_span(self._method, kind=SpanKind.SERVER)
        with use_span(self._span, end_on_exit=False, record_exception=False, set_status_on_exception=False):
            try:
                yield
            finally:
                self._span.end()  # again does nothing

    def answered(self, route: str, status: int) -> None:
        """Tell by which route it was answered, and how."""
        if self._span is None:
            return
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 (as above)

        told: Mapping[str, Any] = {
            "http.request.method": self._method, "http.route": route, "http.response.status_code": status,
        }  # fmt: skip
        self._span.update_name(f"{self._method} {route}")
        self._span.set_attributes(told)
        if status >= 500:
            self._span.set_status(StatusCode.ERROR)
        self._span.end()
