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
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import campaigns as campaign_store
from coupon_core.persistence.repositories import checked_prefixes as stem_store
from coupon_core.persistence.repositories import coupon_counts
from coupon_core.persistence.repositories import coupons as coupon_store
from coupon_core.persistence.repositories import definitions as store
from coupon_core.persistence.repositories import packages as package_store
from coupon_core.persistence.repositories import tenants as tenant_store
from coupon_core.persistence.repositories import user_usage as usage_store
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
DONE = {
    DefinitionStatus.ACTIVE: "activated",
    DefinitionStatus.PAUSED: "paused",
    DefinitionStatus.ARCHIVED: "archived",
}
NAMING_CODES = frozenset({"code_format", "custom_code", "case_sensitive"})
LIMITS = frozenset({"per_code_limit", "per_user_limit", "total_limit"})
CONCERNING_COUPONS = NAMING_CODES | LIMITS | {"awarded_only"}


def create(tenant_id: str, fields: Mapping[str, Any], now: datetime) -> Definition:
    """Add an active definition from members of `Definition`; absent ones have defaults.

    Refused when the members contradict each other, or a name or code is taken.
    """
    definition = draft(tenant_id, fields, now)
    with transaction():
        add(definition)
    return definition


def draft(tenant_id: str, fields: Mapping[str, Any], now: datetime) -> Definition:
    """An active definition that is not stored yet."""
    return Definition(
        tenant_id=tenant_id,
        definition_id=new_id(),
        status=DefinitionStatus.ACTIVE,
        used_count=0,
        created_at=now,
        updated_at=now,
        **{**DEFAULTS, **fields},
    )


def add(definition: Definition) -> None:
    """Store a new definition in the caller's transaction. Refused as `create`."""
    _check(definition)
    with _taken_names():
        if definition.custom_code or definition.code_check:
            tenant_store.lock(definition.tenant_id)
            _check_code(definition)
            _reserve_stem(definition)
        store.insert(definition)
        store.share_code(definition)
    audit.record(definition.tenant_id, "definition.created", definition.definition_id)


def get(tenant_id: str, definition_id: str) -> Definition:
    """One definition. Refused when there is none."""
    return _known(store.get(tenant_id, definition_id))


def listed(
    tenant_id: str,
    page: Page,
    status: DefinitionStatus | None = None,
    name: str | None = None,
) -> tuple[list[Definition], int]:
    """A tenant's definitions, newest first, and how many match in all."""
    return store.listed(tenant_id, page, status, name)


def update(
    tenant_id: str, definition_id: str, changes: Mapping[str, Any], now: datetime
) -> Definition:
    """Change members of a definition; what coupons exist keep their codes.

    How codes are made is frozen once there are coupons; dates and limits may change,
    but no limit goes below what has been used.
    """
    different = _different(get(tenant_id, definition_id), changes)
    for locked_for in (different, changes.keys()):
        after = _update(tenant_id, definition_id, changes, locked_for, now)
        if after:
            return after
    raise AssertionError("unreachable: all that changes was locked")


def _update(
    tenant_id: str,
    definition_id: str,
    changes: Mapping[str, Any],
    locked_for: Set[str],
    now: datetime,
) -> Definition | None:
    """The changed definition; None when more changes than what was locked for."""
    with transaction():
        if CONCERNING_COUPONS & locked_for:
            coupon_store.still()
        if NAMING_CODES & locked_for:
            tenant_store.lock(tenant_id)
        before = _known(store.lock(tenant_id, definition_id))
        if CONCERNING_COUPONS & _different(before, changes) - locked_for:
            return None
        return change(before, changes, now)


def change(before: Definition, changes: Mapping[str, Any], now: datetime) -> Definition:
    """Change a definition that the caller's transaction has locked. Refused.

    What concerns coupons or names codes needs them held still, and the tenant locked.
    """
    after = replace(before, **changes, updated_at=now)
    _check(after)
    for reason in definition_rules.against_shape_change(before, after):
        raise Refused(reason)
    _check_package(before, after)
    after = _checked_against_coupons(before, after)
    with _taken_names():
        store.update(after)
    if after.per_user_limit and not before.per_user_limit:
        usage_store.recount(after.tenant_id, after.definition_id)
    if definition_rules.code_rules(before) != definition_rules.code_rules(after):
        _check_code(after)
        store.share_code(after)
    changed = _different(before, changes)
    ids = after.tenant_id, "definition.changed", after.definition_id
    audit.record(*ids, changed=changed)
    return after


def set_status(
    tenant_id: str, definition_id: str, status: DefinitionStatus, now: datetime
) -> Definition:
    """Pause, activate or archive a definition; the same again changes nothing."""
    with transaction():
        before = _known(store.lock(tenant_id, definition_id))
        if before.status == status:
            return before
        after = replace(before, status=status, updated_at=now)
        _check_package(before, after)
        store.update(after)
        audit.record(tenant_id, f"definition.{DONE[status]}", definition_id)
    return after


def stats(tenant_id: str, definition_id: str, now: datetime) -> DefinitionStats:
    """How the coupons of a definition stand. Refused when it is unknown."""
    get(tenant_id, definition_id)
    return coupon_counts.stats(tenant_id, definition_id, now)


def _different(definition: Definition, changes: Mapping[str, Any]) -> Set[str]:
    return {name for name in changes if getattr(definition, name) != changes[name]}


def _known(definition: Definition | None) -> Definition:
    if definition is None:
        raise Refused(AdminReason.DEFINITION_NOT_FOUND)
    return definition


def _check(draft: Definition) -> None:
    for reason in definition_rules.against_definition_text(draft):
        raise Refused(reason)


def _check_package(before: Definition, after: Definition) -> None:
    """Of a package out of use the definition stays archived, as its codes are no good.

    Whoever puts it away waits for the definition, which is held, and archives it then.
    """
    if after.status in (before.status, DefinitionStatus.ARCHIVED):
        return
    package = package_store.of_definition(after.tenant_id, after.definition_id)
    if package is None:
        return
    campaign = campaign_store.get(package.tenant_id, package.campaign_id)
    if not campaign or not package_rules.is_in_use(package, campaign):
        raise Refused(AdminReason.PACKAGE_OUT_OF_USE)


def _reserve_stem(definition: Definition) -> None:
    """Let no other codes begin as those with a check character do."""
    if not definition.code_check:
        return
    ids = definition.tenant_id, codes.stem(definition), definition.definition_id
    if not stem_store.reserve(*ids):
        raise Refused(AdminReason.STEM_TAKEN)


def _check_code(definition: Definition) -> None:
    if definition.custom_code and store.is_code_taken(definition):
        raise Refused(AdminReason.CODE_TAKEN)


def _checked_against_coupons(before: Definition, after: Definition) -> Definition:
    """The new definition with its uses counted, if its coupons let it be."""
    if not definition_rules.concerns_coupons(before, after):
        return after
    uses = coupon_counts.uses(after.tenant_id, after.definition_id)
    for reason in definition_rules.against_change(before, after, uses):
        raise Refused(reason)
    counted = definition_rules.limited_count(after, uses) if after.total_limit else 0
    return replace(after, used_count=counted)


@contextmanager
def _taken_names() -> Iterator[None]:
    try:
        yield
    except store.NameTaken as error:
        raise Refused(AdminReason.NAME_TAKEN) from error
    except store.UnknownRewardItem as error:
        raise Refused(AdminReason.UNKNOWN_REWARD_ITEM) from error
