"""`couponctl generate`: generate coupons for users, or unassigned ones."""

from collections.abc import Sequence
from typing import Any, BinaryIO

import rich_click as click

from admin_gateway.cli.api_commands import api_command
from admin_gateway.cli.background_work import follow_batch
from admin_gateway.cli.csv_options import csv_options, parse_users, to_upload_options
from admin_gateway.cli.names import Admin, definition_option
from admin_gateway.cli.options import TIME_EXAMPLES, metadata_option, without_unset


@api_command(
    None,
    definition_option,
    click.option("--user", "user_ids", multiple=True, help="User ID (repeatable)."),
    click.option(
        "--users-file",
        type=click.File("rb"),
        help="CSV file with a column user_id, - for stdin.",
    ),
    csv_options,
    click.option("--count", type=int, help="Number of unassigned coupons."),
    click.option(
        "--expires", "expires_at", help=f"Expiry of these coupons, {TIME_EXAMPLES}."
    ),
    metadata_option,
    click.option(
        "--detach",
        is_flag=True,
        help="Let only the workers generate a batch; do not wait.",
    ),
    columns=("code", "user_id", "id", "expires_at"),
)
def generate(
    admin: Admin,
    definition_id: str,
    user_ids: Sequence[str],
    users_file: BinaryIO | None,
    count: int | None,
    expires_at: str | None,
    metadata: dict[str, Any] | None,
    detach: bool,
    **csv: Any,
) -> Any:
    """Generate coupons of a definition: one per user, or unassigned ones.

    More than 1,000 coupons become a batch, which the workers generate; beside the
    database, this command helps them. After Ctrl-C the workers continue; `couponctl
    batch watch` shows the progress.

    Example: `couponctl generate --tenant acme --definition Welcome
    --user user_123 --user user_456 --json`
    """
    document: dict[str, Any]
    if users_file and not (user_ids or count or metadata):
        upload = to_upload_options(**csv)
        made = admin.generate_from_csv(
            definition_id, users_file, expires_at=expires_at, **upload
        )
        document = dict(made.raw)
    else:
        file_users = parse_users(users_file, **csv) if users_file else ()
        users = *user_ids, *file_users
        about = {"count": count, "expires_at": expires_at, "metadata": metadata}
        body = without_unset(user_ids=users, **about)
        document = admin.call("POST", "coupons", definition_id, "generate", body=body)
    if "batch_id" not in document or detach:
        return document
    return follow_batch(admin, document, helps_workers=True)
