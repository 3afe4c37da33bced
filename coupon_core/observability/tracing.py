"""Traces: spans of requests, published events, processed messages and deliveries.

Until `start` is called nothing is recorded, and OpenTelemetry is not imported. Spans of
one trace are connected by the W3C header `traceparent`, which the outbox stores.
"""

import logging
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

TRACEPARENT = "traceparent"
TRACEPARENT_FORM = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
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


def is_traceparent(value: object) -> TypeGuard[str]:
    """Return True for a header of the form that W3C Trace Context specifies."""
    return isinstance(value, str) and bool(TRACEPARENT_FORM.fullmatch(value))


def current_traceparent() -> str | None:
    """Return the header that continues the trace of this thread, if it is recorded."""
    if _provider is None:
        return None
    from opentelemetry import trace

    return _build_headers(trace.get_current_span()).get(TRACEPARENT)


def _build_headers(span: Any) -> dict[str, str]:
    """Return the header that continues the trace of a span, if it is recorded."""
    from opentelemetry.trace import set_span_in_context
    from opentelemetry.trace.propagation.tracecontext import (
        TraceContextTextMapPropagator,
    )

    carrier: dict[str, str] = {}
    if span.is_recording():
        TraceContextTextMapPropagator().inject(carrier, set_span_in_context(span))
    return carrier


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


@dataclass(slots=True)
class TracedDelivery:
    """What a span says of a request to a webhook; its status is known at the end.

    The URL is left out, because it may contain a secret of the receiver.
    """

    event_type: str
    webhook_id: int
    status: int | None = None
    is_success: bool = False


@contextmanager
def trace_delivery(
    traceparents: Sequence[str | None], delivery: TracedDelivery
) -> Iterator[Mapping[str, str]]:
    """Record a span for each event of a request to a webhook while the block runs.

    An event is its `traceparent`; without one it has no span. Yields headers for the
    request, in which only one trace can continue: that of the first event.
    """
    traced = list(filter(None, traceparents))
    if _provider is None or not traced:
        yield {}
        return
    from opentelemetry.trace import SpanKind, StatusCode, get_tracer

    tracer = get_tracer(__name__, tracer_provider=_provider)
    name, kind = f"deliver {delivery.event_type}", SpanKind.CLIENT
    spans = [tracer.start_span(name, _extract(each), kind) for each in traced]
    try:
        yield _build_headers(spans[0])
    finally:
        for span in spans:
            span.set_attribute("http.request.method", "POST")
            span.set_attribute("coupons.webhook_id", delivery.webhook_id)
            if delivery.status is not None:
                span.set_attribute("http.response.status_code", delivery.status)
            if not delivery.is_success:
                span.set_status(StatusCode.ERROR)
            span.end()


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
