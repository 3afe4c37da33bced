"""Definitions: the templates of coupons, and their life from active to archived."""

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
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
    Page,
    Refused,
)
from coupon_core.domain.rules import definitions as definition_rules
from coupon_core.domain.rules import packages as package_rules
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import campaigns as campaign_repository
from coupon_core.persistence.repositories import (
    checked_prefixes as checked_prefix_repository,
)
from coupon_core.persistence.repositories import coupon_counts
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import packages as package_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.persistence.repositories import user_usage as user_usage_repository
from coupon_core.services import audit

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
    "awarded_only": False,
    "trigger_kind": None,
    "trigger_enabled": False,
    "trigger_source": "",
    "trigger_threshold": 0,
}
AUDIT_ACTIONS = {
    DefinitionStatus.ACTIVE: "activated",
    DefinitionStatus.PAUSED: "paused",
    DefinitionStatus.ARCHIVED: "archived",
}
CODE_FIELDS = frozenset({"code_format", "custom_code", "case_sensitive"})
LIMIT_FIELDS = frozenset({"per_code_limit", "per_user_limit", "total_limit"})
FIELDS_AFFECTING_COUPONS = CODE_FIELDS | LIMIT_FIELDS | {"awarded_only"}


def create(tenant_id: str, fields: Mapping[str, Any], now: datetime) -> Definition:
    """Add an active definition from members of `Definition`; absent ones have defaults.

    Refused when the members contradict each other, or a name or code is taken.
    """
    definition = build_definition(tenant_id, fields, now)
    with transaction():
        insert_in_transaction(definition)
    return definition


def build_definition(
    tenant_id: str, fields: Mapping[str, Any], now: datetime
) -> Definition:
    """An active definition that is not stored yet."""
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
    """Store a new definition in the caller's transaction. Refused as `create`."""
    _require_valid(definition)
    with _translate_conflicts():
        if definition.custom_code or definition.code_check:
            tenant_repository.lock(definition.tenant_id)
            _require_unused_code(definition)
            _reserve_prefix(definition)
        definition_repository.insert(definition)
        definition_repository.replace_shared_code(definition)
    audit.record(definition.tenant_id, "definition.created", definition.definition_id)


def get(tenant_id: str, definition_id: str) -> Definition:
    """One definition. Refused when there is none."""
    return _require_found(definition_repository.get(tenant_id, definition_id))


def list_definitions(
    tenant_id: str,
    page: Page,
    status: DefinitionStatus | None = None,
    name: str | None = None,
) -> tuple[list[Definition], int]:
    """A tenant's definitions, newest first, and how many match in all."""
    return definition_repository.list_definitions(tenant_id, page, status, name)


def update(
    tenant_id: str, definition_id: str, changes: Mapping[str, Any], now: datetime
) -> Definition:
    """Change members of a definition; what coupons exist keep their codes.

    How codes are made is frozen once there are coupons; dates and limits may change,
    but no limit goes below what has been used.
    """
    changed_fields = _find_changed_fields(get(tenant_id, definition_id), changes)
    for locked_fields in (changed_fields, changes.keys()):
        after = _try_update(tenant_id, definition_id, changes, locked_fields, now)
        if after:
            return after
    raise AssertionError("unreachable: all that changes was locked")


def _try_update(
    tenant_id: str,
    definition_id: str,
    changes: Mapping[str, Any],
    locked_fields: Set[str],
    now: datetime,
) -> Definition | None:
    """The changed definition; None when more changes than what was locked for."""
    with transaction():
        if FIELDS_AFFECTING_COUPONS & locked_fields:
            coupon_repository.lock_coupons_exclusively()
        if CODE_FIELDS & locked_fields:
            tenant_repository.lock(tenant_id)
        before = _require_found(definition_repository.lock(tenant_id, definition_id))
        if (
            FIELDS_AFFECTING_COUPONS
            & _find_changed_fields(before, changes) - locked_fields
        ):
            return None
        return update_in_transaction(before, changes, now)


def update_in_transaction(
    before: Definition, changes: Mapping[str, Any], now: datetime
) -> Definition:
    """Change a definition that the caller's transaction has locked. Refused.

    What concerns coupons or names codes needs them held still, and the tenant locked.
    """
    after = replace(before, **changes, updated_at=now)
    _require_valid(after)
    for reason in definition_rules.code_format_change_violations(before, after):
        raise Refused(reason)
    _require_package_in_use(before, after)
    after = _with_recounted_usage(before, after)
    with _translate_conflicts():
        definition_repository.update(after)
    if after.per_user_limit and not before.per_user_limit:
        user_usage_repository.recount(after.tenant_id, after.definition_id)
    if definition_rules.get_frozen_fields(before) != definition_rules.get_frozen_fields(
        after
    ):
        _require_unused_code(after)
        definition_repository.replace_shared_code(after)
    changed = _find_changed_fields(before, changes)
    ids = after.tenant_id, "definition.changed", after.definition_id
    audit.record(*ids, changed=changed)
    return after


def set_status(
    tenant_id: str, definition_id: str, status: DefinitionStatus, now: datetime
) -> Definition:
    """Pause, activate or archive a definition; the same again changes nothing."""
    with transaction():
        before = _require_found(definition_repository.lock(tenant_id, definition_id))
        if before.status == status:
            return before
        after = replace(before, status=status, updated_at=now)
        _require_package_in_use(before, after)
        definition_repository.update(after)
        audit.record(tenant_id, f"definition.{AUDIT_ACTIONS[status]}", definition_id)
    return after


def get_stats(tenant_id: str, definition_id: str, now: datetime) -> DefinitionStats:
    """How the coupons of a definition stand. Refused when it is unknown."""
    get(tenant_id, definition_id)
    return coupon_counts.get_stats(tenant_id, definition_id, now)


def _find_changed_fields(
    definition: Definition, changes: Mapping[str, Any]
) -> Set[str]:
    return {name for name in changes if getattr(definition, name) != changes[name]}


def _require_found(definition: Definition | None) -> Definition:
    if definition is None:
        raise Refused(AdminReason.DEFINITION_NOT_FOUND)
    return definition


def _require_valid(definition: Definition) -> None:
    for reason in definition_rules.definition_violations(definition):
        raise Refused(reason)


def _require_package_in_use(before: Definition, after: Definition) -> None:
    """Of a package out of use the definition stays archived, as its codes are no good.

    Whoever puts it away waits for the definition, which is held, and archives it then.
    """
    if after.status in (before.status, DefinitionStatus.ARCHIVED):
        return
    package = package_repository.find_by_definition(
        after.tenant_id, after.definition_id
    )
    if package is None:
        return
    campaign = campaign_repository.get(package.tenant_id, package.campaign_id)
    if not campaign or not package_rules.is_in_use(package, campaign):
        raise Refused(AdminReason.PACKAGE_OUT_OF_USE)


def _reserve_prefix(definition: Definition) -> None:
    """Let no other codes begin as those with a check character do."""
    if not definition.code_check:
        return
    ids = definition.tenant_id, codes.fixed_prefix(definition), definition.definition_id
    if not checked_prefix_repository.reserve(*ids):
        raise Refused(AdminReason.STEM_TAKEN)


def _require_unused_code(definition: Definition) -> None:
    if definition.custom_code and definition_repository.is_code_taken(definition):
        raise Refused(AdminReason.CODE_TAKEN)


def _with_recounted_usage(before: Definition, after: Definition) -> Definition:
    """The new definition with its uses counted, if its coupons let it be."""
    if not definition_rules.change_affects_coupons(before, after):
        return after
    uses = coupon_counts.get_usage(after.tenant_id, after.definition_id)
    for reason in definition_rules.definition_change_violations(before, after, uses):
        raise Refused(reason)
    used_count = (
        definition_rules.total_limit_usage(after, uses) if after.total_limit else 0
    )
    return replace(after, used_count=used_count)


@contextmanager
def _translate_conflicts() -> Iterator[None]:
    try:
        yield
    except definition_repository.NameTaken as error:
        raise Refused(AdminReason.NAME_TAKEN) from error
    except definition_repository.UnknownRewardItem as error:
        raise Refused(AdminReason.UNKNOWN_REWARD_ITEM) from error
