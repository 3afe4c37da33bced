"""Tests that no user is given a code that could not be used."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from coupon_core.domain.models import AdminReason, Definition, Reason
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.inventory import ImportRow
from coupon_core.domain.models.purchases import Action, ActivityRequest
from coupon_core.services import suspension
from coupon_core.services.catalog import definitions
from coupon_core.services.codes import csv_import, inventory
from coupon_core.services.coupons import corrections
from coupon_core.services.points import activities
from tests.factories.offers import OfferFactory
from tests.factories.tenant import NOW, TenantFactory
from tests.support.refusals import capture_refusal
from tests.support.reservations import release, reserve

EXPIRY = NOW + timedelta(days=1)
LATER = NOW + timedelta(days=2)


def import_code(definition: Definition, code: str) -> str:
    """Import an unassigned code into a definition, and return the ID of its batch."""
    job, _ = csv_import.import_codes(
        definition.tenant_id,
        definition.definition_id,
        [ImportRow(2, code, user_id="", expires_at=None)],
        partial=False,
        actor="",
        clock=lambda: NOW,
    )
    return str(job.batch_id)


def spoil(tenant: TenantFactory, definition: Definition, name: str) -> str:
    """Import a code that cannot be used at LATER, and return it."""
    code = f"{tenant.tenant_id}-{name}".upper()
    batch_id = import_code(definition, code)
    if name == "suspended":
        suspension.suspend(suspension.BATCHES, tenant.tenant_id, batch_id, NOW)
    if name == "expired":
        by_code = CouponFilter(code=code)
        inventory.change(tenant.tenant_id, by_code, {"expires_at": EXPIRY}, NOW)
    if name == "revoked":
        tenant.revoke(code)
    return code


def act(tenant: TenantFactory, action: Action, code: str) -> None:
    """Buy, redeem or refund a code of a list at LATER."""
    request = ActivityRequest(tenant.tenant_id, "ann", action, code)
    activities.perform(request, LATER)


@pytest.mark.parametrize("name", ["suspended", "expired", "revoked"])
def test_a_list_gives_out_only_codes_that_can_be_used(
    tenant: TenantFactory, name: str
) -> None:
    offers = OfferFactory(tenant)
    offers.create_user("ann", gold=100)
    sold = f"{tenant.tenant_id}-SOLD".upper()
    definition_id = offers.create_offer("", codes=(sold,))
    definition = definitions.get(tenant.tenant_id, definition_id)
    zoes = tenant.issue_coupon(definition, "zoe")
    spoil(tenant, definition, name)
    buy = partial(act, tenant, Action.BUY, sold)
    assert capture_refusal(buy) == Reason.POOL_EMPTY
    reissue = partial(
        corrections.reissue,
        tenant.tenant_id,
        CouponFilter(coupon_id=zoes.coupon.coupon_id),
        LATER,
    )
    assert capture_refusal(reissue) == AdminReason.TOTAL_LIMIT_REACHED
    usable = f"{tenant.tenant_id}-USABLE".upper()
    import_code(definition, usable)
    buy()
    assert tenant.find(usable).coupon.user_id == "ann"
    act(tenant, Action.REDEEM, usable)


def test_a_code_of_a_list_keeps_its_own_expiry(tenant: TenantFactory) -> None:
    code = f"{tenant.tenant_id}-1".upper()
    definition_id = OfferFactory(tenant).create_offer("", codes=(code,))
    changes = {"expires_at": EXPIRY}
    inventory.change(tenant.tenant_id, CouponFilter(code=code), changes, NOW)
    definition = definitions.get(tenant.tenant_id, definition_id)
    assert tenant.issue_coupon(definition).coupon.expires_at == EXPIRY
    assert tenant.find(code).coupon.expires_at == EXPIRY


@pytest.mark.parametrize("name", ["suspended", "expired", "revoked"])
def test_a_code_that_cannot_be_used_is_not_assigned(
    tenant: TenantFactory, name: str
) -> None:
    code = spoil(tenant, tenant.define(), name)
    assign = partial(inventory.assign, tenant.tenant_id, code, "ann", "", LATER)
    assert capture_refusal(assign) == AdminReason.NOT_ASSIGNABLE


def test_a_code_of_a_suspended_definition_is_not_assigned(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define()
    code = tenant.issue_unassigned_code(definition)
    tenant.suspend(definition)
    assign = partial(inventory.assign, tenant.tenant_id, code, "ann", "", NOW)
    assert capture_refusal(assign) == AdminReason.NOT_ASSIGNABLE


def test_a_reserved_code_is_assigned_to_no_other_user(tenant: TenantFactory) -> None:
    code = tenant.create_unassigned_code()
    held = reserve(tenant, code, "bob")
    assign = partial(inventory.assign, tenant.tenant_id, code, actor="", now=NOW)
    assert capture_refusal(assign, user_id="ann") == AdminReason.NOT_ASSIGNABLE
    release(tenant, held)
    assert assign(user_id="ann").coupon.user_id == "ann"
