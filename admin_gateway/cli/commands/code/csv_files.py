"""Export and import codes as CSV, streamed so that memory use stays small."""

import sys
from contextlib import nullcontext
from typing import Any, BinaryIO

import rich_click as click
from click.exceptions import Exit

from admin_gateway.cli.api_commands import api_command
from admin_gateway.cli.background_work import finish_job
from admin_gateway.cli.csv_options import csv_options, to_upload_options
from admin_gateway.cli.names import Admin, coupon_filter_options, definition_option
from admin_gateway.cli.options import combine_options, enum_filter_option
from admin_gateway.cli.output import json_option
from admin_gateway.cli.progress import ReportingFile, get_file_size, progress_bar
from coupon_core.domain.models import CouponStatus

IMPORT_TIMEOUT_SECONDS = 600  # the answer waits until the whole file is checked
filter_options = combine_options(
    coupon_filter_options,
    click.option("--batch", "batch_id", help="Only codes of this batch ID."),
    enum_filter_option("status", CouponStatus),
    click.option("--from", "generated_from", help="Generated at or after this time."),
    click.option("--to", "generated_before", help="Generated before this time."),
)


@api_command(
    None, filter_options, click.argument("file", type=click.Path()), formats=json_option
)
def export(admin: Admin, file: str, **filters: Any) -> Any:
    """Export codes to a CSV FILE (- for stdout), newest first.

    Cells that a spreadsheet would take for a formula start with an apostrophe.

    Example: `couponctl code export --tenant acme --status active codes.csv`
    """
    from coupons_sdk.files import replace_file

    is_stdout = file == "-"
    target = nullcontext(sys.stdout.buffer) if is_stdout else replace_file(file)
    count = -1  # the heading line
    with progress_bar("codes", None) as report_progress, target as stream:
        for chunk in admin.codes.export(**filters):
            stream.write(chunk)
            count += chunk.count(b"\n")
            report_progress(count)
    if is_stdout:
        raise Exit  # stdout holds the CSV: print no document after it
    return {"exported": count}


@api_command(
    None,
    definition_option,
    click.option(
        "--partial", is_flag=True, help="Skip invalid lines and import the others."
    ),
    click.option(
        "--skip-used",
        is_flag=True,
        help="Skip codes that the file shows as redeemed, revoked or expired.",
    ),
    csv_options,
    click.argument("file", type=click.File("rb")),
    name="import",
)
def import_(
    admin: Admin,
    definition_id: str,
    partial: bool,
    skip_used: bool,
    file: BinaryIO,
    **csv: Any,
) -> Any:
    """Import codes from a CSV FILE (- for stdin): all lines or none.

    Columns: code, and optionally user_id and expires_at, or those of an export. UTF-8
    or UTF-16; comma, semicolon or tab. After an interruption the workers continue to
    create the codes.

    Example: `couponctl code import --tenant acme --definition Welcome codes.csv`
    """
    patient = admin.with_options(timeout=IMPORT_TIMEOUT_SECONDS)
    with progress_bar("bytes read", get_file_size(file)) as report_progress:
        source: Any = ReportingFile(file, report_progress)
        job = patient.codes.import_csv(
            definition_id,
            source,
            partial=partial,
            skip_used=skip_used,
            **to_upload_options(**csv),
        )
    return finish_job(admin, dict(job.raw))
