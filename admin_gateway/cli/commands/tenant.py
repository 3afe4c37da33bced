"""`couponctl tenant` and `token`: tenants, and tokens as their own servers issue."""

from typing import Any

import rich_click as click

from admin_gateway.cli.confirmation import confirm_by_typing, dry_run_option
from admin_gateway.cli.options import page_options, tenant_option
from admin_gateway.cli.output import describe_count, json_command, print_secret_notice
from admin_gateway.cli.param_types import TENANT_PARAM, USER_PARAM, IntegerRange
from admin_gateway.cli.progress import progress_bar
from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.services.access import tenants, tokens
from coupon_core.services.privacy import tenant_deletion


@click.group()
def tenant() -> None:
    """Tenants: create, list, rotate-secret, delete."""


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
@page_options
@json_command("tenant_id", "created_at")
def list_(limit: int, offset: int) -> dict[str, Any]:
    """List tenants, sorted by ID.

    Example: `couponctl tenant list --limit 20`
    """
    rows, total = tenants.list_tenants(Page(limit, offset))
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


@tenant.command("delete")
@click.argument("tenant_id", metavar="ID", type=TENANT_PARAM)
@click.option("--confirm", help="The tenant ID again, instead of typing it.")
@dry_run_option
@click.option("--detach", is_flag=True, help="Let the workers delete; do not wait.")
@json_command()
def delete(
    tenant_id: str, confirm: str | None, dry_run: bool, detach: bool
) -> dict[str, Any]:
    """Delete a tenant and all of its data except the audit log.

    Its keys and secrets are invalid at once. The rows are deleted in small
    transactions; after an interruption the workers continue, or this command does.

    Example: `couponctl tenant delete acme --dry-run --json`
    """
    rows = tenant_deletion.count_rows(tenant_id)
    if dry_run:
        return {"dry_run": True, "tenant_id": tenant_id, "rows": rows}
    total = sum(rows.values())
    whole = f"tenant {tenant_id} with {describe_count(total, 'row')}"
    question = f"Delete {whole}? This cannot be undone."
    confirm_by_typing(question, tenant_id, confirm)
    tenant_deletion.start(tenant_id, utc_now())
    if not detach:
        _delete_rows(tenant_id, total)
    state = "deleting" if detach else "deleted"
    return {"tenant_id": tenant_id, "state": state, "rows": rows}


def _delete_rows(tenant_id: str, total: int) -> None:
    done = 0
    with progress_bar("rows", total) as report_progress:
        while deleted := tenant_deletion.continue_deletion(tenant_id):
            done += deleted
            report_progress(min(done, total))


@click.group()
def token() -> None:
    """Tokens for users and for a tenant's server: mint."""


@token.command()
@tenant_option
@click.option(
    "--user", "user_id", type=USER_PARAM, help="User ID that the token authenticates."
)
@click.option(
    "--for-server",
    is_flag=True,
    help="Token for the tenant's server, valid for all users.",
)
@click.option(
    "--ttl",
    "seconds",
    type=IntegerRange(1, tokens.MAX_LIFETIME_SECONDS),
    default=3_600,
    show_default=True,
    help="Lifetime in seconds.",
)
@json_command()
def mint(
    tenant_id: str, user_id: str | None, for_server: bool, seconds: int
) -> dict[str, str]:
    """Issue a token for a user or for the tenant's server.

    Example: `couponctl token mint --tenant acme --user user_123 --ttl 600 --json`
    """
    if for_server == (user_id is not None):
        raise click.UsageError("Use either --user or --for-server.")
    now = utc_now()
    return {"token": tokens.mint(tenant_id, user_id, lifetime_seconds=seconds, now=now)}
