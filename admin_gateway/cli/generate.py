"""`couponctl generate`: coupons for users, or for nobody yet."""

from collections.abc import Sequence
from typing import Any, TextIO

import rich_click as click

from admin_gateway.cli.answering import answering
from admin_gateway.cli.options import UUID, given, of_tenant, read_lines
from admin_gateway.schemas import GenerateBody
from coupon_core import generation, phoenix
from coupon_core.model import utc_now


@click.command()
@of_tenant
@click.option("--definition", "definition_id", type=UUID, required=True)
@click.option("--user", "users", multiple=True, help="For this user; again for more.")
@click.option(
    "--users-file", type=click.File(), help="A user id a line, - for standard input."
)
@click.option("--count", type=int, help="So many that nobody holds yet.")
@click.option("--expires-at", help="Their own expiry, such as 2030-01-31T12:00:00Z.")
@answering("code", "user_id", "id", "expires_at")
def generate(
    tenant_id: str,
    definition_id: str,
    users: Sequence[str],
    users_file: TextIO | None,
    count: int | None,
    expires_at: str | None,
) -> dict[str, Any]:
    """Make coupons of a definition: one for each user, or a number of free codes.

    Example: `couponctl generate --tenant acme --definition 0198c0de-…
    --user user_123 --user user_456 --json`
    """
    user_ids = [*users, *(read_lines(users_file) if users_file else ())] or None
    body = given(user_ids=user_ids, count=count, expires_at=expires_at)
    wanted = GenerateBody().load(body)
    now, ids = utc_now(), (tenant_id, definition_id)
    made = generation.generate(*ids, wanted.holders, now, wanted.expires_at)
    return phoenix.coupons("coupons", made, len(made), now)
