"""Definitions: the templates of coupons, and their status."""

from collections.abc import Mapping, Set
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain import codes
from coupon_core.domain.codes import DEFAULT_RANDOM_LENGTH
from coupon_core.domain.models import (
    AdminReason,
    CodeAlphabet,
    CodeFormat,
    Definition,
    DefinitionStats,
    DefinitionStatus,
    LimitBelowUses,
    Page,
    Refused,
)
from coupon_core.domain.rules import definitions as definition_rules
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import coupon_counts
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.services import audit, reserved_prefixes
from coupon_core.services.catalog import (
    campaign_membership,
    definition_checks,
    usage_recounts,
)
from coupon_core.services.errors import require_found

DEFAULTS: Mapping[str, Any] = {
    "description": "",
    "code_format": CodeFormat.RANDOM,
    "code_alphabet": CodeAlphabet.UNAMBIGUOUS,
    "code_prefix": "",
    "code_length": DEFAULT_RANDOM_LENGTH,
    "code_pattern": "",
    "code_check": False,
    "custom_code": "",
    "case_sensitive": False,
    "claimable": False,
    "starts_at": None,
    "expires_at": None,
    "per_code_limit": 1,
    "per_user_limit": 0,
    "total_limit": 0,
    "hot": False,
    "user_period_limit": 0,
    "user_period": None,
    "awarded_only": False,
    "trigger_kind": None,
    "trigger_enabled": False,
    "trigger_source": "",
    "trigger_threshold": 0,
    "metadata": {},
    "campaign_id": "",
    "time_zone": "",
    "refill_count": 0,
    "refill_below": 0,
}
CODE_FIELDS = frozenset({"code_format", "custom_code", "case_sensitive"})
# They decide with which characters random codes begin.
PREFIX_FIELDS = frozenset({"code_prefix", "code_pattern"})
FIELDS_AFFECTING_COUPONS = CODE_FIELDS | {
    *("per_code_limit", "per_user_limit", "total_limit", "hot", "awarded_only"),
    *("user_period_limit", "user_period"),
}


def create(tenant_id: str, fields: Mapping[str, Any], now: datetime) -> Definition:
    """Create an active definition; fields that are not given have defaults.

    Raises:
        Refused: The fields contradict each other, the name or code is taken, or the
            reward item or the campaign is unknown.
    """
    with transaction():
        completed = campaign_membership.complete_fields(tenant_id, fields)
        definition = build_definition(tenant_id, completed, now)
        insert_in_transaction(definition)
    return definition


def build_definition(
    tenant_id: str, fields: Mapping[str, Any], now: datetime
) -> Definition:
    """Return a new active definition without storing it."""
    return Definition(
        tenant_id=tenant_id,
        definition_id=generate_id(),
        status=DefinitionStatus.ACTIVE,
        used_count=0,
        created_at=now,
        updated_at=now,
        **{**DEFAULTS, **fields},
    )


def insert_in_transaction(definition: Definition) -> None:
    """Store a new definition in the caller's transaction; raise as `create` does."""
    definition_checks.require_valid(definition)
    with definition_checks.translate_conflicts():
        if definition.custom_code or definition.code_check:
            tenant_repository.lock(definition.tenant_id)
            definition_checks.require_unused_code(definition)
            reserved_prefixes.reserve_prefix(definition)
        elif reserved_prefixes.can_be_reserved(codes.fixed_prefix(definition)):
            tenant_repository.lock_shared(definition.tenant_id)
            reserved_prefixes.require_unreserved_prefix(definition)
        definition_repository.insert(definition)
        definition_repository.replace_shared_code(definition)
    audit.record(
        definition.tenant_id,
        "definition.created",
        definition.definition_id,
        after=definition,
    )


def get(tenant_id: str, definition_id: str) -> Definition:
    """Return one definition.

    Raises:
        Refused: The definition is unknown.
    """
    definition = definition_repository.get(tenant_id, definition_id)
    return require_found(definition, AdminReason.DEFINITION_NOT_FOUND)


def list_definitions(
    tenant_id: str, page: Page, **filters: Any
) -> tuple[list[Definition], int]:
    """Return a page of a tenant's definitions, newest first, and the total count.

    `filters` are those of the repository's function.
    """
    return definition_repository.list_definitions(tenant_id, page, **filters)


def list_available(tenant_id: str, page: Page) -> tuple[list[Definition], int]:
    """Return a page of the active, unsuspended definitions, and their total count."""
    return definition_repository.list_definitions(
        tenant_id, page, status=DefinitionStatus.ACTIVE, is_suspended=False
    )


def update(
    tenant_id: str, definition_id: str, changes: Mapping[str, Any], now: datetime
) -> Definition:
    """Change fields of a definition and return it.

    Existing coupons keep their codes.

    Raises:
        Refused: The definition is unknown, the new values contradict each other, a
            limit would be below the current use, a code rule would change although
            coupons exist, or the campaign is unknown.
    """
    changed_fields = _find_changed_fields(get(tenant_id, definition_id), changes)
    for fields in (changed_fields, changes.keys()):
        try:
            after = _try_update(
                tenant_id, definition_id, changes=changes, locked_fields=fields, now=now
            )
        except LimitBelowUses as error:
            raise error.with_member(f"config.limits.{error.limit}") from error
        if after:
            return after
    raise AssertionError("unreachable: all changed fields were locked")


def _try_update(
    tenant_id: str,
    definition_id: str,
    changes: Mapping[str, Any],
    locked_fields: Set[str],
    now: datetime,
) -> Definition | None:
    """Update a definition under the locks that `locked_fields` need.

    Return None if a concurrent change made other locks necessary.
    """
    with transaction():
        if FIELDS_AFFECTING_COUPONS & locked_fields:
            coupon_repository.lock_coupons_exclusively()
        if (CODE_FIELDS | PREFIX_FIELDS) & locked_fields:
            tenant_repository.lock(tenant_id)
        before = require_found(
            definition_repository.lock(tenant_id, definition_id),
            AdminReason.DEFINITION_NOT_FOUND,
        )
        changed_fields = _find_changed_fields(before, changes)
        lockable_fields = FIELDS_AFFECTING_COUPONS | PREFIX_FIELDS
        if lockable_fields & changed_fields - locked_fields:
            return None
        return update_in_transaction(before, changes, now)


def update_in_transaction(
    before: Definition, changes: Mapping[str, Any], now: datetime
) -> Definition:
    """Change a definition that the caller's transaction has locked.

    To change a field in `FIELDS_AFFECTING_COUPONS`, the caller must also lock the
    coupons; to change a field in `CODE_FIELDS` or `PREFIX_FIELDS`, the tenant as well.
    Raises as `update`.
    """
    changes = campaign_membership.resolve_changes(before, changes)
    after = replace(before, **changes, updated_at=now)
    definition_checks.require_valid(after)
    for reason in definition_rules.code_format_change_violations(before, after):
        raise Refused(reason)
    if codes.fixed_prefix(after) != codes.fixed_prefix(before):
        reserved_prefixes.require_unreserved_prefix(after)
    if "status" in changes:
        definition_checks.require_in_use(before, after.status)
    after = usage_recounts.with_recounted_usage(before, after, now)
    with definition_checks.translate_conflicts():
        definition_repository.update(after)
    usage_recounts.store_recounted_usage(before, after, now)
    frozen_before = definition_rules.get_frozen_fields(before)
    if definition_rules.get_frozen_fields(after) != frozen_before:
        definition_checks.require_unused_code(after)
        definition_repository.replace_shared_code(after)
    tenant_id, definition_id = after.tenant_id, after.definition_id
    audit.record(
        tenant_id, "definition.changed", definition_id, before=before, after=after
    )
    return after


def get_stats(tenant_id: str, definition_id: str, now: datetime) -> DefinitionStats:
    """Return the number of coupons by status and the number of redemptions.

    Raises:
        Refused: The definition is unknown.
    """
    get(tenant_id, definition_id)
    return coupon_counts.get_stats(tenant_id, definition_id, now)


def _find_changed_fields(
    definition: Definition, changes: Mapping[str, Any]
) -> Set[str]:
    return {name for name in changes if getattr(definition, name) != changes[name]}
