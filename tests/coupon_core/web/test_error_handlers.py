"""Errors: JSON in the dialect of the path, with the headers that belong to them."""

import json
import logging
import socket
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from marshmallow import ValidationError
from structlog.testing import capture_logs
from werkzeug.exceptions import HTTPException

from coupon_core.schemas.errors import ApiError
from coupon_core.schemas.validation_errors import (
    convert_messages,
    convert_validation_error,
)
from coupon_core.web.dialects import Dialect, find_dialect, sort_dialects
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
    body = check_refusal(client.get(f"/v1/fail/{how}"), status, code)
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
    (entry,) = (one for one in logs if one["event"] != "request")
    assert entry["request_id"] == answer.json["request_id"]
    assert entry["rule"] == "/v1/fail/<how>"
    assert entry["log_level"] == ("warning" if how == "gone" else "error")
    assert SECRET not in f"{logs}{caplog.text}"


def test_bug_is_logged_with_the_place(client: FlaskClient) -> None:
    with capture_logs() as logs:
        client.get("/v1/fail/bug")
    assert logs[0]["error"] == "ValueError"
    assert logs[0]["frames"][-1].endswith(" fail")


OTHER = {
    "expired": (404, "CouponExpired", "Too late"),
    "bug": (500, "INTERNAL_ERROR", "Internal error"),
    "gone": (503, "UNAVAILABLE", "Temporarily unavailable, try again shortly"),
}


@pytest.mark.parametrize(("how", "row"), OTHER.items())
def test_other_dialect_speaks_under_its_prefix(
    client: FlaskClient, how: str, row: tuple[int, str, str]
) -> None:
    answer = client.get(f"/api/v1/fail/{how}")
    assert answer.status_code == row[0]
    assert answer.json == {"error": {"type": row[1], "message": row[2]}}


ROUTING = [
    ("GET", "/nowhere", 404, "NOT_FOUND"),
    ("DELETE", "/v1/things", 405, "METHOD_NOT_ALLOWED"),
    ("FOO", "/v1/things", 405, "METHOD_NOT_ALLOWED"),
    ("GET", "/v1/things/%00", 400, "BAD_PATH"),
]


@pytest.mark.parametrize(("method", "path", "status", "code"), ROUTING)
def test_routing_errors_speak_both_dialects(
    client: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    check_refusal(client.open(path, method=method), status, code)
    other = client.open(path.replace("/v1/things", "/api/v1/fail/x"), method=method)
    if status != 404:
        assert (other.status_code, other.json["error"]["type"]) == (status, code)


def test_unknown_route_under_a_prefix_is_told_in_its_dialect(
    client: FlaskClient,
) -> None:
    body = client.get("/api/nowhere").json
    assert body == {"error": {"type": "NOT_FOUND", "message": "Not found"}}
    check_refusal(client.get("/apinowhere"), 404, "NOT_FOUND")


def test_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.delete("/v1/things")
    check_refusal(answer, 405, "METHOD_NOT_ALLOWED")
    allowed = set(answer.headers["Allow"].split(", "))
    assert allowed == {"GET", "HEAD", "POST", "OPTIONS"}


def test_bad_credential_is_challenged(client: FlaskClient) -> None:
    answer = client.get("/v1/things", headers={"Authorization": "bad"})
    check_refusal(answer, 401, "AUTH_001")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_refused_head_has_headers_and_no_body(port: int) -> None:
    lines = b"HEAD /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 5) as wire:
        wire.sendall(lines)
        head, _, rest = wire.makefile("rb").read().partition(b"\r\n\r\n")
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
    body = check_refusal(answer, status, answer.json["code"])
    assert body["code"].replace("_", "").replace("'", "").isupper()


@pytest.mark.parametrize("where", ["before", "after"])
def test_failing_hook_is_a_json_500(where: str) -> None:
    app = create_app()

    def fail(*_: Any) -> None:
        raise KeyError(SECRET)

    getattr(app, f"{where}_request")(fail)
    answer = app.test_client().get("/health")
    check_refusal(answer, 500, "INTERNAL_ERROR")
    assert SECRET not in answer.text


BROKEN: dict[str, tuple[Any, dict[str, str]]] = {
    "missing": ({}, {"name": "missing; expected text of 1 to 10 characters"}),
    "null": ({"name": None}, {"name": "expected text of 1 to 10 characters, not null"}),
    "unknown": (
        {"name": "a", "tenant_id": "t"},
        {"tenant_id": "unknown member; expected only documented ones"},
    ),
    "nested": (
        {"name": "a", "parts": [{"count": 1}, {"count": 11, "x": 1}]},
        {
            "parts.1.count": "expected an integer of 1 to 10",
            "parts.1.x": "unknown member; expected only documented ones",
        },
    ),
    "not a list": (
        {"name": "a", "parts": {}},
        {"parts": "expected a list of 0 to 3 items"},
    ),
    "too many": (
        {"name": "a", "parts": [{}] * 4},
        {"parts": "expected a list of 0 to 3 items"},
    ),
    "not an object": (
        {"name": "a", "parts": [1]},
        {"parts.0": "expected a JSON object"},
    ),
    "several": (
        {"kind": "huge", "on": 1},
        {
            "name": "missing; expected text of 1 to 10 characters",
            "kind": "expected one of big, small",
            "on": "expected true or false",
        },
    ),
}


@pytest.mark.parametrize(("sent", "said"), BROKEN.values(), ids=list(BROKEN))
def test_every_bad_field_is_named_with_what_was_expected(
    client: FlaskClient, sent: Any, said: dict[str, str]
) -> None:
    answer = client.post("/v1/things", json=sent)
    details = check_refusal(answer, 400, "VALIDATION_ERROR")["details"]
    assert {d["path"]: d["message"] for d in details} == said
    assert {d["target"] for d in details} == {"body"}


def test_first_bad_field_is_in_the_text(client: FlaskClient) -> None:
    answer = client.post("/v1/things", json={"name": "a", "on": 1, "at": 1})
    text = answer.json["message"]
    assert text == "Invalid body: on: expected true or false (and 1 more)"


def test_thousand_bad_fields_make_a_short_answer(client: FlaskClient) -> None:
    sent = {"x" * 500 + str(n): 1 for n in range(120)}
    answer = client.post("/v1/things", json=sent)
    body = check_refusal(answer, 400, "VALIDATION_ERROR")
    assert len(body["details"]) == 100
    assert len(answer.data) < 30_000


def test_schema_loaded_by_hand_is_told_the_same_way() -> None:
    problem = convert_validation_error(ValidationError({"a": {0: ["no"]}}), "query")
    (detail,) = problem.details
    assert (detail.path, detail.message, detail.target) == ("a.0", "no", "query")
    assert convert_validation_error(ValidationError("no")).details[0].path == ""
    assert convert_messages({}, "body").status == 400


def test_longest_prefix_wins() -> None:
    dialects = sort_dialects([Dialect(p) for p in ("", "/v1/server", "/v1", "/v1/s")])
    seen = {
        path: find_dialect(dialects, path).prefix
        for path in ("/v1/server/x", "/v1/server", "/v1/servers", "/v1/s/x", "/v2", "")
    }
    assert seen == {
        "/v1/server/x": "/v1/server",
        "/v1/server": "/v1/server",
        "/v1/servers": "/v1",
        "/v1/s/x": "/v1/s",
        "/v2": "",
        "": "",
    }


def test_error_text_may_hold_any_character(port: int) -> None:
    answer = get(port, b"/v1/things?limit=1&lim%C3%AFt=%zz")
    assert check_refusal(answer, 400, "VALIDATION_ERROR")["details"]
    json.loads(answer.data.decode("utf-8"))


def test_problem_keeps_what_it_was_given() -> None:
    problem = ApiError(409, "CONFLICT", "Busy", headers={"Retry-After": "2"})
    assert (problem.status, problem.details) == (409, ())
    assert problem.headers["Retry-After"] == "2"
    assert not isinstance(problem, HTTPException)
