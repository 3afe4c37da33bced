"""Code guessing: one budget of failures for all kinds of requests."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.persistence.tables import database_proxy as proxy
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import (
    IN_MEMORY_URL,
    GuessLimits,
    RateLimit,
)
from coupon_core.services.access import tenants
from tests.factories.campaigns import CampaignFactory
from tests.factories.tenant import TenantFactory
from tests.query_gateway.caller import Caller, CallStyle
from tests.query_gateway.mambo.site import build_activity, create_site_client
from tests.query_gateway.playcamp.sdk_client import SdkClient

USER, TENANT = (
    RateLimit("guesses-per-user", 5, 600),
    RateLimit("guesses-per-tenant", 12, 600),
)
SERVER, STYLE_B = CallStyle("A", "server-token"), CallStyle("B", "user-token")

Ask = Callable[[Caller, str], TestResponse]
numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def small_budgets(app: Flask) -> Iterator[None]:
    """Set small budgets for each test, counted in this process only."""
    code_guessing.configure(GuessLimits(IN_MEMORY_URL, USER, TENANT))
    yield
    code_guessing.configure(GuessLimits())


def guess(caller: Caller, number: int) -> TestResponse:
    """Redeem a code that does not exist."""
    return caller.redeem(f"WRONG{number}")


def guess_all(caller: Caller, amount: int = USER.amount) -> list[int]:
    return [guess(caller, number).status_code for number in range(amount)]


def assert_refused(answer: TestResponse, budget: RateLimit = USER) -> None:
    assert answer.status_code == 429, answer.text
    seconds = int(answer.headers["Retry-After"])
    assert 0 < seconds <= budget.seconds
    policy = f'"{budget.name}";q={budget.amount};w={budget.seconds}'
    assert answer.headers["RateLimit-Policy"] == policy
    assert answer.headers["RateLimit"] == f'"{budget.name}";r=0;t={seconds}'


def test_when_the_budget_is_gone_even_the_right_code_is_refused(
    any_caller: Caller,
) -> None:
    code = any_caller.tenant.create_code()
    assert guess_all(any_caller) == [404] * USER.amount
    answer = any_caller.redeem(code)
    assert_refused(answer)
    assert answer.json["code"] == "RATE_LIMITED"
    assert answer.json["message"] == answer.json["error"]


# Only SQLite lets a test trace statements.
@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_the_database_is_not_asked_once_the_budget_is_gone(caller: Caller) -> None:
    code = caller.tenant.create_code()
    guess_all(caller)
    statements: list[str] = []
    proxy.connection().set_trace_callback(statements.append)
    assert_refused(caller.redeem(code))
    proxy.connection().set_trace_callback(None)
    assert [sql for sql in statements if "coupon" in sql or "shared_code" in sql] == []


def test_others_go_on(create_caller: Callable[..., Caller], caller: Caller) -> None:
    guess_all(caller)
    bob = create_caller("bob")
    assert bob.redeem(caller.tenant.create_code("bob")).status_code == 200


def test_good_codes_cost_nothing(caller: Caller) -> None:
    for _ in range(USER.amount + 1):
        assert caller.validate(caller.tenant.create_code())["valid"]
        assert caller.redeem(caller.tenant.create_code()).status_code == 200


def test_codes_that_are_known_but_not_good_cost_nothing(caller: Caller) -> None:
    code = caller.tenant.create_code()
    statuses = Counter(caller.redeem(code).status_code for _ in range(10))
    assert statuses == {200: 1, 400: 9}


def test_a_users_lists_stay_readable(caller: Caller) -> None:
    guess_all(caller)
    assert caller.get("/user/ann").status_code == 200


def test_many_users_of_one_server_share_the_tenants_budget(
    app: Flask, tenant: TenantFactory, other_tenant: TenantFactory
) -> None:
    for number in range(TENANT.amount):
        server = Caller(app.test_client(), tenant, SERVER, f"user-{number}")
        assert guess(server, number).status_code == 404
    fresh = Caller(app.test_client(), tenant, SERVER, "fresh")
    assert_refused(fresh.redeem(tenant.create_code("fresh")), TENANT)
    elsewhere = Caller(app.test_client(), other_tenant)
    assert elsewhere.redeem(other_tenant.create_code()).status_code == 200


def test_leaked_client_key_does_not_use_up_the_budget_of_others(
    app: Flask, tenant: TenantFactory
) -> None:
    campaigns = CampaignFactory(tenant)
    code = tenant.create_code()
    leaked, other = (
        SdkClient(app.test_client(), campaigns.create_client_key(kind), "client")
        for kind in [ClientKeyKind.PLAYCAMP_CLIENT] * 2
    )
    path = "/coupons/validate"
    answers = [
        leaked.call("POST", path, {"couponCode": f"NO{number}"})
        for number in range(TENANT.amount + 1)
    ]
    assert [answer.status_code for answer in answers] == [200] * TENANT.amount + [429]
    assert 'guesses-per-key";q=12' in answers[-1].headers["RateLimit-Policy"]
    assert other.call("POST", path, {"couponCode": "NO"}).status_code == 200
    for user_id in ("ann", "None"):
        player = Caller(app.test_client(), tenant, user_id=user_id)
        assert guess(player, 1).status_code == 404
    server = Caller(app.test_client(), tenant, SERVER)
    assert server.get(f"/validate/{code}").json["valid"]
    assert Caller(app.test_client(), tenant).redeem(code).status_code == 200


def test_user_called_none_and_a_caller_without_user_have_separate_budgets(
    app: Flask, tenant: TenantFactory
) -> None:
    guess_all(Caller(app.test_client(), tenant, user_id="None"))
    server = Caller(app.test_client(), tenant, SERVER)
    statuses = [
        server.get(f"/validate/NO{number}").status_code
        for number in range(TENANT.amount + 1)
    ]
    assert statuses == [200] * TENANT.amount + [429]
    player = Caller(app.test_client(), tenant, user_id="ann")
    assert guess(player, 1).status_code == 404


# ------------------------------------------------- attempts to bypass the budget


def head(caller: Caller, code: str) -> TestResponse:
    return caller.call("HEAD", f"/validate/{code}")


def other_style(caller: Caller, code: str) -> TestResponse:
    return Caller(caller.client, caller.tenant, STYLE_B).redeem(code)


def as_server(caller: Caller, code: str) -> TestResponse:
    return Caller(caller.client, caller.tenant, SERVER).redeem(code)


def signed(caller: Caller, code: str) -> TestResponse:
    return Caller(caller.client, caller.tenant, CallStyle("A", "hmac")).redeem(code)


def named_in_the_query(caller: Caller, code: str) -> TestResponse:
    server = Caller(caller.client, caller.tenant, SERVER)
    return server.get(f"/validate/{code}?user_id=%61n%6E")


def send_playcamp(path: str, **more: Any) -> Ask:
    """Return a function that sends a PlayCamp server's request for the same user."""

    def ask(caller: Caller, code: str) -> TestResponse:
        key = CampaignFactory(caller.tenant).create_client_key()
        body = {"couponCode": code, "userId": caller.user_id, **more}
        return SdkClient(caller.client, key).call("POST", f"/coupons/{path}", body)

    return ask


def send_mambo(path: str, action: str = "") -> Ask:
    """Return a function that sends a Mambo SDK's request for the same user."""

    def ask(caller: Caller, code: str) -> TestResponse:
        site = create_site_client(caller.client.application, caller.tenant)
        code_body = {"uuid": caller.user_id, "code": code}
        body = build_activity(action, code, caller.user_id) if action else code_body
        return site.post(path, body)

    return ask


def post_redeem(headers: dict[str, str], rest: str = "") -> Ask:
    def ask(caller: Caller, code: str) -> TestResponse:
        body = json.dumps({"user_id": caller.user_id}).encode()
        return caller.call("POST", f"/redeem/{code}{rest}", body, headers)

    return ask


def with_a_fresh_token(caller: Caller, code: str) -> TestResponse:
    """Redeem with a new token that differs from the earlier one."""
    jti, past = str(next(numbers)), int(time.time()) - 30
    token = caller.tenant.build_bearer_headers(
        caller.user_id, jti=jti, iat=past, exp=past + 600
    )
    return post_redeem(token)(caller, code)


def with_a_new_secret(caller: Caller, code: str) -> TestResponse:
    """Redeem with a token that is signed with the tenant's newest secret."""
    tenant = caller.tenant
    if len(tenants.list_secrets(tenant.tenant_id)) == 1:
        tenants.rotate_secret(tenant.tenant_id, utc_now())
    newest = tenants.list_secrets(tenant.tenant_id)[0].secret
    token = tenant.mint_token(caller.user_id, secret=newest)
    return post_redeem({"Authorization": f"Bearer {token}"})(caller, code)


def over_a_fresh_connection(caller: Caller, code: str) -> TestResponse:
    client = caller.client.application.test_client()
    return Caller(client, caller.tenant).redeem(code)


WAYS_AROUND: dict[str, Ask] = {
    "HEAD": head,
    "validate": lambda caller, code: caller.get(f"/validate/{code}"),
    "small letters": lambda caller, code: caller.redeem(code.lower()),
    "blanks": lambda caller, code: caller.redeem(f" {code} "),
    "the other path style": other_style,
    "a server's token for that user": as_server,
    "a signature for that user": signed,
    "the user encoded in the query": named_in_the_query,
    "every letter encoded": lambda caller, code: caller.call(
        "POST",
        "/redeem/" + "".join(f"%{ord(letter):02X}" for letter in code),
        b'{"user_id": "\\u0061nn", "more": 1}',
    ),
    "another address": post_redeem(
        {"X-Forwarded-For": "10.0.0.1", "Forwarded": "for=x", "X-Real-IP": "10.0.0.1"}
    ),
    "a fresh token": with_a_fresh_token,
    "a new secret": with_a_new_secret,
    "a fresh connection": over_a_fresh_connection,
    "another method": post_redeem({"X-HTTP-Method-Override": "PUT"}),
    "a query": post_redeem({}, "?a=1"),
    "a new key": post_redeem({"Idempotency-Key": "new"}),
    "reserve": lambda caller, code: caller.call(
        "POST", f"/reserve/{code}", b'{"user_id": "ann"}'
    ),
    "PlayCamp, redeem": send_playcamp("redeem"),
    "PlayCamp, rehearsal": send_playcamp("redeem", isTest=True),
    "PlayCamp, validate": send_playcamp("validate"),
    "Mambo, redeem": send_mambo("activities/sync", "redeem"),
    "Mambo, buy": send_mambo("activities", "buy"),
    "Mambo, refund": send_mambo("activities/sync", "refund"),
    "Mambo, validate": send_mambo("coupons/validate"),
    "Mambo, 2015": send_mambo("coupons/redeem"),
    "Mambo, refund, 2015": send_mambo("coupons/refund"),
}


# The counters are not in the database, so one database is enough.
on_sqlite = pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)


@on_sqlite
@pytest.mark.parametrize("way", WAYS_AROUND)
def test_no_way_leads_around_the_budget(caller: Caller, way: str) -> None:
    code = caller.tenant.create_code()
    guess_all(caller)
    assert_refused(WAYS_AROUND[way](caller, code))


@on_sqlite
@pytest.mark.parametrize("way", WAYS_AROUND)
def test_every_way_spends_the_budget(caller: Caller, way: str) -> None:
    for number in range(USER.amount):
        if way == "a new key":
            answer = post_redeem({"Idempotency-Key": f"k-{number}"})(
                caller, f"NO{number}"
            )
        else:
            answer = WAYS_AROUND[way](caller, f"NO{number}")
        assert answer.status_code in (200, 404), answer.text
    assert_refused(caller.redeem(caller.tenant.create_code()))


def test_a_number_and_its_text_are_one_user(app: Flask, tenant: TenantFactory) -> None:
    code = tenant.create_code("42")
    guess_all(Caller(app.test_client(), tenant, user_id="42"))
    path = f"/v1/coupons/redeem/{code}"
    headers = tenant.build_bearer_headers(42)
    answer = app.test_client().post(path, json={"user_id": "42"}, headers=headers)
    assert_refused(answer)


def test_a_slash_at_the_end_is_no_route(caller: Caller) -> None:
    code = caller.tenant.create_code()
    guess_all(caller)
    answer = caller.client.get(
        caller.build_path(f"/validate/{code}/"), headers=caller.build_headers("GET", "")
    )
    assert (answer.status_code, answer.json["code"]) == (404, "NOT_FOUND")


def test_the_refusal_is_not_the_answer_of_its_key(caller: Caller) -> None:
    code = caller.tenant.create_code()
    guess_all(caller)
    redeem = post_redeem({"Idempotency-Key": "patient"})
    assert_refused(redeem(caller, code))
    code_guessing.configure(GuessLimits())
    assert redeem(caller, code).status_code == 200


def test_a_browser_may_read_the_refusal(caller: Caller) -> None:
    guess_all(caller, USER.amount - 1)
    for number in range(2):
        answer = post_redeem({"Origin": "https://game.example"})(
            caller, f"LAST{number}"
        )
    assert_refused(answer)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://game.example"
    assert "RateLimit" in answer.headers["Access-Control-Expose-Headers"]
