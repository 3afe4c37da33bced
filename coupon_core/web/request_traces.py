"""WSGI middleware that records a span for each request, if traces are recorded.

OpenTelemetry's own middleware records paths, which contain codes and users.
"""

from collections.abc import Iterable
from typing import Any

from coupon_core.observability.tracing import TracedRequest, trace_request
from coupon_core.web.access_log import (
    KNOWN_METHODS,
    PROBE_PATHS,
    ROUTE_ENVIRON_KEY,
    UNKNOWN,
)
from coupon_core.web.middleware import (
    REQUEST_ID_ENVIRON_KEY,
    Environ,
    StartResponse,
    WsgiApp,
)


def trace_requests(app: WsgiApp) -> WsgiApp:
    """Wrap a WSGI app; a span ends when the response begins."""

    def traced_app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] in PROBE_PATHS:
            return app(environ, start_response)
        method = environ["REQUEST_METHOD"]
        request = TracedRequest(method if method in KNOWN_METHODS else UNKNOWN)

        def start_with_status(status: str, *arguments: Any) -> Any:
            request.status = int(status[:3])
            return start_response(status, *arguments)

        with trace_request(environ.get("HTTP_TRACEPARENT"), request):
            try:
                return app(environ, start_with_status)
            finally:
                request.route = environ.get(ROUTE_ENVIRON_KEY, UNKNOWN)
                request.request_id = environ.get(REQUEST_ID_ENVIRON_KEY, "")

    return traced_app
