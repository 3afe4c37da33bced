"""Tests that a reserved prefix is refused permanently, and by name, everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_core.domain.models import (
    UNASSIGNED,
    AdminReason,
    CodeAlphabet,
    Refused,
    utc_now,
)
from coupon_core.domain.models.batches import BatchState
from coupon_core.domain.models.inventory import ImportRow, RejectedRow
from coupon_core.persistence.tables import CheckedStemTable, CouponTable
from coupon_core.services import batches
from coupon_core.services.batches import chunks
from coupon_core.services.campaigns import creators
from coupon_core.services.codes import csv_import
from coupon_core.services.coupons import code_capacity, typo_detection
from tests.factories.campaigns import CampaignFactory
from tests.factories.tenant import TenantFactory

RESERVED = "PCXAB"
INSIDE = [
    {"code_prefix": "PCXABQ"},
    {"code_prefix": "pcxab"},
    {"code_pattern": "PCXAB-####"},
    {"code_pattern": "pcxabq????"},
]
OUTSIDE = [
    {"code_prefix": "PCXA"},
    {"code_prefix": "QPCXAB"},
    {"code_pattern": "PCXA?####"},
    {},
]


@pytest.fixture(autouse=True)
def clear_typo_cache() -> None:
    typo_detection.clear_cache()


def reserve(tenant: TenantFactory, prefix: str = RESERVED) -> Any:
    return tenant.define(code_prefix=prefix, code_check=True)


def refuse(action: Any, *arguments: Any, **keywords: Any) -> tuple[AdminReason, str]:
    """Return the reason and the detail of a refusal."""
    with pytest.raises(Refused) as caught:
        action(*arguments, **keywords)
    assert isinstance(caught.value.reason, AdminReason)
    return caught.value.reason, caught.value.detail


def reserve_behind(tenant: TenantFactory, definition: Any) -> None:
    """Reserve the prefix as an earlier release did, which allowed both."""
    CheckedStemTable.insert(
        tenant_id=tenant.tenant_id,
        stem=RESERVED,
        definition_id=definition.definition_id,
    ).execute()


@pytest.mark.parametrize("members", INSIDE)
def test_definition_inside_a_reserved_prefix_is_refused(
    tenant: TenantFactory, members: dict[str, Any]
) -> None:
    reserve(tenant)
    reason, detail = refuse(tenant.define, **members)
    assert reason == AdminReason.STEM_TAKEN
    assert RESERVED in detail
    assert next(iter(members)) in detail


@pytest.mark.parametrize("members", OUTSIDE)
def test_definition_outside_a_reserved_prefix_generates(
    tenant: TenantFactory, members: dict[str, Any]
) -> None:
    reserve(tenant)
    definition = tenant.define(**members)
    assert len(tenant.generate(definition, [UNASSIGNED] * 50)) == 50


@pytest.mark.parametrize("members", INSIDE)
def test_definition_does_not_move_into_a_reserved_prefix(
    tenant: TenantFactory, members: dict[str, Any]
) -> None:
    reserve(tenant)
    definition = tenant.define(code_prefix="" if "code_pattern" in members else "FREE")
    reason, detail = refuse(tenant.change, definition, **members)
    assert (reason, RESERVED in detail) == (AdminReason.STEM_TAKEN, True)
    assert tenant.reload_definition(definition) == definition
    tenant.change(definition, description="other changes are allowed")


@pytest.mark.parametrize("members", INSIDE)
def test_definition_whose_prefix_is_reserved_later_is_refused_permanently(
    tenant: TenantFactory, members: dict[str, Any]
) -> None:
    definition = tenant.define(**members)
    reserve(tenant)
    reason, detail = refuse(tenant.generate, definition, [UNASSIGNED] * 100)
    assert (reason, RESERVED in detail) == (AdminReason.STEM_TAKEN, True)


def test_batch_fails_with_the_prefix_that_was_reserved_meanwhile(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define(code_prefix="PCXABQ")
    key = tenant.tenant_id, definition.definition_id
    batch = batches.request(*key, batches.BatchRequest(5_000), utc_now())
    reserve(tenant)
    chunks.generate_chunk((tenant.tenant_id, batch.batch_id, 1), utc_now())
    failed = batches.get(tenant.tenant_id, batch.batch_id)
    assert failed.state == BatchState.FAILED
    assert RESERVED in failed.error


def test_definition_of_an_earlier_release_is_refused_permanently(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define(code_prefix="PCXABQ")
    reserve_behind(tenant, definition)
    key = tenant.tenant_id, definition.definition_id
    batch_request = batches.BatchRequest(5_000)
    for action, arguments in (
        (tenant.generate, (definition, [UNASSIGNED] * 100)),
        (batches.request, (*key, batch_request, utc_now())),
        (code_capacity.get_capacity, key),
    ):
        reason, detail = refuse(action, *arguments)
        assert (reason, RESERVED in detail) == (AdminReason.STEM_TAKEN, True)


def test_exhausted_codes_of_another_definition_are_not_a_temporary_failure(
    tenant: TenantFactory,
) -> None:
    """Two definitions draw from the same 10,000 codes, nearly all of them in use."""
    members = {"code_pattern": "SAME-####", "code_alphabet": CodeAlphabet.FULL}
    owner, other = tenant.define(**members), tenant.define(**members)
    rows = [
        ImportRow(number, f"SAME-{number:04}", user_id="", expires_at=None)
        for number in range(10_000)
    ]
    csv_import.import_codes(
        tenant.tenant_id,
        owner.definition_id,
        rows,
        partial=False,
        actor="test",
        clock=utc_now,
    )
    reason, detail = refuse(tenant.generate, other, [UNASSIGNED])
    assert reason == AdminReason.CODE_SPACE_TOO_SMALL
    assert "other definitions" in detail


def test_custom_code_inside_a_reserved_prefix_is_not_called_taken(
    tenant: TenantFactory,
) -> None:
    reserve(tenant)
    reason, detail = refuse(tenant.define_custom, "PCXABQ7")
    assert reason == AdminReason.CODE_TAKEN
    assert "check character" in detail


def test_imported_code_inside_a_reserved_prefix_is_not_called_taken(
    tenant: TenantFactory,
) -> None:
    reserve(tenant)
    definition = tenant.define()
    with pytest.raises(csv_import.ImportRejected) as caught:
        csv_import.import_codes(
            tenant.tenant_id,
            definition.definition_id,
            [ImportRow(2, "PCXABQ7", user_id="", expires_at=None)],
            partial=True,
            actor="test",
            clock=utc_now,
        )
    (row,) = caught.value.report.rejected_rows
    assert isinstance(row, RejectedRow)
    assert "check character" in row.reason
    assert not CouponTable.select().where(CouponTable.code == "PCXABQ7").exists()


def test_creators_codes_inside_a_reserved_prefix_are_refused_by_name(
    tenant: TenantFactory,
) -> None:
    reserve(tenant)
    campaign = CampaignFactory(tenant)
    campaign.create_campaign()
    key = campaign.create_creator("PCXAB")
    package_id = campaign.create_package().package.package_id
    ids = tenant.tenant_id, key, package_id
    for pattern in "PCXAB-{number}", "{creator}{random}":
        reason, detail = refuse(creators.issue_creator_codes, *ids, 3, pattern)
        assert (reason, RESERVED in detail) == (AdminReason.STEM_TAKEN, True)
    reason, detail = refuse(creators.assign_codes, *ids, ["PCXABQ7"])
    assert reason == AdminReason.CODE_TAKEN
    assert "check character" in detail
    assert creators.issue_creator_codes(*ids, 1, "GO-{creator}-{number}")
