"""Errors are JSON in the dialect of the path, with the right headers."""

import json
import logging
import socket
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.exceptions import HTTPException

from coupon_core.schemas.errors import ApiError
from coupon_core.web.dialects import ErrorFormat, find_dialect, sort_dialects
from tests.coupon_core.web.demo_app import SECRET, create_app
from tests.coupon_core.web.wire_client import check_refusal, get

FAILURES = {
    "expired": (400, "EXPIRED", "Coupon has expired"),
    "detailed": (400, "EXPIRED", "Coupon of yesterday"),
    "forgotten": (500, "INTERNAL_ERROR", "Internal error"),
    "bug": (500, "INTERNAL_ERROR", "Internal error"),
    "deep": (500, "INTERNAL_ERROR", "Internal error"),
    "gone": (503, "UNAVAILABLE", "Temporarily unavailable, try again shortly"),
}


@pytest.mark.parametrize(("how", "row"), FAILURES.items())
def test_failure_has_its_status_code_and_text(
    client: FlaskClient, how: str, row: tuple[int, str, str]
) -> None:
    status, code, text = row
    body = check_refusal(client.get(f"/v1/fail/{how}"), status, code=code)
    assert body == {
        "error": text,
        "message": text,
        "code": code,
        "request_id": body["request_id"],
    }


def test_database_trouble_asks_to_come_back(client: FlaskClient) -> None:
    assert client.get("/v1/fail/gone").headers["Retry-After"] == "1"


@pytest.mark.parametrize("how", ["bug", "gone", "deep", "forgotten"])
def test_log_has_the_request_but_no_secret_path_or_query(
    client: FlaskClient, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = f"/v1/fail/{how}?token={SECRET}"
    with capture_logs() as logs, caplog.at_level(logging.DEBUG):
        answer = client.get(path, headers={"Authorization": SECRET})
    (entry,) = (record for record in logs if record["event"] != "request")
    assert entry["request_id"] == answer.json["request_id"]
    assert entry["rule"] == "/v1/fail/<how>"
    assert entry["log_level"] == ("warning" if how == "gone" else "error")
    assert SECRET not in f"{logs}{caplog.text}"


def test_bug_is_logged_with_the_place(client: FlaskClient) -> None:
    with capture_logs() as logs:
        client.get("/v1/fail/bug")
    assert logs[0]["error"] == "ValueError"
    assert logs[0]["frames"][-1].endswith(" raise_failure")


OTHER_DIALECT_FAILURES = {
    "expired": (404, "CouponExpired", "Too late"),
    "bug": (500, "INTERNAL_ERROR", "Internal error"),
    "gone": (503, "UNAVAILABLE", "Temporarily unavailable, try again shortly"),
}


@pytest.mark.parametrize(("how", "row"), OTHER_DIALECT_FAILURES.items())
def test_other_dialect_speaks_under_its_prefix(
    client: FlaskClient, how: str, row: tuple[int, str, str]
) -> None:
    answer = client.get(f"/api/v1/fail/{how}")
    assert answer.status_code == row[0]
    assert answer.json == {"error": {"type": row[1], "message": row[2]}}


ROUTING_ERRORS = [
    ("GET", "/nowhere", 404, "NOT_FOUND"),
    ("DELETE", "/v1/things", 405, "METHOD_NOT_ALLOWED"),
    ("FOO", "/v1/things", 405, "METHOD_NOT_ALLOWED"),
    ("GET", "/v1/things/%00", 400, "BAD_PATH"),
]


@pytest.mark.parametrize(("method", "path", "status", "code"), ROUTING_ERRORS)
def test_routing_errors_speak_both_dialects(
    client: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    check_refusal(client.open(path, method=method), status, code=code)
    other = client.open(path.replace("/v1/things", "/api/v1/fail/x"), method=method)
    if status != 404:
        assert (other.status_code, other.json["error"]["type"]) == (status, code)


def test_unknown_route_under_a_prefix_is_told_in_its_dialect(
    client: FlaskClient,
) -> None:
    body = client.get("/api/nowhere").json
    assert body == {"error": {"type": "NOT_FOUND", "message": "Not found"}}
    check_refusal(client.get("/apinowhere"), 404, code="NOT_FOUND")


def test_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.delete("/v1/things")
    check_refusal(answer, 405, code="METHOD_NOT_ALLOWED")
    allowed = set(answer.headers["Allow"].split(", "))
    assert allowed == {"GET", "HEAD", "POST", "OPTIONS"}


def test_bad_credential_is_challenged(client: FlaskClient) -> None:
    answer = client.get("/v1/things", headers={"Authorization": "bad"})
    check_refusal(answer, 401, code="AUTH_001")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_refused_head_has_headers_and_no_body(port: int) -> None:
    lines = b"HEAD /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.sendall(lines)
        head, _, rest = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 ")
    assert b"Content-Type: application/json" in head
    assert rest == b""


STATUSES = [400, 401, 403, 404, 405, 406, 408, 409, 411, 412, 413, 414, 415, 416, 417]
STATUSES += [418, 422, 423, 424, 428, 429, 431, 451, 500, 501, 502, 503, 504]


@pytest.mark.parametrize("status", STATUSES)
def test_every_abort_is_json_with_a_stable_code(status: int) -> None:
    app = create_app()
    app.add_url_rule("/abort", "abort", lambda: flask.abort(status))
    answer = app.test_client().get("/abort")
    body = check_refusal(answer, status, code=answer.json["code"])
    assert body["code"].replace("_", "").replace("'", "").isupper()


@pytest.mark.parametrize("where", ["before", "after"])
def test_failing_hook_is_a_json_500(where: str) -> None:
    app = create_app()

    def raise_key_error(*_: Any) -> None:
        raise KeyError(SECRET)

    getattr(app, f"{where}_request")(raise_key_error)
    answer = app.test_client().get("/health")
    check_refusal(answer, 500, code="INTERNAL_ERROR")
    assert SECRET not in answer.text


def test_longest_prefix_wins() -> None:
    dialects = sort_dialects(
        [ErrorFormat(prefix) for prefix in ("", "/v1/server", "/v1", "/v1/s")]
    )
    prefixes = {
        path: find_dialect(dialects, path).prefix
        for path in ("/v1/server/x", "/v1/server", "/v1/servers", "/v1/s/x", "/v2", "")
    }
    assert prefixes == {
        "/v1/server/x": "/v1/server",
        "/v1/server": "/v1/server",
        "/v1/servers": "/v1",
        "/v1/s/x": "/v1/s",
        "/v2": "",
        "": "",
    }


def test_error_text_may_hold_any_character(port: int) -> None:
    answer = get(port, b"/v1/things?limit=1&lim%C3%AFt=%zz")
    assert check_refusal(answer, 400, code="VALIDATION_ERROR")["details"]
    json.loads(answer.data.decode("utf-8"))


def test_problem_keeps_what_it_was_given() -> None:
    error = ApiError(409, "CONFLICT", message="Busy", headers={"Retry-After": "2"})
    assert (error.status, error.details) == (409, ())
    assert error.headers["Retry-After"] == "2"
    assert not isinstance(error, HTTPException)
