"""Reference and metadata of a redeem: optional, stored, in the event, not answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from coupon_core.domain.models import RedemptionRecord
from coupon_core.domain.models.filters import RedemptionFilter
from coupon_core.services.coupons import redemption_records
from tests.query_gateway.caller import Caller
from tests.support.invariants import list_events

METADATA = {"shop": "berlin", "items": 2, "gift": False}
INVALID: list[dict[str, Any]] = [
    {"reference": 7},
    {"reference": ""},
    {"reference": "r" * 256},
    {"reference": ["order-1"]},
    {"metadata": "text"},
    {"metadata": {"a b": 1}},
    {"metadata": {"a": {"b": 1}}},
    {"metadata": {f"k{number}": 1 for number in range(51)}},
]


def redeem(caller: Caller, code: str, **body: Any) -> TestResponse:
    return caller.call("POST", f"/redeem/{code}", json.dumps(body).encode())


def list_records(caller: Caller, **filters: Any) -> list[RedemptionRecord]:
    tenant_id, wanted = caller.tenant.tenant_id, RedemptionFilter(**filters)
    return redemption_records.list_redemptions(tenant_id, wanted, limit=10)[0]


def get_event_data(code: str) -> dict[str, Any]:
    (data,) = [
        data
        for _, data in list_events("coupon.redeemed")
        if data["coupon"]["code"] == code
    ]
    return data


def test_a_note_is_stored_and_sent_but_not_answered(any_caller: Caller) -> None:
    plain = any_caller.redeem(any_caller.tenant.create_code())
    code = any_caller.tenant.create_code()
    note = {"reference": "order-1", "metadata": METADATA}
    answer = redeem(any_caller, code, user_id="ann", **note)
    assert answer.status_code == 200, answer.json
    assert answer.json.keys() == plain.json.keys()
    (found,) = list_records(any_caller, reference="order-1")
    assert (found.code, found.metadata) == (code, METADATA)


@pytest.mark.parametrize("note", [{}, {"reference": None, "metadata": None}])
def test_a_redeem_without_a_note_stores_and_sends_none(
    caller: Caller, note: dict[str, Any]
) -> None:
    code = caller.tenant.create_code()
    assert redeem(caller, code, user_id="ann", **note).status_code == 200
    assert not {"reference", "metadata"} & get_event_data(code).keys()
    (found,) = list_records(caller)
    assert (found.reference, found.metadata) == (None, {})


def test_the_event_carries_the_note(caller: Caller) -> None:
    code = caller.tenant.create_code()
    note = {"reference": "order-1", "metadata": METADATA}
    assert redeem(caller, code, user_id="ann", **note).status_code == 200
    data = get_event_data(code)
    assert {name: data[name] for name in note} == note


@pytest.mark.parametrize("note", INVALID, ids=range(len(INVALID)))
def test_an_invalid_note_is_refused_and_redeems_nothing(
    caller: Caller, note: dict[str, Any]
) -> None:
    code = caller.tenant.create_code()
    answer = redeem(caller, code, user_id="ann", **note)
    assert (answer.status_code, answer.json["code"]) == (400, "VALIDATION_ERROR")
    assert answer.json["details"][0]["path"] in note
    assert list_records(caller) == []
