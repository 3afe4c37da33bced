"""Export and import codes as CSV, streamed so that memory use stays small."""

import os
from collections.abc import Iterator
from typing import Any, BinaryIO, TextIO

import rich_click as click
from click.exceptions import Exit

from admin_gateway.cli.commands.code.inventory import filter_options, to_coupon_filter
from admin_gateway.cli.csv_options import SKIP_USED_HINT, csv_options, to_csv_options
from admin_gateway.cli.options import CLI_ACTOR, id_option, tenant_option
from admin_gateway.cli.output import json_command, json_option
from admin_gateway.cli.progress import (
    job_progress_reporter,
    progress_bar,
    track_progress,
)
from admin_gateway.responses.serializers import invalid_file_error, serialize_import
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.inventory import CodeJob
from coupon_core.schemas.csv_import import read_rows
from coupon_core.schemas.csv_options import CsvOptions
from coupon_core.services.access import tenants
from coupon_core.services.codes import csv_export, csv_import, jobs
from coupon_core.services.codes.csv_import import ImportRejected

CHUNK_BYTES = 65_536


@click.command()
@tenant_option
@filter_options
@click.option(
    "--output",
    type=click.File("w", encoding="utf-8", atomic=True),
    required=True,
    help="Output file, - for stdout.",
)
@json_command(options=json_option)
def export(tenant_id: str, output: TextIO, **filters: Any) -> dict[str, Any]:
    """Export codes as CSV, newest first.

    Cells that a spreadsheet would take for a formula start with an apostrophe.

    Example: `couponctl code export --tenant acme --status active --output codes.csv`
    """
    tenants.require(tenant_id)
    count = 0
    with progress_bar("codes", None) as report_progress:
        for text in csv_export.export_pages(
            tenant_id, to_coupon_filter(**filters), now=utc_now()
        ):
            output.write(text)
            count += text.count("\r\n")
            report_progress(count - 1)
    if output.name == "<stdout>":
        raise Exit  # stdout holds the CSV: print no document after it
    return {"exported": count - 1}


@click.command("import")
@tenant_option
@id_option("definition", "Definition ID.", required=True)
@click.option(
    "--partial", is_flag=True, help="Skip invalid lines and import the others."
)
@click.option(
    "--skip-used",
    is_flag=True,
    help="Skip codes that the file shows as redeemed, revoked or expired.",
)
@csv_options
@click.argument("file", type=click.File("rb"))
@json_command()
def import_(
    tenant_id: str,
    definition_id: str,
    partial: bool,
    skip_used: bool,
    file: BinaryIO,
    **csv_arguments: Any,
) -> dict[str, Any]:
    """Import codes from a CSV FILE (- for stdin): all lines or none.

    Columns: code, and optionally user_id and expires_at, or those of an export. UTF-8
    or UTF-16; comma, semicolon or tab. After an interruption the workers continue to
    create the codes.

    Example: `couponctl code import --tenant acme --definition 0198c0de-… codes.csv`
    """
    job, report = _import_file(
        tenant_id,
        definition_id,
        file=file,
        options=to_csv_options(**csv_arguments),
        partial=partial,
        skip_used=skip_used,
    )
    total = job.total_count + job.skipped_count
    with progress_bar("made", total) as report_progress:
        job = jobs.run_to_completion(job, job_progress_reporter(report_progress))
    return serialize_import(job, report)


def _import_file(
    tenant_id: str,
    definition_id: str,
    file: BinaryIO,
    options: CsvOptions,
    partial: bool,
    skip_used: bool,
) -> tuple[CodeJob, csv_import.ImportReport]:
    with progress_bar("bytes read", _file_size(file)) as report_progress:
        pieces = track_progress(_read_chunks(file), report_progress, size=len)
        try:
            return csv_import.import_codes(
                tenant_id,
                definition_id,
                rows=read_rows(pieces, options),
                partial=partial,
                actor=CLI_ACTOR,
                clock=utc_now,
                skip_used=skip_used,
            )
        except ImportRejected as error:
            raise invalid_file_error(error.report, SKIP_USED_HINT) from None


def _read_chunks(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(CHUNK_BYTES), b"")


def _file_size(file: BinaryIO) -> int | None:
    try:
        return os.fstat(file.fileno()).st_size or None
    except OSError:
        return None
