"""A search finds what people mean, the closest first, and says how it matched."""

from __future__ import annotations

import uuid

import pytest

from coupon_core.domain.models.explanations import MatchKind
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.insight.search import find_near_matches, search
from tests.factories.campaigns import CampaignFactory
from tests.factories.tenant import NOW, TenantFactory, create_tenant

PATTERN = "GIFT-####-????"


def find(tenant: TenantFactory, text: str) -> list[tuple[str, str]]:
    """Return how the hits of a search matched, and their codes."""
    return [(hit.match.value, hit.code) for hit in search(tenant.tenant_id, text)]


@pytest.mark.parametrize(
    ("entered", "match"),
    [
        ("Summer-10", "exact"),
        ("\u200bsummer-10 \n", "normalized"),
        ("SUMMER 10", "spacing"),
        ("summer10", "spacing"),
        ("SUMMER-IO", "look_alike"),
        ("summerlo", "look_alike"),
        ("SUMER-10", "one_edit"),
        ("SUMMER-01", "one_edit"),
        ("summ", "prefix"),
    ],
    ids=str.strip,
)
def test_a_code_is_found_however_it_is_written(
    tenant: TenantFactory, entered: str, match: str
) -> None:
    tenant.define_claimable("Summer-10")
    assert find(tenant, entered) == [(match, "Summer-10")]


def test_separators_of_random_codes_come_from_patterns_and_prefixes(
    tenant: TenantFactory,
) -> None:
    for members in ({"code_pattern": PATTERN}, {"code_prefix": "SPRING-SALE_"}):
        code = tenant.create_unassigned_code(**members)
        plain = code.replace("-", "").replace("_", "").lower()
        assert find(tenant, f"{plain[:7]} {plain[7:]}")[0] == ("spacing", code)


@pytest.mark.parametrize("text", ["", "   ", "SUM", "🎁", "no such text", "%", "SUMM%"])
def test_other_text_finds_nothing(tenant: TenantFactory, text: str) -> None:
    tenant.define_claimable("SUMMER")
    assert find(tenant, text) == []


def test_the_closest_hit_comes_first_and_none_twice(tenant: TenantFactory) -> None:
    for code in ("SAVE10", "SAVEIO", "SAVE100", "SAVE1O-EXTRA", "SAVE"):
        tenant.define_claimable(code)
    assert find(tenant, "save1O") == [
        ("look_alike", "SAVE10"),
        ("look_alike", "SAVEIO"),
        ("prefix", "SAVE1O-EXTRA"),
    ]
    found = search(tenant.tenant_id, "SAVE", limit=2)
    assert [hit.code for hit in found] == ["SAVE", "SAVE10"]


def test_a_shared_code_is_one_hit_however_many_users_have_it(
    tenant: TenantFactory,
) -> None:
    tenant.define_claimable("WELCOME")
    for number in range(60):
        tenant.redeem("WELCOME", f"user-{number}", now=NOW)
    tenant.define_claimable("WELCOME-BACK")
    assert find(tenant, "welc") == [("prefix", "WELCOME"), ("prefix", "WELCOME-BACK")]


def test_a_creators_code_names_its_creator(tenant: TenantFactory) -> None:
    code = CampaignFactory(tenant).create_redeemable_code()
    (hit,) = search(tenant.tenant_id, code)
    assert (hit.match, hit.creator_key, hit.coupon_id) == ("exact", "ABC12", None)
    assert find(tenant, "creator abc12 001") == [("spacing", code)]


def test_users_references_and_ids_are_found(tenant: TenantFactory) -> None:
    issued = tenant.issue_coupon(tenant.define())
    code, coupon_id = issued.coupon.code, issued.coupon.coupon_id
    request = RedeemRequest(tenant.tenant_id, code, "ann", reference="order 4711")
    used = redemption.redeem(request, NOW).redemption
    assert find(tenant, "ann") == [("user_id", code)]
    assert find(tenant, coupon_id.upper()) == [("coupon_id", code)]
    for text in ("order 4711", str(used.redemption_id)):
        (hit,) = search(tenant.tenant_id, text)
        assert (hit.code, hit.redemption_id) == (code, used.redemption_id)
    assert find(tenant, str(uuid.uuid4())) == []
    assert find(tenant, "9" * 200) == []


def test_other_tenants_codes_are_not_found(tenant: TenantFactory) -> None:
    other = create_tenant("globex")
    issued = other.issue_coupon(other.define(code_prefix="SECRET"))
    for text in (issued.coupon.code, "SECR", "ann", issued.coupon.coupon_id):
        assert find(tenant, text) == []


def test_near_matches_are_codes_not_beginnings_or_users(tenant: TenantFactory) -> None:
    tenant.define_claimable("ANNIVERSARY")
    tenant.create_code("anni")
    assert find_near_matches(tenant.tenant_id, "anni") == []
    (hit,) = find_near_matches(tenant.tenant_id, "ANNIVERSAR1")
    assert (hit.match, hit.code) == (MatchKind.ONE_EDIT, "ANNIVERSARY")
