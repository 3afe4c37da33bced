"""`couponctl generate`: generate coupons for users, or unassigned ones."""

from collections.abc import Sequence
from typing import Any, BinaryIO

import rich_click as click

from admin_gateway.cli.commands.batch import generate_with_workers
from admin_gateway.cli.csv_options import csv_options, to_csv_options
from admin_gateway.cli.options import (
    TIME_EXAMPLES,
    id_option,
    metadata_option,
    tenant_option,
    without_unset,
)
from admin_gateway.cli.output import json_command
from admin_gateway.requests.coupons import GenerateCouponsSchema
from admin_gateway.responses import serializers
from admin_gateway.responses.batches import serialize_batch
from coupon_core.domain.models import utc_now
from coupon_core.domain.rules.expiry import require_future_expiry
from coupon_core.schemas.csv_users import read_users
from coupon_core.services import batches
from coupon_core.services.batches import MAX_USERS, BatchRequest
from coupon_core.services.coupons import generation


@click.command()
@tenant_option
@id_option("definition", "Definition ID.", required=True)
@click.option("--user", "user_ids", multiple=True, help="User ID (repeatable).")
@click.option(
    "--users-file",
    type=click.File("rb"),
    help="CSV file with a column user_id, - for stdin.",
)
@csv_options
@click.option("--count", type=int, help="Number of unassigned coupons.")
@click.option(
    "--expires",
    "expires_at",
    help=f"Expiry of these coupons, {TIME_EXAMPLES}.",
)
@metadata_option
@click.option(
    "--detach", is_flag=True, help="Let only the workers generate a batch; do not wait."
)
@json_command("code", "user_id", "id", "expires_at")
def generate(
    tenant_id: str,
    definition_id: str,
    user_ids: Sequence[str],
    users_file: BinaryIO | None,
    count: int | None,
    expires_at: str | None,
    metadata: dict[str, Any] | None,
    detach: bool,
    **csv_arguments: Any,
) -> dict[str, Any]:
    """Generate coupons of a definition: one per user, or unassigned ones.

    More than 1,000 coupons become a batch, which this command and the workers generate
    together. After Ctrl-C the workers continue; `couponctl batch watch` shows the
    progress.

    Example: `couponctl generate --tenant acme --definition 0198c0de-…
    --user user_123 --user user_456 --json`
    """
    file_users = (
        read_users([users_file.read()], to_csv_options(**csv_arguments), MAX_USERS)
        if users_file
        else ()
    )
    body = without_unset(
        user_ids=[*user_ids, *file_users] or None,
        count=count,
        expires_at=expires_at,
        metadata=metadata,
    )
    batch_request: BatchRequest = GenerateCouponsSchema().load(body)
    require_future_expiry(batch_request.expires_at, utc_now())
    if batch_request.is_small:
        return _generate_at_once(tenant_id, definition_id, batch_request=batch_request)
    batch = batches.request(
        tenant_id, definition_id, batch_request=batch_request, now=utc_now()
    )
    return serialize_batch(batch) if detach else generate_with_workers(batch)


def _generate_at_once(
    tenant_id: str, definition_id: str, batch_request: BatchRequest
) -> dict[str, Any]:
    now = utc_now()
    result = generation.generate(
        tenant_id,
        definition_id,
        user_ids=batch_request.recipients,
        now=now,
        expires_at=batch_request.expires_at,
        metadata=batch_request.metadata,
    )
    return serializers.serialize_generation_result(result, now)
