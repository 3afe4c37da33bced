"""`couponctl generate`: coupons for users, or for nobody yet."""

from collections.abc import Sequence
from typing import Any, BinaryIO

import rich_click as click

from admin_gateway.cli.commands.batch import generate_with_workers
from admin_gateway.cli.csv_options import csv_options, to_csv_options
from admin_gateway.cli.options import UUID_PARAM, tenant_option, without_unset
from admin_gateway.cli.output import json_command
from admin_gateway.requests import GenerateCouponsSchema
from admin_gateway.responses import serializers
from coupon_core.domain.models import utc_now
from coupon_core.domain.rules.expiry import require_future_expiry
from coupon_core.schemas.csv_users import read_users
from coupon_core.services import batches
from coupon_core.services.batches import MAX_USERS, BatchRequest
from coupon_core.services.coupons import generation


@click.command()
@tenant_option
@click.option(
    "--definition",
    "definition_id",
    type=UUID_PARAM,
    required=True,
    help="Of which: its id.",
)
@click.option("--user", "users", multiple=True, help="For this user; again for more.")
@click.option(
    "--users-file",
    type=click.File("rb"),
    help="A CSV file with a column user_id; - for standard input.",
)
@csv_options
@click.option("--count", type=int, help="So many that nobody holds yet.")
@click.option("--expires-at", help="Their own expiry, such as 2030-01-31T12:00:00Z.")
@click.option("--detach", is_flag=True, help="Leave a batch to the workers at once.")
@json_command("code", "user_id", "id", "expires_at")
def generate(
    tenant_id: str,
    definition_id: str,
    users: Sequence[str],
    users_file: BinaryIO | None,
    count: int | None,
    expires_at: str | None,
    detach: bool,
    **csv_arguments: Any,
) -> dict[str, Any]:
    """Make coupons of a definition: one for each user, or a number of free codes.

    More than 1,000 become a batch, which is made here and by the workers together.
    Ctrl-C leaves it to the workers: `couponctl serialize_batch watch` looks on.

    Example: `couponctl generate --tenant acme --definition 0198c0de-…
    --user user_123 --user user_456 --json`
    """
    file_users = (
        read_users([users_file.read()], to_csv_options(**csv_arguments), MAX_USERS)
        if users_file
        else ()
    )
    user_ids = [*users, *file_users] or None
    body = without_unset(user_ids=user_ids, count=count, expires_at=expires_at)
    batch_request: BatchRequest = GenerateCouponsSchema().load(body)
    now, ids = utc_now(), (tenant_id, definition_id)
    require_future_expiry(batch_request.expires_at, now)
    if not batch_request.is_small:
        batch = batches.request(*ids, batch_request, now)
        return (
            serializers.serialize_batch(batch)
            if detach
            else generate_with_workers(batch)
        )
    result = generation.generate(
        *ids, batch_request.recipients, now, batch_request.expires_at
    )
    return serializers.serialize_generation_result(result, now)
