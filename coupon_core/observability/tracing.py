"""Traces: spans of requests, of published events and of processed messages.

Until `start` is called nothing is recorded, and OpenTelemetry is not imported. Spans of
one trace are connected by the W3C header `traceparent`, which the outbox stores.
"""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

TRACEPARENT = "traceparent"
PUBLISH, PROCESS = "publish", "process"
# What cannot be sent by then is lost, because processes must end within seconds.
STOP_SECONDS = 2.0
EXPORT_TIMEOUT_SECONDS = 2.0

_provider: "TracerProvider | None" = None


def start(program: str, release: str, url: str) -> None:
    """Send the spans of this process to `url` by OTLP over HTTP.

    Call it after a fork: the thread that sends them does not survive one. Variables of
    OpenTelemetry itself, such as OTEL_TRACES_SAMPLER, apply.
    """
    global _provider
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # Below, it warns of each attempt to send, every second while the collector is away.
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)
    names = {"service.name": f"coupons-{program}", "service.version": release}
    exporter = OTLPSpanExporter(endpoint=url, timeout=EXPORT_TIMEOUT_SECONDS)
    _provider = TracerProvider(resource=Resource.create(names), shutdown_on_exit=False)
    _provider.add_span_processor(BatchSpanProcessor(exporter))


def is_started() -> bool:
    """Return True if this process records spans."""
    return _provider is not None


def stop() -> None:
    """Send the spans that have not been sent yet, for at most two seconds."""
    global _provider
    if _provider is not None:
        # The method has no timeout, and waits for a collector that does not answer.
        thread = threading.Thread(target=_provider.shutdown, daemon=True)
        thread.start()
        thread.join(STOP_SECONDS)
        _provider = None


@dataclass(slots=True)
class TracedRequest:
    """What a span says of a request; its route and status are known at the end."""

    method: str
    request_id: str = ""
    route: str = ""
    status: int = 500


@contextmanager
def trace_request(traceparent: str | None, request: TracedRequest) -> Iterator[None]:
    """Record a span while the block runs; it continues the trace of the caller.

    The text of an exception is not recorded, because it may quote the request.
    """
    from opentelemetry.trace import SpanKind, StatusCode, get_tracer

    tracer = get_tracer(__name__, tracer_provider=_provider)
    with tracer.start_as_current_span(
        request.method,
        _extract(traceparent),
        SpanKind.SERVER,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield
        finally:
            span.update_name(f"{request.method} {request.route}")
            span.set_attribute("http.request.method", request.method)
            span.set_attribute("http.route", request.route)
            span.set_attribute("http.response.status_code", request.status)
            span.set_attribute("coupons.request_id", request.request_id)
            if request.status >= 500:
                span.set_status(StatusCode.ERROR)


def current_traceparent() -> str | None:
    """Return the header that continues the trace of this thread, if it is recorded."""
    if _provider is None:
        return None
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import (
        TraceContextTextMapPropagator,
    )

    carrier: dict[str, str] = {}
    if trace.get_current_span().is_recording():
        TraceContextTextMapPropagator().inject(carrier)
    return carrier.get(TRACEPARENT)


@contextmanager
def trace_each(
    operation: str, messages: Iterable[tuple[str, str | None]]
) -> Iterator[None]:
    """Record a span for each message while the block runs, which handles all of them.

    A message is its destination and its `traceparent`; without one it has no span.
    """
    if _provider is None:
        yield
        return
    from opentelemetry.trace import SpanKind, get_tracer

    tracer = get_tracer(__name__, tracer_provider=_provider)
    kind = SpanKind.PRODUCER if operation == PUBLISH else SpanKind.CONSUMER
    with ExitStack() as spans:
        for destination, traceparent in messages:
            if traceparent:
                span = tracer.start_span(
                    f"{operation} {destination}",
                    _extract(traceparent),
                    kind,
                    attributes=_describe_message(operation, destination),
                )
                spans.callback(span.end)
        yield


def _describe_message(operation: str, destination: str) -> Mapping[str, str]:
    return {
        "messaging.operation.name": operation,
        "messaging.destination.name": destination,
    }


def _extract(traceparent: str | None) -> Any:
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import (
        TraceContextTextMapPropagator,
    )

    carrier = {TRACEPARENT: traceparent} if traceparent else {}
    return TraceContextTextMapPropagator().extract(carrier, Context())
