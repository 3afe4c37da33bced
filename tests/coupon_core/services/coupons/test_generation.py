"""Tests of the generation of coupons: their number, users, codes and events."""

from __future__ import annotations

import pytest

from coupon_core.domain import codes
from coupon_core.domain.codes import ALPHABETS
from coupon_core.domain.models import (
    UNASSIGNED,
    AdminReason,
    CodeAlphabet,
    DefinitionStatus,
    IssuedCoupon,
    Refused,
)
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.invariants import assert_invariants, list_events
from tests.support.refusals import capture_refusal

SMALL_ALPHABET = "ABC"  # 81 codes of length 4, of which 40 may be used


@pytest.fixture
def small_alphabet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ALPHABETS, CodeAlphabet.UNAMBIGUOUS, SMALL_ALPHABET)


def get_codes(coupons: list[IssuedCoupon]) -> list[str]:
    return [issued.coupon.code for issued in coupons]


def get_user_ids(coupons: list[IssuedCoupon]) -> list[str]:
    return [issued.coupon.user_id for issued in coupons]


def list_generated_ids(tenant: TenantFactory) -> list[str]:
    """Return the coupon IDs in the tenant's `coupon.generated` events."""
    events = list_events("coupon.generated")
    return [
        data["coupon"]["id"]
        for tenant_id, data in events
        if tenant_id == tenant.tenant_id
    ]


def test_a_thousand_users_get_a_coupon_each(tenant: TenantFactory) -> None:
    users = [f"user-{number}" for number in range(1000)]
    coupons = tenant.generate(tenant.define(), users)
    assert get_user_ids(coupons) == users
    assert len(set(get_codes(coupons))) == 1000
    assert sorted(list_generated_ids(tenant)) == sorted(
        issued.coupon.coupon_id for issued in coupons
    )


def test_what_is_given_back_is_what_is_stored(tenant: TenantFactory) -> None:
    [issued] = tenant.generate(tenant.define(), ["ann"], expires_at=NOW)
    assert tenant.find(issued.coupon.code) == issued


def test_random_coupons_are_made_anew_each_time(tenant: TenantFactory) -> None:
    definition = tenant.define()
    coupons = tenant.generate(definition, ["ann", "ann"]) + tenant.generate(
        definition, ["ann"]
    )
    assert len(set(get_codes(coupons))) == 3


def test_unassigned_coupons_have_no_user(tenant: TenantFactory) -> None:
    coupons = tenant.generate(tenant.define(), [UNASSIGNED] * 3)
    assert get_user_ids(coupons) == ["", "", ""]
    assert len(set(get_codes(coupons))) == 3


def test_codes_have_the_definitions_form(tenant: TenantFactory) -> None:
    definition = tenant.define(
        code_prefix="WELCOME", code_length=6, code_alphabet=CodeAlphabet.FULL
    )
    for code in get_codes(tenant.generate(definition, ["ann"] * 20)):
        assert code.startswith("WELCOME")
        assert len(code) == 13


# ------------------------------------------------------------------ shared codes


def test_a_shared_code_is_given_to_each_user_once(tenant: TenantFactory) -> None:
    definition = tenant.define_custom("SAVE10")
    first = tenant.generate(definition, ["ann", "bob"])
    again = tenant.generate(definition, ["bob", "cat"])
    assert again[0] == first[1]
    assert get_user_ids(again) == ["bob", "cat"]
    assert len(list_generated_ids(tenant)) == 3


def test_a_user_named_twice_gets_the_shared_code_once(tenant: TenantFactory) -> None:
    coupons = tenant.generate(tenant.define_custom("SAVE10"), ["ann", "bob", "ann"])
    assert coupons[0] == coupons[2]
    assert len(list_generated_ids(tenant)) == 2


def test_a_used_shared_coupon_is_kept_as_it_is(tenant: TenantFactory) -> None:
    definition = tenant.define_custom("SAVE10")
    tenant.issue_code(definition)
    used = tenant.redeem("SAVE10", now=NOW)
    assert tenant.generate(definition, ["ann"]) == [used]


def test_a_shared_code_is_not_made_for_nobody(tenant: TenantFactory) -> None:
    definition = tenant.define_custom("SAVE10")
    reason = capture_refusal(tenant.generate, definition, ["ann", UNASSIGNED])
    assert reason == AdminReason.CUSTOM_NEEDS_USERS
    assert list_generated_ids(tenant) == []


# ------------------------------------------------------------------------ refusals


@pytest.mark.parametrize("status", ["paused", "archived"])
@pytest.mark.parametrize("kind", ["random", "custom"])
def test_only_active_definitions_make_coupons(
    tenant: TenantFactory, status: str, kind: str
) -> None:
    definition = tenant.define() if kind == "random" else tenant.define_custom("SAVE10")
    tenant.set_status(definition, DefinitionStatus(status))
    assert (
        capture_refusal(tenant.generate, definition, ["ann"]) == AdminReason.NOT_ACTIVE
    )


def test_coupons_are_made_again_once_active_again(tenant: TenantFactory) -> None:
    definition = tenant.pause(tenant.define())
    tenant.set_status(definition, DefinitionStatus.ACTIVE)
    assert len(tenant.generate(definition, ["ann"])) == 1


def test_another_tenants_definition_makes_no_coupons(tenant: TenantFactory) -> None:
    definition = tenant.define()
    reason = capture_refusal(create_tenant().generate, definition, ["ann"])
    assert reason == AdminReason.DEFINITION_NOT_FOUND


# ----------------------------------------------------------------- small code spaces


@pytest.mark.usefixtures("small_alphabet")
def test_half_of_all_codes_may_be_used(tenant: TenantFactory) -> None:
    definition = tenant.define(code_length=4)
    coupons = tenant.generate(definition, [UNASSIGNED] * 39) + tenant.generate(
        definition, [UNASSIGNED]
    )
    assert len(set(get_codes(coupons))) == 40
    reason = capture_refusal(tenant.generate, definition, [UNASSIGNED])
    assert reason == AdminReason.CODE_SPACE_TOO_SMALL


@pytest.mark.usefixtures("small_alphabet")
def test_more_than_half_of_all_codes_is_refused_whole(tenant: TenantFactory) -> None:
    definition = tenant.define(code_length=4)
    message = "; 0 exist or are reserved, and 41 were requested"
    with pytest.raises(Refused, match=message):
        tenant.generate(definition, [UNASSIGNED] * 41)
    assert list_generated_ids(tenant) == []


def test_the_shortest_codes_have_room_for_half_a_million(tenant: TenantFactory) -> None:
    definition = tenant.define(code_length=4)
    with pytest.raises(Refused, match="room for 461,760 coupons"):
        tenant.generate(definition, [UNASSIGNED] * 461_761)


@pytest.mark.usefixtures("small_alphabet")
def test_every_user_gets_one_coupon_though_codes_collide(tenant: TenantFactory) -> None:
    """Two definitions share a small code space, so most generated codes are taken."""
    full = tenant.define(code_length=4)
    tenant.generate(full, [UNASSIGNED] * 40)
    users = [f"user-{number}" for number in range(30)]
    coupons = tenant.generate(tenant.define(code_length=4), users)
    assert get_user_ids(coupons) == users
    assert len(set(get_codes(coupons))) == 30
    assert_invariants()


@pytest.mark.usefixtures("small_alphabet")
def test_a_shared_code_is_never_drawn(tenant: TenantFactory) -> None:
    drawable = codes.generate_random_codes(400, "", 4, CodeAlphabet.UNAMBIGUOUS)
    taken = sorted(set(drawable))[:40]
    for index, code in enumerate(taken):
        tenant.define_custom(
            code if index % 2 else code.lower(), case_sensitive=index % 3 == 0
        )
    coupons = tenant.generate(tenant.define(code_length=4), [UNASSIGNED] * 25)
    assert not set(taken) & set(get_codes(coupons))
    assert_invariants()


@pytest.mark.usefixtures("small_alphabet")
def test_two_tenants_may_have_the_same_codes(tenant: TenantFactory) -> None:
    tenants = tenant, create_tenant()
    codes_by_tenant = [
        get_codes(owner.generate(owner.define(code_length=4), [UNASSIGNED] * 40))
        for owner in tenants
    ]
    assert set(codes_by_tenant[0]) & set(codes_by_tenant[1])
