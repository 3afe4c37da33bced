"""Users that tenants have registered."""

from dataclasses import asdict

from coupon_core.domain.models import Page
from coupon_core.domain.models.users import RegisteredUser
from coupon_core.persistence.pages import read_page
from coupon_core.persistence.row_locks import lock_rows
from coupon_core.persistence.tables import KnownUserTable


def insert(user: RegisteredUser) -> bool:
    """Insert a user; return False if the user exists."""
    query = KnownUserTable.insert(asdict(user)).on_conflict_ignore()
    return bool(query.as_rowcount().execute())


def get(tenant_id: str, user_id: str) -> RegisteredUser | None:
    """Return a user, or None."""
    row = (
        KnownUserTable.select()
        .where(KnownUserTable.match_key(tenant_id, user_id))
        .tuples()
        .first()
    )
    return RegisteredUser(*row) if row else None


def lock(tenant_id: str, user_id: str) -> RegisteredUser | None:
    """Lock a user against changes until the transaction ends, and return it."""
    query = KnownUserTable.select().where(KnownUserTable.match_key(tenant_id, user_id))
    row = lock_rows(query).tuples().first()
    return RegisteredUser(*row) if row else None


def list_users(
    tenant_id: str, page: Page, is_member: bool | None = None
) -> tuple[list[RegisteredUser], int]:
    """Return the users of a tenant by id, and the total of all matches."""
    query = KnownUserTable.select().where(KnownUserTable.tenant_id == tenant_id)
    if is_member is not None:
        query = query.where(KnownUserTable.is_member == is_member)
    rows, total = read_page(query, page, KnownUserTable.user_id, is_descending=False)
    return [RegisteredUser(*row) for row in rows], total


def update(user: RegisteredUser) -> None:
    """Overwrite a user."""
    KnownUserTable.update(asdict(user)).where(
        KnownUserTable.match_key(user.tenant_id, user.user_id)
    ).execute()
