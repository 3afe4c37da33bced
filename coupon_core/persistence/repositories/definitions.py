"""Definitions and the codes that they share among their coupons."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from peewee import IntegrityError, fn

from coupon_core.domain.codes import to_lookup_key
from coupon_core.domain.models import Definition, DefinitionStatus, Page
from coupon_core.persistence.database import (
    FOREIGN_KEY,
    UNIQUE,
    is_postgresql,
    violated_constraint,
)
from coupon_core.persistence.repositories import checked_prefixes
from coupon_core.persistence.row_mapping import to_definition
from coupon_core.persistence.tables import (
    CouponTable,
    DefinitionTable,
    ImportRowTable,
    SharedCodeTable,
)


class UnknownRewardItem(Exception):
    """The definition names a reward item that is not there."""


class NameTaken(Exception):
    """Another definition of the tenant has that name."""


def insert(definition: Definition) -> None:
    """Add a definition. NameTaken, UnknownRewardItem."""
    with _map_integrity_errors():
        DefinitionTable.insert(asdict(definition)).execute()


@contextmanager
def _map_integrity_errors() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        # By its code, not by its text: that quotes the caller's own words.
        rule = violated_constraint(error)
        if rule == FOREIGN_KEY:
            raise UnknownRewardItem from error
        if rule == UNIQUE:
            raise NameTaken from error
        raise


def get(tenant_id: str, definition_id: str) -> Definition | None:
    """One definition."""
    row = (
        DefinitionTable.select()
        .where(_match_key(tenant_id, definition_id))
        .tuples()
        .first()
    )
    return to_definition(row) if row else None


def lock(tenant_id: str, definition_id: str) -> Definition | None:
    """One definition, held against changes by others until the transaction ends."""
    return _lock_row(tenant_id, definition_id, "FOR NO KEY UPDATE")


def lock_shared(tenant_id: str, definition_id: str) -> Definition | None:
    """One definition that stays as it is until the transaction ends."""
    return _lock_row(tenant_id, definition_id, "FOR SHARE")


def _lock_row(tenant_id: str, definition_id: str, lock_mode: str) -> Definition | None:
    query = DefinitionTable.select().where(_match_key(tenant_id, definition_id))
    if is_postgresql():  # on SQLite the transaction itself is the lock
        query = query.for_update(lock_mode)
    row = query.tuples().first()
    return to_definition(row) if row else None


def list_definitions(
    tenant_id: str,
    page: Page,
    status: DefinitionStatus | None = None,
    name: str | None = None,
) -> tuple[list[Definition], int]:
    """A tenant's definitions, newest first, and how many match.

    `name` is a part of the name, in any case.
    """
    query = DefinitionTable.select().where(DefinitionTable.tenant_id == tenant_id)
    if status:
        query = query.where(DefinitionTable.status == status)
    if name:
        query = query.where(fn.LOWER(DefinitionTable.name).contains(name.lower()))
    newest = query.order_by(DefinitionTable.definition_id.desc())
    rows = newest.limit(page.limit).offset(page.offset).tuples()
    return [to_definition(row) for row in rows], query.count()


def update(definition: Definition) -> None:
    """Overwrite a definition. NameTaken, UnknownRewardItem."""
    query = DefinitionTable.update(asdict(definition))
    with _map_integrity_errors():
        query.where(
            _match_key(definition.tenant_id, definition.definition_id)
        ).execute()


def count_awards(definition: Definition, count: int) -> bool:
    """Count coupons put into users' hands; False when the total limit forbids it."""
    within = DefinitionTable.used_count + count <= DefinitionTable.total_limit
    counted = DefinitionTable.update(used_count=DefinitionTable.used_count + count)
    here = _match_key(definition.tenant_id, definition.definition_id)
    return bool(counted.where(here, within).execute())


def is_code_taken(definition: Definition) -> bool:
    """True when another shared code or a coupon's own code bars the custom code.

    A case-sensitive code may differ from another case-sensitive one by case alone,
    but from no other code (CONTRACTS 5, row 19).
    """
    key, exact = to_lookup_key(definition.custom_code), _get_exact_code(definition)
    same_key = (SharedCodeTable.tenant_id == definition.tenant_id) & (
        SharedCodeTable.code_key == key
    )
    others = SharedCodeTable.definition_id != definition.definition_id
    bars = SharedCodeTable.code_exact.in_(["", exact]) if exact else True
    own_code = (CouponTable.tenant_id == definition.tenant_id) & (
        CouponTable.code_key == key
    )
    imported = (ImportRowTable.tenant_id == definition.tenant_id) & (
        ImportRowTable.code_key == key
    )
    return bool(
        checked_prefixes.find_invalid_check_digits(
            definition.tenant_id, [definition.custom_code]
        )
        or SharedCodeTable.select().where(same_key, others, bars).exists()
        or ImportRowTable.select().where(imported).exists()
        or CouponTable.select().where(own_code, CouponTable.code_scope == "").exists()
    )


def replace_shared_code(definition: Definition) -> None:
    """Make the definition's custom code, if any, the one that it shares."""
    of_definition = SharedCodeTable.definition_id == definition.definition_id
    mine = (SharedCodeTable.tenant_id == definition.tenant_id) & of_definition
    SharedCodeTable.delete().where(mine).execute()
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


def _match_key(tenant_id: str, definition_id: str) -> object:
    return (DefinitionTable.tenant_id == tenant_id) & (
        DefinitionTable.definition_id == definition_id
    )
