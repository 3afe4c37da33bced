"""Definitions and their shared codes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from peewee import Case, IntegrityError, fn

from coupon_core.domain.codes import to_lookup_key
from coupon_core.domain.models import Definition, DefinitionStatus, Page
from coupon_core.domain.models.coupons import CAMPAIGN_STATE, COUNTER_STATE
from coupon_core.domain.names import to_name_key
from coupon_core.domain.rules.usage_slots import is_hot
from coupon_core.persistence.errors import FOREIGN_KEY, UNIQUE, violated_constraint
from coupon_core.persistence.metadata_filters import build_metadata_conditions
from coupon_core.persistence.repositories import usage_slots
from coupon_core.persistence.repositories.definition_queries import (
    get_suspended_at,
    is_campaign_ended,
    select_definitions,
)
from coupon_core.persistence.row_locks import lock_rows
from coupon_core.persistence.row_mapping import to_definition
from coupon_core.persistence.tables import (
    CouponTable,
    DefinitionTable,
    ImportRowTable,
    SharedCodeTable,
)


class UnknownRewardItem(Exception):
    """The definition refers to a reward item that does not exist."""


class NameTaken(Exception):
    """Another definition of the tenant has the same name."""


def insert(definition: Definition) -> None:
    """Insert a definition.

    Raises:
        NameTaken: Another definition has the same name.
        UnknownRewardItem: The reward item does not exist.
    """
    with _map_integrity_errors():
        DefinitionTable.insert(
            **_to_row(definition, name_key=to_name_key(definition.name)),
            used_count=definition.used_count,
        ).execute()
    if is_hot(definition):
        usage_slots.store_count(definition)


def _to_row(definition: Definition, name_key: object) -> dict[str, Any]:
    row = {**asdict(definition), "name_key": name_key}
    return {name: row[name] for name in row.keys() - CAMPAIGN_STATE - COUNTER_STATE}


@contextmanager
def _map_integrity_errors() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        # Classified by its code, because its text quotes values of the request.
        kind = violated_constraint(error)
        if kind == FOREIGN_KEY:
            raise UnknownRewardItem from error
        if kind == UNIQUE:
            raise NameTaken from error
        raise


def get(tenant_id: str, definition_id: str) -> Definition | None:
    """Return a definition, or None."""
    row = (
        select_definitions(tenant_id)
        .where(DefinitionTable.definition_id == definition_id)
        .tuples()
        .first()
    )
    return to_definition(row) if row else None


def lock(tenant_id: str, definition_id: str) -> Definition | None:
    """Lock a definition against changes until the transaction ends, and return it.

    No other transaction can count a use under its total limit meanwhile.
    """
    definition = _lock_row(tenant_id, definition_id, lock_mode="FOR NO KEY UPDATE")
    return definition and usage_slots.lock(definition)


def lock_shared(tenant_id: str, definition_id: str) -> Definition | None:
    """Lock a definition in share mode until the transaction ends, and return it.

    Others may hold the same lock, but no transaction can change it.
    """
    return _lock_row(tenant_id, definition_id, lock_mode="FOR SHARE")


def _lock_row(tenant_id: str, definition_id: str, lock_mode: str) -> Definition | None:
    query = select_definitions(tenant_id).where(
        DefinitionTable.definition_id == definition_id
    )
    row = lock_rows(query, lock_mode).tuples().first()
    return to_definition(row) if row else None


def lock_all(tenant_id: str, definition_ids: Sequence[str]) -> list[Definition]:
    """Lock definitions against changes in the order of their ids, and return them."""
    query = select_definitions(tenant_id).where(
        DefinitionTable.definition_id.in_(definition_ids)
    )
    rows = lock_rows(query.order_by(DefinitionTable.definition_id)).tuples()
    return [to_definition(row) for row in rows]


def archive_all(tenant_id: str, definition_ids: Sequence[str], now: datetime) -> None:
    """Archive definitions that the caller has locked."""
    DefinitionTable.update(status=DefinitionStatus.ARCHIVED, updated_at=now).where(
        DefinitionTable.tenant_id == tenant_id,
        DefinitionTable.definition_id.in_(definition_ids),
    ).execute()


def list_definitions(
    tenant_id: str,
    page: Page,
    status: DefinitionStatus | None = None,
    name: str | None = None,
    metadata: Mapping[str, str] | None = None,
    campaign_id: str | None = None,
    is_suspended: bool | None = None,
) -> tuple[list[Definition], int]:
    """Return the definitions of a tenant, newest first, and the total of all matches.

    `status` is the effective one. `name` matches a part of the name, ignoring case.
    `metadata` are values by key.
    """
    query = select_definitions(tenant_id).where(
        *build_metadata_conditions(DefinitionTable.metadata, metadata or {})
    )
    if status:
        has_status = DefinitionTable.status == status
        is_ended = is_campaign_ended(tenant_id)
        is_archived = status == DefinitionStatus.ARCHIVED
        query = query.where(
            has_status | is_ended if is_archived else has_status & ~is_ended
        )
    if name:
        query = query.where(fn.LOWER(DefinitionTable.name).contains(name.lower()))
    if campaign_id:
        query = query.where(DefinitionTable.campaign_id == campaign_id)
    if is_suspended is not None:
        suspended_at = get_suspended_at(tenant_id)
        query = query.where(suspended_at.is_null(not is_suspended))
    newest = query.order_by(DefinitionTable.definition_id.desc())
    rows = newest.limit(page.limit).offset(page.offset).tuples()
    return [to_definition(row) for row in rows], query.count()


def update(definition: Definition) -> None:
    """Overwrite a definition, apart from its counter (`usage_slots.store_count`).

    Raises:
        NameTaken: Another definition has the same name.
        UnknownRewardItem: The reward item does not exist.
    """
    # An older definition keeps a name that another one has, until it is renamed.
    is_renamed = DefinitionTable.name != definition.name
    name_key = Case(
        None, [(is_renamed, to_name_key(definition.name))], DefinitionTable.name_key
    )
    query = DefinitionTable.update(_to_row(definition, name_key=name_key))
    key = DefinitionTable.match_key(definition.tenant_id, definition.definition_id)
    with _map_integrity_errors():
        query.where(key).execute()


def count_awards(definition: Definition, count: int) -> bool:
    """Count awarded coupons; return False if the total limit does not allow them."""
    new_count = DefinitionTable.used_count + count
    query = DefinitionTable.update(used_count=new_count).where(
        DefinitionTable.match_key(definition.tenant_id, definition.definition_id),
        new_count <= DefinitionTable.total_limit,
    )
    return bool(query.execute())


def is_code_taken(definition: Definition) -> bool:
    """Return True if another code conflicts with the custom code of a definition.

    A case-sensitive code may differ by case alone from another case-sensitive code, but
    from no other code (docs/api-contracts.md 5, row 19).
    """
    tenant_id, code_key = definition.tenant_id, to_lookup_key(definition.custom_code)
    imported_codes = ImportRowTable.select().where(
        ImportRowTable.match_key(tenant_id, code_key)
    )
    owned_codes = CouponTable.select().where(
        CouponTable.tenant_id == tenant_id,
        CouponTable.code_key == code_key,
        CouponTable.code_scope == "",
    )
    return bool(
        _select_conflicting_shared_codes(definition).exists()
        or imported_codes.exists()
        or owned_codes.exists()
    )


def _select_conflicting_shared_codes(definition: Definition) -> Any:
    query = SharedCodeTable.select().where(
        SharedCodeTable.tenant_id == definition.tenant_id,
        SharedCodeTable.code_key == to_lookup_key(definition.custom_code),
        SharedCodeTable.definition_id != definition.definition_id,
    )
    exact_code = _get_exact_code(definition)
    if exact_code:
        query = query.where(SharedCodeTable.code_exact.in_(["", exact_code]))
    return query


def replace_shared_code(definition: Definition) -> None:
    """Replace the shared code of a definition with its custom code, if any."""
    SharedCodeTable.delete().where(
        SharedCodeTable.tenant_id == definition.tenant_id,
        SharedCodeTable.definition_id == definition.definition_id,
    ).execute()
    if definition.custom_code:
        SharedCodeTable.insert(
            tenant_id=definition.tenant_id,
            code_key=to_lookup_key(definition.custom_code),
            code_exact=_get_exact_code(definition),
            code=definition.custom_code,
            definition_id=definition.definition_id,
        ).execute()


def _get_exact_code(definition: Definition) -> str:
    return definition.custom_code if definition.case_sensitive else ""
