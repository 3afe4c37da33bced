"""Refused calls of each API are counted, and remembered without the code."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from coupon_core.domain.models import utc_now
from coupon_core.domain.pasted_text import MAX_REMEMBERED_LENGTH
from coupon_core.domain.report_counts import ALL_CREATORS, WHOLE_TENANT
from coupon_core.observability import attempt_buffer
from coupon_core.persistence.tables import RefusalCountTable, ReportQuarterTable
from coupon_core.services.insight import attempt_flush, attempts
from tests.factories.campaigns import CREATOR_KEY, CampaignFactory
from tests.factories.tenant import TenantFactory
from tests.query_gateway.caller import Caller
from tests.query_gateway.mambo.site import JOHN, build_activity, create_site_client
from tests.query_gateway.playcamp.sdk_client import SdkClient

UNKNOWN_ID = "01936f2e-6d3e-7e50-9c77-4a7c8c3fbd32"
Call = Callable[[Caller, str], Any]


@pytest.fixture(autouse=True)
def empty_buffer() -> None:
    attempt_buffer.take()


def create_sdk(caller: Caller) -> SdkClient:
    key = CampaignFactory(caller.tenant).create_client_key()
    return SdkClient(caller.client, key)


def call_mambo(caller: Caller, path: str, body: Any) -> None:
    site = create_site_client(caller.client.application, caller.tenant)
    site.post("users", {"uuid": "ann"})  # refused if it exists, which is no attempt
    site.post(path, body)


def reserve(caller: Caller, code: str) -> None:
    body = json.dumps({"user_id": caller.user_id}).encode()
    caller.call("POST", f"/reserve/{code}", body)


CALLS: dict[str, tuple[Call, tuple[str, str, str]]] = {
    "Phoenix validate": (
        lambda caller, code: caller.validate(code),
        ("validate", "phoenix", "COUPON_REVOKED"),
    ),
    "Phoenix redeem": (
        lambda caller, code: caller.redeem(code),
        ("redeem", "phoenix", "COUPON_REVOKED"),
    ),
    "Phoenix reserve": (reserve, ("reserve", "phoenix", "COUPON_REVOKED")),
    "PlayCamp validate": (
        lambda caller, code: create_sdk(caller).validate(code),
        ("validate", "playcamp", "COUPON_INACTIVE"),
    ),
    "PlayCamp redeem": (
        lambda caller, code: create_sdk(caller).redeem(code),
        ("redeem", "playcamp", "COUPON_INACTIVE"),
    ),
    "Mambo validate": (
        lambda caller, code: call_mambo(
            caller, "coupons/validate", {"uuid": "ann", "code": code}
        ),
        ("validate", "mambo", "CouponInactiveException"),
    ),
    "Mambo redeem": (
        lambda caller, code: call_mambo(
            caller, "activities/sync", build_activity("redeem", code, "ann")
        ),
        ("redeem", "mambo", "CouponInactiveException"),
    ),
    "Mambo redeem that records its failure": (
        lambda caller, code: call_mambo(
            caller, "activities", build_activity("redeem", code, "ann")
        ),
        ("redeem", "mambo", "CouponInactiveException"),
    ),
    "Mambo redeem of the 2015 SDKs": (
        lambda caller, code: call_mambo(
            caller, "coupons/redeem", {"uuid": "ann", "code": code}
        ),
        ("redeem", "mambo", "CouponInactiveException"),
    ),
    "Mambo buy": (
        lambda caller, code: call_mambo(
            caller, "activities/sync", build_activity("buy", code, "ann")
        ),
        ("buy", "mambo", "CouponNotBuyableException"),
    ),
    "Mambo refund": (
        lambda caller, code: call_mambo(
            caller, "activities/sync", build_activity("refund", code, "ann")
        ),
        ("refund", "mambo", "CouponRefundException"),
    ),
}


def read_refusals(tenant: TenantFactory) -> dict[tuple[str, ...], int]:
    """Return the refusals by definition, action, API and reason."""
    rows = RefusalCountTable.select().where(
        RefusalCountTable.tenant_id == tenant.tenant_id,
        RefusalCountTable.resolution == "quarter",
    )
    return {
        (str(row.definition_id), row.action, row.dialect, row.reason): row.refused
        for row in rows
    }


def read_totals(tenant: TenantFactory) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Return refused and validated calls by definition, creator and API."""
    rows = ReportQuarterTable.select().where(
        (ReportQuarterTable.tenant_id == tenant.tenant_id)
        & (ReportQuarterTable.creator_key != ALL_CREATORS)
    )
    return {
        (str(row.definition_id), row.creator_key, row.dialect): (
            row.refused,
            row.validated,
        )
        for row in rows
    }


@pytest.mark.parametrize("name", CALLS)
def test_a_refused_call_is_counted_and_remembered(caller: Caller, name: str) -> None:
    call, (action, dialect, reason) = CALLS[name]
    tenant = caller.tenant
    definition = tenant.define()
    code = tenant.issue_code(definition)
    tenant.revoke(code)
    started_at = utc_now()
    call(caller, code)
    call(caller, code)
    attempt_flush.flush()
    definition_id = definition.definition_id
    assert read_refusals(tenant) == {(definition_id, action, dialect, reason): 2}
    total = (0, 2) if action == "validate" else (2, 0)
    assert read_totals(tenant) == {
        (definition_id, "", dialect): total,
        (WHOLE_TENANT, "", dialect): total,
    }
    (newest, oldest), cursor = attempts.list_attempts(tenant.tenant_id, code=code)
    assert cursor is None
    assert (
        newest.attempted_at >= oldest.attempted_at >= started_at.replace(microsecond=0)
    )
    assert (newest.action, newest.dialect, newest.reason) == (action, dialect, reason)
    assert newest.definition_id == definition_id
    assert newest.user_id == "ann"
    assert newest.masked_code == code[:2] + "*" * (len(code) - 3) + code[-1]


def test_a_refused_confirmation_is_counted(caller: Caller) -> None:
    caller.call("POST", f"/reservations/{UNKNOWN_ID}/confirm")
    attempt_flush.flush()
    key = (WHOLE_TENANT, "confirm", "phoenix", "RESERVATION_NOT_FOUND")
    assert read_refusals(caller.tenant) == {key: 1}
    (found,), _ = attempts.list_attempts(caller.tenant.tenant_id)
    assert (found.definition_id, found.masked_code) == (None, "")


def test_a_confirmation_that_is_refused_names_the_definition(caller: Caller) -> None:
    definition = caller.tenant.define()
    code = caller.tenant.issue_code(definition)
    body = json.dumps({"user_id": caller.user_id}).encode()
    held = caller.call("POST", f"/reserve/{code}", body).json["reservation_id"]
    caller.tenant.revoke(code)
    caller.call("POST", f"/reservations/{held}/confirm")
    attempt_flush.flush()
    key = (definition.definition_id, "confirm", "phoenix", "COUPON_REVOKED")
    assert read_refusals(caller.tenant) == {key: 1}


def test_valid_codes_count_as_validated_only(caller: Caller) -> None:
    definition = caller.tenant.define()
    code = caller.tenant.issue_code(definition)
    caller.validate(code)
    create_sdk(caller).validate(code)
    call_mambo(caller, "coupons/validate", {"uuid": "ann", "code": code})
    caller.redeem(code)
    attempt_flush.flush()
    assert read_refusals(caller.tenant) == {}
    assert attempts.list_attempts(caller.tenant.tenant_id) == ([], None)
    assert read_totals(caller.tenant) == {
        (definition_id, "", dialect): (0, 1)
        for definition_id in (definition.definition_id, WHOLE_TENANT)
        for dialect in ("phoenix", "playcamp", "mambo")
    }


def test_refusals_of_a_creators_code_count_for_the_creator(caller: Caller) -> None:
    factory = CampaignFactory(caller.tenant)
    code = factory.create_redeemable_code()
    sdk = create_sdk(caller)
    sdk.redeem(code.lower())
    assert sdk.redeem(code.lower()).status_code == 400
    attempt_flush.flush()
    totals = read_totals(caller.tenant)
    assert {key[1] for key in totals} == {CREATOR_KEY}
    assert set(totals.values()) == {(1, 0)}


def test_what_cannot_be_a_code_is_stored_as_stars(caller: Caller) -> None:
    create_sdk(caller).redeem("hunter 2\u00e9")
    attempt_flush.flush()
    (found,), _ = attempts.list_attempts(caller.tenant.tenant_id, code="HUNTER 2\u00e9")
    assert found.masked_code == "*" * 9


@pytest.mark.parametrize("name", ["PlayCamp validate", "PlayCamp redeem"])
def test_a_long_text_takes_little_memory_and_is_found(
    caller: Caller, name: str
) -> None:
    entered = " " + "x" * (MAX_REMEMBERED_LENGTH - 1) + " " + "y" * 50_000
    CALLS[name][0](caller, entered)
    collected = attempt_buffer.take()
    assert len(collected.attempts[0].code) <= MAX_REMEMBERED_LENGTH
    attempts.store(caller.tenant.tenant_id, collected, utc_now())
    (found,), _ = attempts.list_attempts(caller.tenant.tenant_id, code=entered)
    assert found.masked_code == "*" * 64


def test_what_is_refused_before_a_code_is_looked_up_is_no_attempt(
    app: Flask, caller: Caller
) -> None:
    code = caller.tenant.create_code()
    client = app.test_client()
    assert client.get(f"/v1/coupons/validate/{code}").status_code == 401
    assert caller.redeem(code, user_id="bob").status_code == 403
    assert caller.call("POST", f"/redeem/{code}", b"{}").status_code == 400
    assert create_sdk(caller).redeem("UNKNOWN", isTest=True).status_code == 404
    create_sdk(caller).validate("UNKNOWN", isTest=True)
    assert not attempt_buffer.take().counts


def test_a_repeated_request_is_one_attempt(caller: Caller) -> None:
    body = json.dumps({"user_id": caller.user_id}).encode()
    for _ in range(2):
        headers = {"Idempotency-Key": "order-1"}
        answer = caller.call("POST", "/redeem/UNKNOWN9", body, headers)
        assert answer.status_code == 404
    assert list(attempt_buffer.take().counts.values()) == [1]


def test_a_user_without_a_coupon_is_named_as_the_caller_entered_it(
    caller: Caller,
) -> None:
    call_mambo(caller, "activities/sync", build_activity("redeem", "NOCODE99", JOHN))
    attempt_flush.flush()
    (found,), _ = attempts.list_attempts(caller.tenant.tenant_id, user_id=JOHN)
    assert found.reason == "CouponNotFoundException"


USES_A_CODE = re.compile(
    r"/(validate|redeem|reserve)(/<code>)?$|/confirm$|/refund$|/activities(/sync)?$"
)
RECORDERS = {"announce_attempt", "record_validation"}


def list_called_names(view: Any) -> set[str]:
    """Return the names that a view and the helpers of its module use."""
    names: set[str] = set()
    waiting = [inspect.unwrap(view)]
    while waiting:
        function = waiting.pop()
        for name in set(function.__code__.co_names) - names:
            names.add(name)
            helper = function.__globals__.get(name)
            if inspect.isfunction(helper) and helper.__module__ == function.__module__:
                waiting.append(helper)
    return names


def test_each_route_that_uses_a_code_records_its_attempts(app: Flask) -> None:
    routes = {
        f"{method} {rule.rule}": app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
        if USES_A_CODE.search(rule.rule)
        and (method == "POST" or "/validate/" in rule.rule)
    }
    assert len(routes) == 16
    silent = [
        name
        for name, view in routes.items()
        if RECORDERS.isdisjoint(list_called_names(view))
    ]
    assert silent == []
