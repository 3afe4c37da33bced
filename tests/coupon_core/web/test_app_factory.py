"""The app: health, request ids, security headers, refused configurations."""

import re
import time
from threading import Event
from typing import Any

import pytest
from flask import Blueprint
from flask.testing import FlaskClient

from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.gunicorn_errors import serialize_error_response
from tests.coupon_core.web.demo_app import SECRET, create_app, raise_from_check
from tests.coupon_core.web.wire_client import check_refusal, get, send
from tests.support.servers.process import SOON_SECONDS

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@pytest.mark.parametrize("path", ["/health", "/", "/ready", "/v1/things", "/nowhere"])
def test_every_answer_has_the_safe_headers_once(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert {name: answer.headers.getlist(name) for name in SECURITY_HEADERS} == {
        name: [value] for name, value in SECURITY_HEADERS.items()
    }
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert answer.content_type == "application/json"


def test_health(client: FlaskClient) -> None:
    assert client.get("/health").json == {"status": "healthy"}


def test_ready(client: FlaskClient) -> None:
    assert client.get("/ready").json == {
        "status": "ready",
        "database": "connected",
        "message_queue": "connected",
    }


def test_not_ready_names_what_is_missing_and_no_secret() -> None:
    checks = {"database": raise_from_check, "message_queue": lambda: "connected"}
    answer = create_app(ready_checks=checks).test_client().get("/ready")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json == {
        "status": "not ready",
        "database": "unavailable",
        "message_queue": "connected",
    }
    assert SECRET not in answer.text


def test_a_check_that_hangs_is_told_in_time_and_holds_up_no_other() -> None:
    is_released = Event()
    checks = {"database": lambda: str(is_released.wait(60)), "migrations": lambda: "up"}
    client = create_app(ready_checks=checks).test_client()
    try:
        started_at = time.monotonic()
        answers = [client.get("/ready") for _ in range(2)]
        assert time.monotonic() - started_at < SOON_SECONDS
    finally:
        is_released.set()
    for answer in answers:
        assert answer.status_code == 503
        assert answer.json["database"] == "unavailable"
        assert answer.json["migrations"] == "up"


@pytest.mark.parametrize("path", ["/health", "/ready", "/"])
def test_health_takes_get_and_head_only(client: FlaskClient, path: str) -> None:
    assert client.head(path).status_code == 200
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = client.open(path, method=method)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_options_names_the_methods_and_has_no_body(client: FlaskClient) -> None:
    answer = client.options("/v1/things")
    assert (answer.status_code, answer.data) == (200, b"")
    assert "POST" in answer.headers["Allow"]


def test_index_leads_to_the_documents(client: FlaskClient) -> None:
    index = client.get("/").json
    assert index["name"] == "Demo <gateway>"
    for link in ("docs", "openapi", "health", "ready"):
        assert client.get(index[link]).status_code == 200


@pytest.mark.parametrize("sent", ["a", "A.b_c-9", "x" * 64])
def test_sane_request_id_comes_back(client: FlaskClient, sent: str) -> None:
    answer = client.get("/nowhere", headers={"X-Request-Id": sent})
    assert answer.headers["X-Request-Id"] == answer.json["request_id"] == sent


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "<b>", "a,b", "é", "a\tb"])
def test_odd_request_id_is_replaced(client: FlaskClient, sent: str) -> None:
    answer = client.get("/nowhere", headers={"X-Request-Id": sent})
    assert re.fullmatch("[0-9a-f]{24}", answer.headers["X-Request-Id"])


def test_two_requests_have_two_ids(client: FlaskClient) -> None:
    ids = {client.get("/health").headers["X-Request-Id"] for _ in range(100)}
    assert len(ids) == 100


def test_request_id_sent_twice_is_replaced(port: int) -> None:
    answer = get(port, b"/health", b"X-Request-Id: a", b"X-Request-Id: b")
    assert re.fullmatch("[0-9a-f]{24}", answer.headers["x-request-id"])


def test_text_goes_out_as_it_is_and_compact(client: FlaskClient) -> None:
    answer = client.post("/v1/echo", json={"a": "é😀", "b": [1, None]})
    assert answer.data.decode() == '{"a":"é😀","b":[1,null]}'
    assert client.get("/v1/things/é").data.decode() == '{"id":"é"}'


@pytest.mark.parametrize(
    "headers",
    [{"Host": "x" * 70}, {"Connection": "Upgrade", "Upgrade": "websocket"}],
    ids=["host with a long label", "upgrade to websocket"],
)
def test_the_route_depends_on_path_and_method_only(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    assert client.get("/health", headers=headers).json == {"status": "healthy"}


def test_rule_that_would_redirect_is_refused_at_start() -> None:
    routes = Blueprint("routes", __name__)
    routes.add_url_rule("/here/", "here", lambda: "")
    with pytest.raises(ValueError, match="/here/ would redirect"):
        create_app(blueprints=[routes])


def test_one_blueprint_may_stand_under_two_names() -> None:
    routes = JsonBlueprint("routes", __name__)
    routes.route("/who")(lambda: {"who": "me"})
    registrations: list[Any] = [
        (routes, {"name": "a", "url_prefix": "/a"}),
        (routes, {"name": "b", "url_prefix": "/b"}),
    ]
    client = create_app(blueprints=registrations).test_client()
    assert client.get("/a/who").json == client.get("/b/who").json == {"who": "me"}
    paths = client.get("/openapi.json").json["paths"]
    ids = {paths[path]["get"]["operationId"] for path in ("/a/who", "/b/who")}
    assert len(ids) == 2


def test_teardown_is_called_even_after_a_failure() -> None:
    errors: list[BaseException | None] = []
    client = create_app(teardown=errors.append).test_client()
    client.get("/health")
    client.get("/v1/fail/bug")
    assert len(errors) == 2


def test_status_unknown_to_the_table_is_still_json() -> None:
    head, _, body = serialize_error_response(417, "Expectation Failed").partition(
        b"\r\n\r\n"
    )
    assert head.startswith(b"HTTP/1.1 417 Expectation Failed\r\n")
    assert b'"code":"EXPECTATION_FAILED"' in body
    assert f"Content-Length: {len(body)}".encode() in head


@pytest.mark.parametrize(
    "line",
    [b"GARBAGE", b"GET /", b"GET / HTTP/9.9", b"G@T / HTTP/1.1", b"\x16\x03\x01"],
)
def test_what_is_no_http_is_answered_in_json(port: int, line: bytes) -> None:
    answer = send(port, line + b"\r\nHost: x\r\n\r\n")
    check_refusal(answer, 400, code="BAD_REQUEST")
