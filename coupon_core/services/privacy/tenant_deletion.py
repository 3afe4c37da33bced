"""Delete a tenant as a job that any process can continue."""

from datetime import datetime

from coupon_core.domain.models import AdminReason, Refused
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import tenant_deletions
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.services import audit
from coupon_core.services.access import tenants

MAX_ROWS_PER_TRANSACTION = 1_000


def count_rows(tenant_id: str) -> dict[str, int]:
    """Return the number of rows that the deletion of a tenant deletes, by table.

    Raises:
        Refused: The tenant is unknown.
    """
    tenants.require(tenant_id)
    return tenant_deletions.count_rows(tenant_id)


def start(tenant_id: str, now: datetime) -> None:
    """Begin to delete a tenant (idempotent); from now on its credentials are invalid.

    Raises:
        Refused: The tenant is unknown.
    """
    with transaction():
        if not tenant_repository.lock(tenant_id):
            raise Refused(AdminReason.TENANT_NOT_FOUND)
        if tenant_deletions.insert(tenant_id, now):
            tenant_deletions.delete_credentials(tenant_id)
            audit.record(tenant_id, "tenant.deletion_started", tenant_id)


def list_unfinished() -> list[str]:
    """Return the tenants that are being deleted."""
    return tenant_deletions.list_tenant_ids()


def continue_deletion(tenant_id: str) -> int:
    """Delete some rows of a tenant that is being deleted; return their number.

    The last call deletes the tenant itself, except for its audit log, and returns 0.
    """
    with transaction():
        deleted = tenant_deletions.delete_some_rows(tenant_id, MAX_ROWS_PER_TRANSACTION)
    if not deleted:
        with transaction():
            # Two processes may get here; one of them finds the tenant gone.
            if tenant_deletions.exists(tenant_id) and tenant_repository.lock(tenant_id):
                tenant_repository.erase(tenant_id)
                audit.record(tenant_id, "tenant.erased", tenant_id)
            tenant_deletions.remove(tenant_id)
    return deleted
