"""WSGI middleware that records a span for each request, if traces are recorded.

OpenTelemetry's own middleware records paths, which contain codes and users.
"""

from collections.abc import Iterable
from typing import Any

from coupon_core.observability import tracing
from coupon_core.web.access_log import (
    KNOWN_METHODS,
    PROBE_PATHS,
    ROUTE_ENVIRON_KEY,
    UNKNOWN,
)
from coupon_core.web.middleware import (
    REQUEST_ID_ENVIRON_KEY,
    Environ,
    ExcInfo,
    StartResponse,
    WsgiApp,
)


def trace_requests(app: WsgiApp) -> WsgiApp:
    """Wrap a WSGI app; a span ends when the response begins."""

    def traced_app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") in PROBE_PATHS:
            return app(environ, start_response)
        with tracing.trace_request(environ.get("HTTP_TRACEPARENT")) as span:

            def start_with_status(
                status: str, headers: list[tuple[str, str]], exc_info: ExcInfo = None
            ) -> Any:
                span.set_attribute("http.response.status_code", int(status[:3]))
                return start_response(status, headers, *filter(None, [exc_info]))

            body = app(environ, start_with_status)
            method = environ.get("REQUEST_METHOD")
            method = method if method in KNOWN_METHODS else UNKNOWN
            route = environ.get(ROUTE_ENVIRON_KEY, UNKNOWN)
            span.update_name(f"{method} {route}")
            span.set_attribute("http.request.method", method)
            span.set_attribute("http.route", route)
            span.set_attribute("coupons.request_id", environ[REQUEST_ID_ENVIRON_KEY])
            return body

    return traced_app
