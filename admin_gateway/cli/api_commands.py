"""Commands on a tenant's resources: parse, call the admin API by the SDK, print."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any

import rich_click as click

from admin_gateway.cli.connections import server_options
from admin_gateway.cli.names import replace_names
from admin_gateway.cli.options import OptionDecorator, combine_options
from admin_gateway.cli.output import format_options, json_command
from admin_gateway.cli.tables import Document

BuildDocument = Callable[..., Any]

optional_tenant_option = click.option(
    "--tenant",
    "tenant_id",
    envvar="COUPON_TENANT",
    help="Tenant ID. Default: COUPON_TENANT, or that of the profile.",
)


def _open_admin(tenant_id: str | None) -> AbstractContextManager[Any]:
    from admin_gateway.cli.clients import open_admin  # imports the SDK

    return open_admin(tenant_id)


def _open_query(tenant_id: str | None) -> AbstractContextManager[Any]:
    from admin_gateway.cli.clients import open_query

    return open_query(tenant_id)


def api_command(
    group: click.Group | None,
    *options: Any,
    name: str | None = None,
    columns: Sequence[str] = (),
    render: Callable[[Document], None] | None = None,
    render_csv: Callable[[Document], None] | None = None,
    formats: OptionDecorator = format_options,
    open_client: Callable[[str | None], AbstractContextManager[Any]] = _open_admin,
) -> Callable[[BuildDocument], click.Command]:
    """Make a function that gets a client of the admin API a command of a group.

    `open_client` opens another client for a tenant.
    """

    def decorate(build: BuildDocument) -> click.Command:
        @wraps(build)
        def build_document(tenant_id: str | None, **arguments: Any) -> Document:
            with open_client(tenant_id) as client:
                document: Document = build(client, **replace_names(client, arguments))
            return document

        add_options = combine_options(optional_tenant_option, *options, server_options)
        command = json_command(
            *columns,
            render=render,
            render_csv=render_csv,
            starts_core=False,
            options=formats,
        )
        add = group.command(name) if group else click.command(name, click.RichCommand)
        return add(add_options(command(build_document)))

    return decorate


def query_command(
    *options: Any, columns: Sequence[str] = ()
) -> Callable[[BuildDocument], click.Command]:
    """Make a function that gets a client of the query API a command."""
    return api_command(None, *options, columns=columns, open_client=_open_query)


def build_query(
    metadata: Mapping[str, str] | None = None, **filters: Any
) -> dict[str, Any]:
    """Return the query of a list; `metadata` is that of `metadata_filter_option`."""
    by_key = {f"metadata.{key}": value for key, value in (metadata or {}).items()}
    return {**filters, **by_key}
