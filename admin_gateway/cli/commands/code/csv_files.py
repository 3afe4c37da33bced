"""Codes to and from CSV files, any number of them in little memory."""

import os
from collections.abc import Iterator
from typing import Any, BinaryIO, TextIO

import rich_click as click

from admin_gateway.cli.commands.code.inventory import chosen, filtered
from admin_gateway.cli.options import OURSELVES, UUID, of_tenant
from admin_gateway.cli.output import answering, say
from admin_gateway.cli.progress import bar, counted, of_job
from admin_gateway.responses.serializers import bad_file, import_document
from coupon_core.domain.models import utc_now
from coupon_core.schemas.csv_import import read_rows
from coupon_core.services.access import tenants
from coupon_core.services.codes import csv_export, csv_import, jobs
from coupon_core.services.codes.csv_import import BadFile

PIECE = 65_536
MOST_SAID = 20


@click.command()
@of_tenant
@filtered
@click.option(
    "--output",
    type=click.File("w", encoding="utf-8", atomic=True),
    required=True,
    help="Where to; - for standard output.",
)
@answering()
def export(tenant_id: str, output: TextIO, **filters: Any) -> dict[str, Any]:
    """Write codes as CSV, newest first; cells that look like formulas begin with '.

    Example: `couponctl code export --tenant acme --status active --output codes.csv`
    """
    tenants.require(tenant_id)
    count = 0
    with bar("codes", None) as tell:
        for text in csv_export.pages(tenant_id, chosen(**filters), utc_now()):
            output.write(text)
            count += text.count("\r\n")
            tell(count - 1)
    if output.name == "<stdout>":
        raise click.exceptions.Exit  # there is the file itself, and nothing else
    return {"exported": count - 1}


@click.command("import")
@of_tenant
@click.option(
    "--definition", "definition_id", type=UUID, required=True, help="Of which: its id."
)
@click.option("--partial", is_flag=True, help="Leave bad lines out.")
@click.argument("file", type=click.File("rb"))
@answering()
def import_(
    tenant_id: str, definition_id: str, partial: bool, file: BinaryIO
) -> dict[str, Any]:
    """Take codes from a CSV FILE (- for stdin): all of it, or none.

    Columns: code, and if wanted user_id and expires_at. What an export has besides is
    passed over. Interrupted while it makes codes, the workers go on with it.

    Example: `couponctl code import --tenant acme --definition 0198c0de-… codes.csv`
    """
    done, report = _received(tenant_id, definition_id, partial, file)
    with bar("made", done.total_count) as tell:
        done = jobs.finish(done, of_job(tell))
    return import_document(done, report)


def _received(
    tenant_id: str, definition_id: str, partial: bool, file: BinaryIO
) -> tuple[Any, csv_import.Report]:
    with bar("bytes read", _size(file)) as tell:
        rows = read_rows(counted(_pieces(file), tell, len))
        ids = tenant_id, definition_id
        try:
            return csv_import.receive(*ids, rows, partial, OURSELVES, utc_now)
        except BadFile as error:
            for row in error.report.bad_rows[:MOST_SAID]:
                say(f"line {row.line}: {row.reason}")
            raise bad_file(error.report) from None


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(PIECE), b"")


def _size(file: BinaryIO) -> int | None:
    try:
        return os.fstat(file.fileno()).st_size or None
    except OSError:
        return None
