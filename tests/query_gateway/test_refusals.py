"""Each reason with its cause: the text of validate, the status and text of redeem."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import coupon_core
from coupon_core.domain.models import (
    AdminReason,
    AuthReason,
    Definition,
    Reason,
    utc_now,
)
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.web.coupon_refusals import REFUSALS
from query_gateway.refusals import PHOENIX_REFUSALS
from tests.factories.tenant import TenantFactory
from tests.query_gateway.caller import Caller
from tests.support.database_rows import read_all_rows
from tests.support.databases import on_sqlite

HOUR = timedelta(hours=1)


def past() -> dict[str, object]:
    return {"expires_at": utc_now() - HOUR}


def future() -> dict[str, object]:
    return {"starts_at": utc_now() + HOUR}


# Each cause makes one code of a tenant invalid for the user "ann".


def unknown(caller: Caller) -> str:
    return "NOSUCHCODE"


def revoked(caller: Caller) -> str:
    code = caller.tenant.create_code()
    caller.tenant.revoke(code)
    return code


def used(caller: Caller) -> str:
    code = caller.tenant.create_code()
    assert caller.redeem(code).status_code == 200
    return code


def used_up(caller: Caller) -> str:
    code = caller.tenant.create_code(per_code_limit=2)
    assert [caller.redeem(code).status_code for _ in range(2)] == [200, 200]
    return code


def archived(caller: Caller) -> str:
    definition = caller.tenant.define()
    code = caller.tenant.issue_coupon(definition).coupon.code
    caller.tenant.set_status(definition, "archived")
    return code


def expired(caller: Caller) -> str:
    return caller.tenant.create_code(**past())


def not_yet_active(caller: Caller) -> str:
    return caller.tenant.create_code(**future())


def pool_empty(caller: Caller) -> str:
    definition = caller.tenant.define(per_code_limit=0, total_limit=1)
    other = caller.tenant.issue_coupon(definition, "ann").coupon.code
    code = caller.tenant.issue_coupon(definition, "ann").coupon.code
    assert caller.redeem(other).status_code == 200
    return code


Cause = Callable[[Caller], str]
CASES: list[tuple[Cause, str, int, str, str]] = [
    (
        unknown,
        "Coupon code not found",
        *(404, "COUPON_NOT_FOUND", "Coupon not found"),
    ),
    (
        revoked,
        "Coupon status: revoked",
        *(400, "COUPON_REVOKED", "Coupon status: revoked"),
    ),
    (
        used,
        "Coupon has already been used",
        *(400, "ALREADY_REDEEMED", "Coupon has already been redeemed"),
    ),
    (
        used_up,
        "Coupon status: redeemed",
        *(400, "USAGE_LIMIT_EXCEEDED", "Usage limit exceeded"),
    ),
    (
        archived,
        "Coupon is no longer available",
        *(400, "COUPON_UNAVAILABLE", "Coupon is no longer available"),
    ),
    (expired, "Coupon has expired", *(400, "COUPON_EXPIRED", "Coupon has expired")),
    (
        not_yet_active,
        "Coupon not yet active",
        *(400, "COUPON_NOT_YET_ACTIVE", "Coupon not yet active"),
    ),
    (
        pool_empty,
        "Usage limit exceeded",
        *(400, "USAGE_LIMIT_EXCEEDED", "Usage limit exceeded"),
    ),
]
NAMES = [case[0].__name__ for case in CASES]


@on_sqlite
@pytest.mark.parametrize(
    ("cause", "text", "code"), [(*case[:2], case[3]) for case in CASES], ids=NAMES
)
def test_validate_says_why_not(
    any_caller: Caller, cause: Cause, text: str, code: str
) -> None:
    assert any_caller.validate(cause(any_caller)) == {
        "valid": False,
        "coupon": None,
        "definition": None,
        "error": text,
        "error_code": code,
    }


@on_sqlite
@pytest.mark.parametrize(
    ("cause", "status", "code", "text"),
    [(case[0], *case[2:]) for case in CASES],
    ids=NAMES,
)
def test_redeem_says_why_not(
    any_caller: Caller, cause: Cause, status: int, code: str, text: str
) -> None:
    answer = any_caller.redeem(cause(any_caller))
    assert (answer.status_code, answer.json) == (
        status,
        {
            "error": text,
            "message": text,
            "code": code,
            "request_id": answer.headers["X-Request-Id"],
        },
    )


@pytest.mark.parametrize(
    ("cause", "reason"), [(case[0], case[3]) for case in CASES], ids=NAMES
)
def test_a_refused_redeem_changes_no_row_of_any_table(
    caller: Caller, cause: Cause, reason: str
) -> None:
    code = cause(caller)
    before = read_all_rows()
    assert caller.redeem(code).json["code"] == reason
    assert read_all_rows() == before


@pytest.mark.parametrize(
    ("cause", "reason"), [(case[0], case[3]) for case in CASES], ids=NAMES
)
def test_validate_changes_no_row_of_any_table(
    caller: Caller, cause: Cause, reason: str
) -> None:
    code = cause(caller)
    before = read_all_rows()
    assert caller.validate(code)["error_code"] == reason
    assert read_all_rows() == before


# Faults that one coupon can have at once, in order of precedence
# (docs/api-contracts.md 0.4). Revoking is also applied first, because a coupon whose
# uses are used up cannot be revoked.
Spoil = Callable[[TenantFactory, Definition, str], object]
FAULTS: list[tuple[str, Spoil]] = [
    ("Coupon status: revoked", lambda tenant, _, code: tenant.revoke(code)),
    (
        "Coupon has already been redeemed",
        lambda tenant, definition, _: tenant.change(definition, per_code_limit=1),
    ),
    (
        "Coupon is no longer available",
        lambda tenant, definition, _: tenant.set_status(definition, "archived"),
    ),
    ("Coupon has expired", lambda *_: None),
    (
        "Coupon not yet active",
        lambda tenant, definition, _: tenant.change(definition, **future()),
    ),
    ("Usage limit exceeded", lambda *_: None),
]


@pytest.mark.parametrize("first", range(len(FAULTS)))
def test_of_several_faults_the_first_in_order_is_told(
    caller: Caller, first: int
) -> None:
    tenant, now = caller.tenant, utc_now()
    texts = [text for text, _ in FAULTS[first:]]
    definition = tenant.define(per_code_limit=0, total_limit=1)
    expiry = now - HOUR if "Coupon has expired" in texts else None
    code = tenant.issue_coupon(definition, expires_at=expiry).coupon.code
    redemption.redeem(RedeemRequest(tenant.tenant_id, code, "ann"), now - 2 * HOUR)
    for _, spoil in FAULTS[first:]:
        spoil(tenant, definition, code)
    assert caller.redeem(code).json["message"] == texts[0]


def test_used_up_is_told_before_expired(caller: Caller) -> None:
    definition = caller.tenant.define(per_code_limit=2)
    code = caller.tenant.issue_coupon(definition).coupon.code
    assert [caller.redeem(code).status_code for _ in range(2)] == [200, 200]
    caller.tenant.change(definition, **past())
    assert caller.validate(code)["error"] == "Coupon status: redeemed"


def test_another_users_request_is_refused_before_the_code_is_looked_at(
    caller: Caller,
) -> None:
    assert caller.redeem("NOSUCHCODE", "bob").status_code == 403


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_row(reason: Reason) -> None:
    refusal = REFUSALS[reason]
    status, code, text = refusal.phoenix_redeem
    assert PHOENIX_REFUSALS[reason] == refusal.phoenix_redeem
    assert status in (400, 404)
    assert code.replace("_", "").isupper()
    assert text
    assert refusal.phoenix_validate


def test_the_table_has_no_row_for_what_is_no_reason() -> None:
    assert set(REFUSALS) == set(Reason)


def collect_texts(source: Path) -> set[str]:
    """Return all string constants of a file except its docstrings."""
    nodes = [*ast.walk(ast.parse(source.read_text()))]
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    constants = [node for node in nodes if isinstance(node, ast.Constant)]
    values = [node.value for node in constants if id(node) not in docstrings]
    return {text for text in values if isinstance(text, str)}


CORE = Path(coupon_core.__file__).parent
BELOW_WEB = [path for path in CORE.rglob("*.py") if CORE / "web" not in path.parents]


@pytest.mark.parametrize("source", BELOW_WEB, ids=lambda p: str(p.relative_to(CORE)))
def test_the_core_knows_reasons_and_no_sentence_of_a_dialect(source: Path) -> None:
    sentences = {
        *(refusal.phoenix_validate for refusal in REFUSALS.values()),
        *(text for _, _, text in PHOENIX_REFUSALS.values()),
    }
    assert not sentences & collect_texts(source)


@pytest.mark.parametrize("reason", [*Reason, *AdminReason, *AuthReason])
def test_a_reason_is_a_word_and_no_sentence(reason: str) -> None:
    assert re.fullmatch("[a-z]+(_[a-z]+)*", reason)
