"""The audit log; entries are stored in the transaction of the change they describe."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from coupon_core.domain.code_masking import mask_code
from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.audit import AuditEntry, AuditFilter
from coupon_core.domain.models.coupons import CAMPAIGN_STATE, COUNTER_STATE
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.json_encoding import encode_json
from coupon_core.observability import audit_context
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import audit as audit_repository

MAX_DETAIL_NAMES = 50
MAX_CHANGES_BYTES = 4_096
MAX_VALUE_BYTES = 500
UNRECORDED_MEMBERS = (
    frozenset({"tenant_id", "created_at", "updated_at", "next_turn_at"})
    | {"failure_count", "failing_since", "has_reservations"}
    | CAMPAIGN_STATE
    | COUNTER_STATE
)
"""What the entry has anyway, or what changes without a request for it."""
ID_SUFFIXES = ("_id", "_key")
"""Of members with an ID, of the object itself or of another one."""
CODE_MEMBERS = frozenset({"custom_code"})
HIDDEN = "***"
OMITTED = "(too long)"


def record(
    tenant_id: str,
    action: str,
    object_id: str = "",
    before: Any = None,
    after: Any = None,
    object_name: str = "",
    **detail: Any,
) -> None:
    """Record an action with its actor, inside the caller's transaction.

    `before` and `after` are the object, as a dataclass or a mapping, without the data
    of a player; the members that differ are recorded, with codes masked. If there is
    only one of them, the object was created or deleted. Its `name` is recorded unless
    `object_name` is given. `detail` must be small and contain no secrets, codes or
    player data. The time of the entry is the machine's time, not the `now` that the
    change itself uses.
    """
    changes = find_changes(before, after, object_id)
    if before is not None and after is not None:
        detail["changed"] = changes
    record_each(
        tenant_id,
        action,
        [object_id],
        object_name=object_name or getattr(after or before, "name", ""),
        changes=limit_size(changes),
        **detail,
    )


def record_each(
    tenant_id: str,
    action: str,
    object_ids: Iterable[str],
    object_name: str = "",
    changes: Mapping[str, Any] | None = None,
    **detail: Any,
) -> None:
    """Record the same action on each of several objects."""
    context = audit_context.current_context()
    entries = [
        AuditEntry(
            tenant_id=tenant_id,
            entry_id=generate_id(),
            actor=context.actor,
            action=action,
            object_id=object_id,
            request_id=context.request_id,
            detail={name: _truncate_value(value) for name, value in detail.items()},
            happened_at=utc_now(),
            actor_name=context.actor_name,
            object_name=object_name,
            changes=changes or {},
        )
        for object_id in object_ids
    ]
    audit_repository.insert_all(entries)


def _truncate_value(value: Any) -> Any:
    if isinstance(value, str | int | None):
        return value
    return sorted(value)[:MAX_DETAIL_NAMES]


def find_changes(before: Any, after: Any, object_id: str) -> dict[str, Any]:
    """Return the values of the members that differ, as `from` and `to`.

    A new or deleted object has only the values that are not empty.
    """
    old, new = _to_members(before), _to_members(after)
    is_change = before is not None and after is not None
    changes = {}
    for name in new or old:
        values = old.get(name), new.get(name)
        is_own_id = name.endswith(ID_SUFFIXES) and object_id in map(str, values)
        is_set = is_change or any(values)
        if values[0] != values[1] and is_set and not is_own_id:
            recorded = [_to_recorded_value(name, value) for value in values]
            changes[name] = dict(zip(("from", "to"), recorded, strict=True))
    return changes


def _to_members(value: Any) -> Mapping[str, Any]:
    if is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    return {
        name: member
        for name, member in (value or {}).items()
        if name not in UNRECORDED_MEMBERS
    }


def _to_recorded_value(name: str, value: Any) -> Any:
    if name in CODE_MEMBERS and value:
        return mask_code(value)
    if name == "url" and value:
        path, mark, _ = value.partition("?")  # the query may contain a secret
        value = f"{path}?{HIDDEN}" if mark else value
    encoded = encode_json(value, default=_to_json_value)
    # Not the beginning of a document: an ID of a user in it would not be found again
    # when the user is erased.
    return json.loads(encoded) if len(encoded) <= MAX_VALUE_BYTES else OMITTED


def _to_json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_timestamp(value)
    return dict(value) if isinstance(value, Mapping) else sorted(value)


def limit_size(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes that fit; `detail` names the others too."""
    kept: dict[str, Any] = {}
    for name, change in changes.items():
        if len(encode_json({**kept, name: change})) <= MAX_CHANGES_BYTES:
            kept[name] = change
    return kept


def list_entries(
    tenant_id: str, audit_filter: AuditFilter, page: Page
) -> tuple[list[AuditEntry], int]:
    """Return a page of matching entries, newest first, and the number of matches."""
    return audit_repository.list_entries(tenant_id, audit_filter, page)
