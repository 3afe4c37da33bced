"""Validation errors name every invalid field and what was expected."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from marshmallow import ValidationError

from coupon_core.schemas.validation_errors import (
    convert_messages,
    convert_validation_error,
)
from tests.coupon_core.web.wire_client import check_refusal

INVALID_BODIES: dict[str, tuple[Any, dict[str, str]]] = {
    "missing": ({}, {"name": "missing; expected text of 1 to 10 characters"}),
    "null": ({"name": None}, {"name": "expected text of 1 to 10 characters, not null"}),
    "unknown": (
        {"name": "a", "tenant_id": "t"},
        {"tenant_id": "unknown member; expected only documented members"},
    ),
    "nested": (
        {"name": "a", "parts": [{"count": 1}, {"count": 11, "x": 1}]},
        {
            "parts.1.count": "expected an integer of 1 to 10",
            "parts.1.x": "unknown member; expected only documented members",
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


@pytest.mark.parametrize(
    ("body", "expected_messages"), INVALID_BODIES.values(), ids=list(INVALID_BODIES)
)
def test_every_bad_field_is_named_with_what_was_expected(
    client: FlaskClient, body: Any, expected_messages: dict[str, str]
) -> None:
    answer = client.post("/v1/things", json=body)
    details = check_refusal(answer, 400, code="VALIDATION_ERROR")["details"]
    assert {
        detail["path"]: detail["message"] for detail in details
    } == expected_messages
    assert {detail["target"] for detail in details} == {"body"}


def test_first_bad_field_is_in_the_text(client: FlaskClient) -> None:
    answer = client.post("/v1/things", json={"name": "a", "on": 1, "at": 1})
    text = answer.json["message"]
    assert text == "Invalid body: on: expected true or false (and 1 more)"


def test_thousand_bad_fields_make_a_short_answer(client: FlaskClient) -> None:
    members = {"x" * 500 + str(index): 1 for index in range(120)}
    answer = client.post("/v1/things", json=members)
    body = check_refusal(answer, 400, code="VALIDATION_ERROR")
    assert len(body["details"]) == 100
    assert len(answer.data) < 30_000


def test_schema_loaded_by_hand_is_told_the_same_way() -> None:
    error = convert_validation_error(ValidationError({"a": {0: ["no"]}}), "query")
    (detail,) = error.details
    assert (detail.path, detail.message, detail.target) == ("a.0", "no", "query")
    assert convert_validation_error(ValidationError("no")).details[0].path == ""
    assert convert_messages({}, "body").status == 400
