"""A tenant with something on every page of the console."""

from __future__ import annotations

from tests.authorization.factories import FACTORIES
from tests.authorization.tenants import create_arguments
from tests.factories.tenant import TenantFactory
from tests.support.admin_client import AdminClient


def create_site(admin: AdminClient) -> None:
    """Create something of every kind in the tenant of a client."""
    tenant = TenantFactory(admin.tenant_id, admin.secret.secret)
    tenant.reward_item_id = admin.create_reward_item()["item_id"]
    create_arguments(tenant, "ann", FACTORIES)
