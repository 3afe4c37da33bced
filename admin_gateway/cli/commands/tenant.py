"""`couponctl tenant`: create and list tenants, rotate their secrets."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import TENANT_PARAM, pagination_options
from admin_gateway.cli.output import json_command, print_secret_notice
from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.services.access import tenants


@click.group()
def tenant() -> None:
    """Tenants: create, list, rotate-secret."""


@tenant.command()
@click.argument("tenant_id", metavar="ID", type=TENANT_PARAM)
@json_command()
def create(tenant_id: str) -> dict[str, Any]:
    """Create a tenant with a signing secret and an API key with all scopes.

    Words from the gateways' URL paths, such as coupons or user, cannot be an ID.

    Example: `couponctl tenant create acme --json`
    """
    secret, key, plain_text = tenants.create(tenant_id, utc_now())
    print_secret_notice("tenant secret", "API key")
    return {
        "tenant_id": tenant_id,
        "tenant_secret": secret.secret,
        "api_key_id": key.key_id,
        "api_key": plain_text,
    }


@tenant.command("list")
@pagination_options
@json_command("tenant_id", "created_at")
def list_(page: Page) -> dict[str, Any]:
    """List tenants, sorted by ID.

    Example: `couponctl tenant list --limit 20`
    """
    rows, total = tenants.list_tenants(page)
    listed_tenants = [
        {"tenant_id": tenant_id, "created_at": format_timestamp(created_at)}
        for tenant_id, created_at in rows
    ]
    return {"tenants": listed_tenants, "total": total}


@tenant.command("rotate-secret")
@click.argument("tenant_id", metavar="ID", type=TENANT_PARAM)
@json_command()
def rotate_secret(tenant_id: str) -> dict[str, Any]:
    """Create a signing secret; the previous one remains valid until the next rotation.

    Example: `couponctl tenant rotate-secret acme --json`
    """
    secret = tenants.rotate_secret(tenant_id, utc_now())
    print_secret_notice("tenant secret")
    return {
        "tenant_id": tenant_id,
        "secret_id": secret.secret_id,
        "tenant_secret": secret.secret,
        "created_at": format_timestamp(secret.created_at),
    }
