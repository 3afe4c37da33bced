"""The users that tenants have made known."""

from dataclasses import asdict
from typing import Any

from coupon_core.domain.models import Page
from coupon_core.domain.models.users import KnownUser
from coupon_core.persistence.database import is_postgresql
from coupon_core.persistence.tables import KnownUser as Table


def insert(user: KnownUser) -> bool:
    """Add a user; False when the user is known already."""
    query = Table.insert(asdict(user)).on_conflict_ignore()
    return bool(query.as_rowcount().execute())


def get(tenant_id: str, user_id: str) -> KnownUser | None:
    """One user."""
    row = Table.select().where(_is(tenant_id, user_id)).tuples().first()
    return KnownUser(*row) if row else None


def lock(tenant_id: str, user_id: str) -> KnownUser | None:
    """One user, held against changes by others until the transaction ends."""
    query = Table.select().where(_is(tenant_id, user_id))
    if is_postgresql():  # on SQLite the transaction itself is the lock
        query = query.for_update("FOR NO KEY UPDATE")
    row = query.tuples().first()
    return KnownUser(*row) if row else None


def listed(
    tenant_id: str, page: Page, is_member: bool | None = None
) -> tuple[list[KnownUser], int]:
    """A tenant's users by id, and how many match."""
    query = Table.select().where(Table.tenant_id == tenant_id)
    if is_member is not None:
        query = query.where(Table.is_member == is_member)
    rows = query.order_by(Table.user_id).limit(page.limit).offset(page.offset)
    return [KnownUser(*row) for row in rows.tuples()], query.count()


def update(user: KnownUser) -> None:
    """Overwrite a user."""
    Table.update(asdict(user)).where(_is(user.tenant_id, user.user_id)).execute()


def _is(tenant_id: str, user_id: str) -> Any:
    return (Table.tenant_id == tenant_id) & (Table.user_id == user_id)
