"""A collector of traces: it receives OTLP over HTTP and keeps the spans."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from gzip import decompress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Status


@dataclass(frozen=True)
class Span:
    """A span as it was received."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, str]
    status: Status


@dataclass
class TraceCollector:
    """The received spans, and the URL to which they are sent."""

    url: str
    spans: list[Span] = field(default_factory=list)

    def list_trace(self, trace_id: str) -> list[Span]:
        """Return the spans of a trace in the order in which they ended."""
        return [span for span in self.spans if span.trace_id == trace_id]

    def find(self, trace_id: str) -> dict[str, Span]:
        """Return the spans of a trace by name."""
        return {span.name: span for span in self.list_trace(trace_id)}

    def receive(self, body: bytes) -> None:
        """Keep the spans of a request."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            about = {
                each.key: each.value.string_value
                for each in resource.resource.attributes
            }
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans.append(
                        Span(
                            about["service.name"],
                            span.name,
                            trace_id=span.trace_id.hex(),
                            span_id=span.span_id.hex(),
                            parent_id=span.parent_span_id.hex(),
                            attributes={
                                each.key: each.value.string_value
                                or str(each.value.int_value)
                                for each in span.attributes
                            },
                            status=span.status,
                        )
                    )


@contextmanager
def running_collector() -> Iterator[TraceCollector]:
    """Run a collector on a free port while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = decompress(body)
            collector.receive(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = TraceCollector(f"http://127.0.0.1:{server.server_port}/v1/traces")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield collector
        server.shutdown()
