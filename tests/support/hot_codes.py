"""Helpers for tests of hot definitions, whose uses are counted in slots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from coupon_core.domain.models import Definition
from coupon_core.domain.models.filters import RedemptionFilter
from coupon_core.domain.rules.usage_slots import SLOT_COUNT
from coupon_core.persistence.database import is_postgresql
from coupon_core.persistence.repositories import redemption_records
from coupon_core.services.points import reversals
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import run_in_turn
from tests.support.invariants import fetch_rows


def read_slots(definition: Definition) -> list[tuple[int, int]]:
    """Return the used and the maximum count of each slot."""
    sql = f"""SELECT used_count, max_count FROM definition_usage_slot
        WHERE definition_id = '{definition.definition_id}' ORDER BY slot"""
    return [(used, most) for used, most in fetch_rows(sql)]


def count_slots() -> int:
    """Return the number of slots of a hot definition on this database."""
    return SLOT_COUNT if is_postgresql() else 0


def redeem_in_turn(
    tenant: TenantFactory, code: str, user_ids: Sequence[str]
) -> Counter[str]:
    """Redeem a code for several users, one after the other, and count the outcomes."""
    return run_in_turn([partial(tenant.redeem, code, user) for user in user_ids])


def list_redemption_ids(definition: Definition) -> list[int]:
    """Return the IDs of the redemptions of a definition, newest first."""
    filters = RedemptionFilter(definition_id=definition.definition_id)
    records = redemption_records.list_records(definition.tenant_id, filters, 100)
    return [record.redemption_id for record in records]


def reverse(definition: Definition, redemption_id: int) -> object:
    """Reverse a redemption."""
    return reversals.reverse(
        definition.tenant_id, redemption_id, reason="", now=NOW, actor=""
    )
