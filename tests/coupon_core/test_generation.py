"""Making coupons: how many, for whom, with which codes, and what is told of it."""

from __future__ import annotations

import pytest

from coupon_core.domain import codes
from coupon_core.domain.codes import ALPHABETS
from coupon_core.domain.models import (
    NOBODY,
    AdminReason,
    CodeAlphabet,
    DefinitionStatus,
    IssuedCoupon,
    Refused,
)
from tests.invariants import assert_invariants, events
from tests.shop import NOW, Shop, new_shop, refusal

SMALL = "ABC"  # 81 codes of length 4: half of them are 40


@pytest.fixture
def small_alphabet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ALPHABETS, CodeAlphabet.UNAMBIGUOUS, SMALL)


def codes_of(made: list[IssuedCoupon]) -> list[str]:
    return [one.coupon.code for one in made]


def users_of(made: list[IssuedCoupon]) -> list[str]:
    return [one.coupon.user_id for one in made]


def told(shop: Shop) -> list[str]:
    """The ids of the coupons that the outbox says were made."""
    made = events("coupon.generated")
    return [data["coupon"]["id"] for tenant, data in made if tenant == shop.tenant_id]


def test_a_thousand_users_get_a_coupon_each(shop: Shop) -> None:
    users = [f"user-{number}" for number in range(1000)]
    made = shop.generate(shop.define(), users)
    assert users_of(made) == users
    assert len(set(codes_of(made))) == 1000
    assert sorted(told(shop)) == sorted(one.coupon.coupon_id for one in made)


def test_what_is_given_back_is_what_is_stored(shop: Shop) -> None:
    [made] = shop.generate(shop.define(), ["ann"], expires_at=NOW)
    assert shop.find(made.coupon.code) == made


def test_random_coupons_are_made_anew_each_time(shop: Shop) -> None:
    definition = shop.define()
    made = shop.generate(definition, ["ann", "ann"]) + shop.generate(
        definition, ["ann"]
    )
    assert len(set(codes_of(made))) == 3


def test_unassigned_coupons_have_no_user(shop: Shop) -> None:
    made = shop.generate(shop.define(), [NOBODY] * 3)
    assert users_of(made) == ["", "", ""]
    assert len(set(codes_of(made))) == 3


def test_codes_have_the_definitions_form(shop: Shop) -> None:
    definition = shop.define(
        code_prefix="WELCOME", code_length=6, code_alphabet=CodeAlphabet.FULL
    )
    for code in codes_of(shop.generate(definition, ["ann"] * 20)):
        assert code.startswith("WELCOME")
        assert len(code) == 13


# ------------------------------------------------------------------ shared codes


def test_a_shared_code_is_given_to_each_user_once(shop: Shop) -> None:
    definition = shop.share("SAVE10")
    first = shop.generate(definition, ["ann", "bob"])
    again = shop.generate(definition, ["bob", "cat"])
    assert again[0] == first[1]
    assert users_of(again) == ["bob", "cat"]
    assert len(told(shop)) == 3


def test_a_user_named_twice_gets_the_shared_code_once(shop: Shop) -> None:
    made = shop.generate(shop.share("SAVE10"), ["ann", "bob", "ann"])
    assert made[0] == made[2]
    assert len(told(shop)) == 2


def test_a_used_shared_coupon_is_kept_as_it_is(shop: Shop) -> None:
    definition = shop.share("SAVE10")
    shop.give(definition)
    used = shop.redeem("SAVE10", now=NOW)
    assert shop.generate(definition, ["ann"]) == [used]


def test_a_shared_code_is_not_made_for_nobody(shop: Shop) -> None:
    definition = shop.share("SAVE10")
    reason = refusal(shop.generate, definition, ["ann", NOBODY])
    assert reason == AdminReason.CUSTOM_NEEDS_USERS
    assert told(shop) == []


# ------------------------------------------------------------------------ refusals


@pytest.mark.parametrize("status", ["paused", "archived"])
@pytest.mark.parametrize("kind", ["random", "custom"])
def test_only_active_definitions_make_coupons(
    shop: Shop, status: str, kind: str
) -> None:
    definition = shop.define() if kind == "random" else shop.share("SAVE10")
    shop.set_status(definition, DefinitionStatus(status))
    assert refusal(shop.generate, definition, ["ann"]) == AdminReason.NOT_ACTIVE


def test_coupons_are_made_again_once_active_again(shop: Shop) -> None:
    definition = shop.pause(shop.define())
    shop.set_status(definition, DefinitionStatus.ACTIVE)
    assert len(shop.generate(definition, ["ann"])) == 1


def test_another_tenants_definition_makes_no_coupons(shop: Shop) -> None:
    definition = shop.define()
    reason = refusal(new_shop().generate, definition, ["ann"])
    assert reason == AdminReason.DEFINITION_NOT_FOUND


# ----------------------------------------------------------------- small code spaces


@pytest.mark.usefixtures("small_alphabet")
def test_half_of_all_codes_may_be_used(shop: Shop) -> None:
    definition = shop.define(code_length=4)
    made = shop.generate(definition, [NOBODY] * 39) + shop.generate(
        definition, [NOBODY]
    )
    assert len(set(codes_of(made))) == 40
    reason = refusal(shop.generate, definition, [NOBODY])
    assert reason == AdminReason.CODE_SPACE_TOO_SMALL


@pytest.mark.usefixtures("small_alphabet")
def test_more_than_half_of_all_codes_is_refused_whole(shop: Shop) -> None:
    definition = shop.define(code_length=4)
    with pytest.raises(Refused, match="; 0 exist and 41 were asked for"):
        shop.generate(definition, [NOBODY] * 41)
    assert told(shop) == []


def test_the_shortest_codes_have_room_for_half_a_million(shop: Shop) -> None:
    definition = shop.define(code_length=4)
    with pytest.raises(Refused, match="room for 461,760 coupons"):
        shop.generate(definition, [NOBODY] * 461_761)


@pytest.mark.usefixtures("small_alphabet")
def test_every_user_gets_one_coupon_though_codes_collide(shop: Shop) -> None:
    """Two definitions draw from the same few codes, so most draws are taken."""
    full = shop.define(code_length=4)
    shop.generate(full, [NOBODY] * 40)
    users = [f"user-{number}" for number in range(30)]
    made = shop.generate(shop.define(code_length=4), users)
    assert users_of(made) == users
    assert len(set(codes_of(made))) == 30
    assert_invariants()


@pytest.mark.usefixtures("small_alphabet")
def test_a_shared_code_is_never_drawn(shop: Shop) -> None:
    drawable = codes.random_codes(400, "", 4, CodeAlphabet.UNAMBIGUOUS)
    taken = sorted(set(drawable))[:40]
    for place, code in enumerate(taken):
        shop.share(code if place % 2 else code.lower(), case_sensitive=place % 3 == 0)
    made = shop.generate(shop.define(code_length=4), [NOBODY] * 25)
    assert not set(taken) & set(codes_of(made))
    assert_invariants()


@pytest.mark.usefixtures("small_alphabet")
def test_two_tenants_may_have_the_same_codes(shop: Shop) -> None:
    both = shop, new_shop()
    made = [
        codes_of(one.generate(one.define(code_length=4), [NOBODY] * 40)) for one in both
    ]
    assert set(made[0]) & set(made[1])
