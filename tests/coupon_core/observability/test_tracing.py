"""Test traces: one from HTTP through the outbox and the workers to a webhook.

`make deploy-check` runs this file with the extra `otel`, which the environment of the
suite does not contain: redis-py would import it in each of hundreds of processes.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
import requests

from coupon_core.domain.models import utc_now
from coupon_core.observability import tracing
from coupon_core.persistence import database
from coupon_core.persistence.repositories import outbox
from coupon_core.services.webhooks import subscriptions
from coupon_core.settings import loader
from coupon_core.settings.loader import InvalidSettings
from coupon_core.web.middleware import StartResponse, WsgiApp
from coupon_core.web.request_traces import trace_requests
from tests.coupon_core.observability.conftest import run_deployment
from tests.factories.tenant import create_tenant
from tests.support.databases import Databases
from tests.support.deployment import Deployment
from tests.support.ports import find_free_port
from tests.support.servers import RedisServer
from tests.support.servers.process import wait_until
from tests.support.webhook_receiver import (
    LOOPBACK_NETWORKS,
    WebhookReceiver,
    allowed_receiver,
)

# Its API alone may be there as well, as a dependency of a tool for tests.
if not find_spec("opentelemetry") or not find_spec("opentelemetry.sdk"):
    pytest.skip("the extra otel is not installed", allow_module_level=True)

from opentelemetry import trace
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.support.trace_collector import TraceCollector, running_collector

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER_SPAN_ID = "00f067aa0ba902b7"
REDEEM, DELIVER = "POST /v1/coupons/redeem/<code>", "deliver coupon.redeemed"


@pytest.fixture(scope="module")
def collector() -> Iterator[TraceCollector]:
    with running_collector() as collector, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")  # by default five seconds
        yield collector


@pytest.fixture(scope="module")
def deployment(
    migrated_template: Databases,
    redis: RedisServer,
    collector: TraceCollector,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    collector.spans.clear()
    home = tmp_path_factory.mktemp("house")
    with run_deployment(
        migrated_template,
        redis,
        home,
        traces_url=collector.url,
        webhook_networks=LOOPBACK_NETWORKS,
    ) as deployment:
        yield deployment


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with allowed_receiver() as receiver:
        yield receiver


@pytest.mark.slow
def test_one_trace_goes_from_http_through_the_outbox_to_the_receiver(
    deployment: Deployment, collector: TraceCollector, receiver: WebhookReceiver
) -> None:
    tenant = create_tenant(now=None)
    code = tenant.create_code()
    now = utc_now()
    webhook, _ = subscriptions.create(
        tenant.tenant_id, "coupon.redeemed", receiver.url, now
    )
    database.release_connection()
    receiver.statuses[:] = [500]
    traceparent = f"00-{TRACE_ID}-{CALLER_SPAN_ID}-01"
    answer = requests.post(
        f"{deployment.query_url}/v1/coupons/redeem/{code}",
        json={"user_id": "ann"},
        headers={**tenant.build_bearer_headers("ann"), "traceparent": traceparent},
        timeout=60,
    )
    assert answer.status_code == 200
    names = {REDEEM, "publish coupon.redeemed", "process coupons.webhooks", DELIVER}
    wait_until(
        lambda: len(collector.list_trace(TRACE_ID)) >= len(names) + 1, 60, "five spans"
    )
    spans = collector.find(TRACE_ID)
    assert spans.keys() == names
    request = spans.pop(REDEEM)
    assert (request.service, request.parent_id) == ("coupons-query", CALLER_SPAN_ID)
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/coupons/redeem/<code>",
        "http.response.status_code": "200",
        "coupons.request_id": answer.headers["X-Request-Id"],
    }
    for span in spans.values():
        assert (span.service, span.parent_id) == ("coupons-workers", request.span_id)
    attempts = [span for span in collector.list_trace(TRACE_ID) if span.name == DELIVER]
    assert [span.attributes.pop("http.response.status_code") for span in attempts] == [
        "500",
        "200",
    ]
    assert [span.status.code for span in attempts] == [
        Status.STATUS_CODE_ERROR,
        Status.STATUS_CODE_UNSET,
    ]
    for span in attempts:
        assert span.attributes == {
            "http.request.method": "POST",
            "coupons.webhook_id": str(webhook.webhook_id),
        }
    expected = f"00-{TRACE_ID}-{attempts[1].span_id}-01"
    assert receiver.received[0].headers["traceparent"] == expected
    # Paths contain codes and users, which traces must not.
    assert code not in str(collector.spans)
    assert "ann" not in str([span.attributes for span in collector.spans])


@pytest.mark.slow
def test_probes_and_calls_that_are_not_sampled_have_no_spans(
    deployment: Deployment, collector: TraceCollector
) -> None:
    sampled, ignored = "a" * 32, "b" * 32
    for path, trace_id, flag in (
        ("/health", sampled, "01"),
        ("/errors", ignored, "00"),
        ("/errors", sampled, "01"),
    ):
        traceparent = f"00-{trace_id}-{CALLER_SPAN_ID}-{flag}"
        url, headers = f"{deployment.query_url}{path}", {"traceparent": traceparent}
        assert requests.get(url, headers=headers, timeout=60).status_code == 200
    wait_until(lambda: collector.find(sampled), 60, "a span")
    assert list(collector.find(sampled)) == ["GET /errors"]
    assert not collector.find(ignored)


def call(app: WsgiApp, trace_id: str) -> None:
    """Send a request whose response is not read to a WSGI app."""
    environ = {
        "REQUEST_METHOD": "MADE-UP",
        "PATH_INFO": "/v1/coupons/redeem/SECRET-CODE",
        "HTTP_TRACEPARENT": f"00-{trace_id}-{CALLER_SPAN_ID}-01",
        "coupon.request_id": "r1",
    }
    app(environ, lambda *_: None)


def test_a_failed_request_is_an_error_without_the_text_of_the_error(
    collector: TraceCollector,
) -> None:
    def respond_unavailable(_: object, start_response: StartResponse) -> list[bytes]:
        start_response("503 SERVICE UNAVAILABLE", [])
        return []

    def fail(_: object, __: object) -> list[bytes]:
        raise ValueError("SECRET-CODE is not a number")

    tracing.start("query", release="1", url=collector.url)
    call(trace_requests(respond_unavailable), "c" * 32)
    with pytest.raises(ValueError, match="SECRET-CODE"):
        call(trace_requests(fail), "d" * 32)
    tracing.stop()
    for trace_id, status in (("c" * 32, "503"), ("d" * 32, "500")):
        span = collector.find(trace_id)["(none) (none)"]
        assert span.attributes["http.response.status_code"] == status
        assert span.status.code == Status.STATUS_CODE_ERROR
        assert "SECRET" not in str(span)


def test_nothing_of_opentelemetry_is_imported_while_traces_are_off() -> None:
    program = (
        "import sys, coupon_core.web.request_traces, coupon_core.gunicorn_conf;"
        "print(*(name for name in sys.modules if 'opentelemetry' in name))"
    )
    assert subprocess.check_output([sys.executable, "-c", program]) == b"\n"


def test_statements_are_those_without_a_trace_while_traces_are_off() -> None:
    assert not tracing.is_started()
    assert tracing.current_traceparent() is None
    assert "traceparent" not in outbox.build_single_insert(is_traced=False)
    assert ":traceparent" in outbox.build_single_insert(is_traced=True)


@pytest.fixture
def _started() -> Iterator[None]:
    url = f"http://127.0.0.1:{find_free_port()}/v1/traces"
    tracing.start("query", release="1", url=url)
    yield
    tracing.stop()


@pytest.mark.usefixtures("_started")
def test_a_request_with_several_events_continues_the_first_trace_that_it_has() -> None:
    delivery = tracing.TracedDelivery("coupon.redeemed", webhook_id=1)
    traces = [None, *(f"00-{each * 32}-{CALLER_SPAN_ID}-01" for each in "ef")]
    with tracing.trace_delivery(traces, delivery) as headers:
        assert headers.keys() == {"traceparent"}
        assert headers["traceparent"].split("-")[1] == "e" * 32
    with tracing.trace_delivery([None], delivery) as headers:
        assert headers == {}


@pytest.mark.usefixtures("_started")
def test_a_process_ends_soon_although_the_collector_does_not_answer() -> None:
    with tracing.trace_request(None, tracing.TracedRequest("GET")):
        assert tracing.current_traceparent()
    started_at = time.monotonic()
    tracing.stop()
    assert time.monotonic() - started_at < tracing.STOP_SECONDS + 7


@pytest.mark.parametrize("value", ["00-xyz", "", "00-" + "0" * 32 + "-1-01"])
@pytest.mark.usefixtures("_started")
def test_an_invalid_header_of_a_caller_begins_a_new_trace(value: str) -> None:
    with tracing.trace_request(value, tracing.TracedRequest("GET")):
        span = trace.get_current_span()
        assert span.get_span_context().is_valid
        assert span.parent is None


def test_a_url_without_the_extra_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUPON_TRACES_URL", "http://collector:4318/v1/traces")
    assert loader.load().traces_url == "http://collector:4318/v1/traces"
    monkeypatch.setattr(
        "coupon_core.settings.validators.TRACES_DISTRIBUTION", "no-such-distribution"
    )
    with pytest.raises(InvalidSettings, match=r"COUPON_TRACES_URL.*otel"):
        loader.load()
    monkeypatch.setenv("COUPON_TRACES_URL", "collector:4318")
    with pytest.raises(InvalidSettings, match=r"COUPON_TRACES_URL.*expected a URL"):
        loader.load()
