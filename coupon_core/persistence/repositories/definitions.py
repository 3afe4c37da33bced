"""Definitions and the codes that they share among their coupons."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from peewee import IntegrityError, fn

from coupon_core.domain.codes import lookup_key
from coupon_core.domain.models import Definition, DefinitionStatus, Page
from coupon_core.persistence.database import (
    FOREIGN_KEY,
    UNIQUE,
    broken_rule,
    is_postgresql,
)
from coupon_core.persistence.repositories import checked_prefixes
from coupon_core.persistence.row_mapping import definition_of
from coupon_core.persistence.tables import Coupon, ImportRow, SharedCode
from coupon_core.persistence.tables import Definition as Table


class UnknownRewardItem(Exception):
    """The definition names a reward item that is not there."""


class NameTaken(Exception):
    """Another definition of the tenant has that name."""


def insert(definition: Definition) -> None:
    """Add a definition. NameTaken, UnknownRewardItem."""
    with _rules_of_the_table():
        Table.insert(asdict(definition)).execute()


@contextmanager
def _rules_of_the_table() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        # By its code, not by its text: that quotes the caller's own words.
        rule = broken_rule(error)
        if rule == FOREIGN_KEY:
            raise UnknownRewardItem from error
        if rule == UNIQUE:
            raise NameTaken from error
        raise


def get(tenant_id: str, definition_id: str) -> Definition | None:
    """One definition."""
    row = Table.select().where(_is(tenant_id, definition_id)).tuples().first()
    return definition_of(row) if row else None


def lock(tenant_id: str, definition_id: str) -> Definition | None:
    """One definition, held against changes by others until the transaction ends."""
    return _held(tenant_id, definition_id, "FOR NO KEY UPDATE")


def share(tenant_id: str, definition_id: str) -> Definition | None:
    """One definition that stays as it is until the transaction ends."""
    return _held(tenant_id, definition_id, "FOR SHARE")


def _held(tenant_id: str, definition_id: str, strength: str) -> Definition | None:
    query = Table.select().where(_is(tenant_id, definition_id))
    if is_postgresql():  # on SQLite the transaction itself is the lock
        query = query.for_update(strength)
    row = query.tuples().first()
    return definition_of(row) if row else None


def listed(
    tenant_id: str,
    page: Page,
    status: DefinitionStatus | None = None,
    name: str | None = None,
) -> tuple[list[Definition], int]:
    """A tenant's definitions, newest first, and how many match.

    `name` is a part of the name, in any case.
    """
    query = Table.select().where(Table.tenant_id == tenant_id)
    if status:
        query = query.where(Table.status == status)
    if name:
        query = query.where(fn.LOWER(Table.name).contains(name.lower()))
    newest = query.order_by(Table.definition_id.desc())
    rows = newest.limit(page.limit).offset(page.offset).tuples()
    return [definition_of(row) for row in rows], query.count()


def update(definition: Definition) -> None:
    """Overwrite a definition. NameTaken, UnknownRewardItem."""
    query = Table.update(asdict(definition))
    with _rules_of_the_table():
        query.where(_is(definition.tenant_id, definition.definition_id)).execute()


def count_awards(definition: Definition, count: int) -> bool:
    """Count coupons put into users' hands; False when the total limit forbids it."""
    within = Table.used_count + count <= Table.total_limit
    counted = Table.update(used_count=Table.used_count + count)
    here = _is(definition.tenant_id, definition.definition_id)
    return bool(counted.where(here, within).execute())


def is_code_taken(definition: Definition) -> bool:
    """True when another shared code or a coupon's own code bars the custom code.

    A case-sensitive code may differ from another case-sensitive one by case alone,
    but from no other code (CONTRACTS 5, row 19).
    """
    key, exact = lookup_key(definition.custom_code), _exact(definition)
    same_key = (SharedCode.tenant_id == definition.tenant_id) & (
        SharedCode.code_key == key
    )
    others = SharedCode.definition_id != definition.definition_id
    bars = SharedCode.code_exact.in_(["", exact]) if exact else True
    own_code = (Coupon.tenant_id == definition.tenant_id) & (Coupon.code_key == key)
    imported = (ImportRow.tenant_id == definition.tenant_id) & (
        ImportRow.code_key == key
    )
    return bool(
        checked_prefixes.barred(definition.tenant_id, [definition.custom_code])
        or SharedCode.select().where(same_key, others, bars).exists()
        or ImportRow.select().where(imported).exists()
        or Coupon.select().where(own_code, Coupon.code_scope == "").exists()
    )


def share_code(definition: Definition) -> None:
    """Make the definition's custom code, if any, the one that it shares."""
    of_definition = SharedCode.definition_id == definition.definition_id
    mine = (SharedCode.tenant_id == definition.tenant_id) & of_definition
    SharedCode.delete().where(mine).execute()
    if definition.custom_code:
        SharedCode.insert(
            tenant_id=definition.tenant_id,
            code_key=lookup_key(definition.custom_code),
            code_exact=_exact(definition),
            code=definition.custom_code,
            definition_id=definition.definition_id,
        ).execute()


def _exact(definition: Definition) -> str:
    return definition.custom_code if definition.case_sensitive else ""


def _is(tenant_id: str, definition_id: str) -> object:
    return (Table.tenant_id == tenant_id) & (Table.definition_id == definition_id)
