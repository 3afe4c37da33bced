"""Tests of patterns, check characters and the capacity of random codes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from coupon_core.domain import codes
from coupon_core.domain.check_digit import has_valid_check_digit
from coupon_core.domain.models import (
    AdminReason,
    CodeAlphabet,
    CodeFormat,
    Reason,
    utc_now,
)
from coupon_core.domain.models.batches import CodeCapacity
from coupon_core.persistence.tables import CouponTable
from coupon_core.persistence.tables import database_proxy as db
from coupon_core.services.coupons import code_capacity, typo_detection
from tests.factories.tenant import TenantFactory
from tests.support.invariants import assert_invariants
from tests.support.refusals import capture_refusal

PATTERN = "SUMMER-####-????"


@pytest.fixture(autouse=True)
def clear_typo_cache() -> None:
    typo_detection.clear_cache()


@pytest.mark.parametrize(
    ("pattern", "alphabet", "form"),
    [
        (PATTERN, "unambiguous", "SUMMER-[2-9]{4}-[A-HJKMNP-Z]{4}"),
        ("x_****", "unambiguous", "x_[2-9A-HJKMNP-Z]{4}"),
        ("#?#?Z", "full", "[0-9][A-Z][0-9][A-Z]Z"),
    ],
)
def test_codes_follow_their_pattern(
    tenant: TenantFactory, pattern: str, alphabet: str, form: str
) -> None:
    kind = CodeAlphabet(alphabet)
    definition = tenant.define(code_pattern=pattern, code_alphabet=kind)
    generated_codes = codes.generate_codes(definition, 200)
    assert len(generated_codes) == 200
    assert all(re.fullmatch(form, code) for code in generated_codes)
    assert (
        tenant.redeem(tenant.issue_unassigned_code(definition).lower()).coupon.user_id
        == "ann"
    )


@pytest.mark.parametrize(
    ("members", "space"),
    [
        ({"code_length": 4}, 31**4),
        ({"code_length": 4, "code_alphabet": CodeAlphabet.FULL}, 36**4),
        ({"code_pattern": PATTERN}, 8**4 * 23**4),
        ({"code_pattern": "A####"}, 8**4),
        ({"code_length": 4, "code_prefix": "ABC", "code_check": True}, 31**5 // 36),
    ],
)
def test_the_space_counts_all_codes(
    tenant: TenantFactory, members: dict[str, Any], space: int
) -> None:
    if members.get("code_prefix"):
        members = {**members, "code_prefix": f"S{tenant.tenant_id[-3:]}XY"[:6]}
    assert codes.code_space_size(tenant.define(**members)) == space


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"code_pattern": "A###"}, AdminReason.PATTERN_UNFIT),
        ({"code_pattern": "#" * 33}, AdminReason.PATTERN_UNFIT),
        ({"code_pattern": "####", "code_prefix": "A"}, AdminReason.PATTERN_ALONE),
        (
            {
                "code_pattern": "####",
                "code_format": CodeFormat.CUSTOM,
                "custom_code": "A",
            },
            AdminReason.PATTERN_ALONE,
        ),
        ({"code_check": True}, AdminReason.CHECK_NEEDS_STEM),
        ({"code_check": True, "code_prefix": "AB"}, AdminReason.CHECK_NEEDS_STEM),
        (
            {"code_check": True, "code_pattern": "AB#C####"},
            AdminReason.CHECK_NEEDS_STEM,
        ),
        (
            {"code_check": True, "code_pattern": "A" * 60 + "####"},
            AdminReason.CODE_TOO_LONG,
        ),
    ],
)
def test_an_unfit_shape_is_refused(
    tenant: TenantFactory, members: dict[str, Any], reason: AdminReason
) -> None:
    assert capture_refusal(tenant.define, **members) == reason


# ------------------------------------------------------------------ check characters


def define_with_check(
    tenant: TenantFactory, prefix: str = "SUMMER", **members: Any
) -> Any:
    return tenant.define(code_prefix=prefix, code_check=True, **members)


def with_wrong_character(code: str) -> str:
    """Return the code with one character replaced."""
    return code[:8] + ("A" if code[8] != "A" else "B") + code[9:]


def test_codes_end_with_a_character_of_their_alphabet_that_makes_them_right(
    tenant: TenantFactory,
) -> None:
    generated_codes = codes.generate_codes(define_with_check(tenant), 300)
    assert len(generated_codes) == 300
    assert all(
        has_valid_check_digit(code) and len(code) == 6 + 8 + 1
        for code in generated_codes
    )
    assert not {code[-1] for code in generated_codes} & set("01OIL")


def test_a_mistyped_code_is_not_found_and_a_right_one_is_good(
    tenant: TenantFactory,
) -> None:
    code = tenant.issue_code(define_with_check(tenant))
    wrong = with_wrong_character(code)
    assert capture_refusal(tenant.redeem, wrong) == Reason.COUPON_NOT_FOUND
    assert tenant.validate(wrong) == tenant.validate("NOSUCHCODE")
    assert tenant.validate(code.lower()).decision.is_allowed
    assert tenant.redeem(code).coupon.redemption_count == 1


def test_a_mistyped_code_is_told_without_the_database(
    tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = tenant.issue_code(define_with_check(tenant))
    tenant.validate(code)
    before = tenant.validate(with_wrong_character(code))
    monkeypatch.setattr(db, "obj", None)
    assert tenant.validate(with_wrong_character(code)) == before


def test_another_tenants_codes_are_not_told_by_ours(tenant: TenantFactory) -> None:
    from tests.factories.tenant import create_tenant

    define_with_check(tenant)
    other = create_tenant()
    code = other.issue_code(other.define(code_prefix="SUMMER"))
    assert other.redeem(code).coupon.redemption_count == 1


def test_codes_that_begin_like_checked_ones_are_neither_named_nor_drawn(
    tenant: TenantFactory,
) -> None:
    define_with_check(tenant, "ABC")
    assert capture_refusal(tenant.define_custom, "ABCDEF7") == AdminReason.CODE_TAKEN
    definition = tenant.define(code_prefix="AB", code_length=4)
    tenant.generate(definition, [""] * 500)
    stored_codes = [
        row.code
        for row in CouponTable.select().where(CouponTable.tenant_id == tenant.tenant_id)
    ]
    assert all(
        has_valid_check_digit(code) for code in stored_codes if code.startswith("ABC")
    )
    assert_invariants()


def test_a_beginning_that_others_have_is_refused(tenant: TenantFactory) -> None:
    tenant.issue_code(tenant.define(code_prefix="WINTER"))
    tenant.define_custom("SPRING24")
    define_with_check(tenant, "AUTUMN")
    for taken in ("WINTER", "spring", "AUTUMN", "AUT", "AUTUMN-24"):
        assert (
            capture_refusal(define_with_check, tenant, taken) == AdminReason.STEM_TAKEN
        )
    define_with_check(tenant, "AUTOMN")


@pytest.mark.parametrize(
    "change",
    [
        {"code_check": False},
        {"code_prefix": "OTHER"},
        {"code_length": 9},
        {"code_alphabet": CodeAlphabet.FULL},
    ],
)
def test_how_checked_codes_are_made_never_changes(
    tenant: TenantFactory, change: dict[str, Any]
) -> None:
    definition = define_with_check(tenant)
    found = capture_refusal(tenant.change, definition, **change)
    assert found == AdminReason.CHECKED_CODES_FROZEN
    tenant.change(definition, description="but this does")


def test_codes_do_not_become_checked_ones_later(tenant: TenantFactory) -> None:
    definition = tenant.define(code_prefix="LATER")
    found = capture_refusal(tenant.change, definition, code_check=True)
    assert found == AdminReason.CHECKED_CODES_FROZEN


# --------------------------------------------------------------------------- capacity


def test_the_room_tells_what_is_made_and_what_will_be(tenant: TenantFactory) -> None:
    from coupon_core.services import batches

    definition = tenant.define(code_length=4)
    tenant.generate(definition, ["ann", "bob"])
    tenant_id, definition_id = tenant.tenant_id, definition.definition_id
    batches.request(tenant_id, definition_id, batches.BatchRequest(5_000), utc_now())
    capacity = code_capacity.get_capacity(tenant_id, definition_id)
    assert capacity == CodeCapacity(923_521, 2, 5_000)
    assert capacity.max_count == 461_760


def test_given_codes_have_no_space(tenant: TenantFactory) -> None:
    definition = tenant.define_custom("GIVEN1")
    reason = capture_refusal(
        code_capacity.get_capacity, tenant.tenant_id, definition.definition_id
    )
    assert reason == AdminReason.NO_CODE_SPACE
