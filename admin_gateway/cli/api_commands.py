"""Commands on a tenant's resources: parse, call the admin API by the SDK, print."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any

import rich_click as click
from click import get_current_context

import coupons_sdk
from admin_gateway.cli.connections import server_options
from admin_gateway.cli.options import (
    OptionDecorator,
    combine_options,
    limit_option,
    offset_option,
)
from admin_gateway.cli.output import format_options, json_command
from admin_gateway.cli.tables import Document

BuildDocument = Callable[..., Any]
is_uuid = re.compile("(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch

optional_tenant_option = click.option(
    "--tenant",
    "tenant_id",
    envvar="COUPON_TENANT",
    help="Tenant ID. Default: COUPON_TENANT, or that of the profile.",
)
page_options = combine_options(limit_option(), offset_option)
cursor_options = combine_options(
    limit_option(), click.option("--cursor", help="`next` of the previous page.")
)


def api_command(
    group: click.Group | None,
    *options: Any,
    name: str | None = None,
    columns: Sequence[str] = (),
    render: Callable[[Document], None] | None = None,
    render_csv: Callable[[Document], None] | None = None,
    formats: OptionDecorator = format_options,
    open_client: str = "open_admin",
) -> Callable[[BuildDocument], click.Command]:
    """Make a function that gets a client of the admin API a command of a group.

    `open_client` is the function of `clients` that opens another client.
    """

    def decorate(build: BuildDocument) -> click.Command:
        @wraps(build)
        def build_document(tenant_id: str | None, **arguments: Any) -> Document:
            from admin_gateway.cli import clients  # imports the SDK

            with getattr(clients, open_client)(tenant_id) as client:
                document: Document = build(client, **_replace_names(client, arguments))
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
    return api_command(None, *options, columns=columns, open_client="open_query")


def build_query(
    metadata: Mapping[str, str] | None = None, **filters: Any
) -> dict[str, Any]:
    """Return the query of a list; `metadata` is that of `metadata_filter_option`."""
    by_key = {f"metadata.{key}": value for key, value in (metadata or {}).items()}
    return {**filters, **by_key}


class NameOrId(click.ParamType):  # type: ignore[type-arg]
    """A parameter that is an ID, or the name of an object.

    `search` lists objects, among them those with the name. `member` is their ID, and
    `name_member` their name, or their names by language. What `is_id` is not searched.
    `to_id` is applied to what no object has.
    """

    name = "id or name"

    def __init__(
        self,
        search: Callable[["coupons_sdk.CouponsAdmin", str], Iterable[Any]],
        member: str,
        name_member: str = "name",
        is_id: Callable[[str], Any] = is_uuid,
        to_id: Callable[[str], str] = str,
    ) -> None:
        self._search, self._member, self._name_member = search, member, name_member
        self._is_id, self._to_id = is_id, to_id

    def find_id(self, admin: "coupons_sdk.CouponsAdmin", text: str) -> str:
        """Return the ID of an object; what none has is left to the server.

        What is the ID of one and the name of another is the ID.

        Raises:
            click.UsageError: Several objects have the name.
        """
        if self._is_id(text):
            return text
        from coupons_sdk.errors import PermissionDenied

        try:
            candidates = [*self._search(admin, text)]
        except PermissionDenied:  # the key may not list, but this may be an ID
            return self._to_id(text)
        found = []
        for each in candidates:
            names, object_id = (
                getattr(each, self._name_member),
                getattr(each, self._member),
            )
            if str(object_id) == text:
                return text
            texts = names.values() if isinstance(names, Mapping) else [names]
            if text.casefold() in map(str.casefold, texts):
                found.append(str(object_id))
        if len(found) > 1:
            ids = ", ".join(found)
            raise click.UsageError(f'Several have the name "{text}": use an ID: {ids}.')
        return found[0] if found else self._to_id(text)


def _replace_names(
    admin: "coupons_sdk.CouponsAdmin", arguments: dict[str, Any]
) -> dict[str, Any]:
    """Return the arguments with IDs instead of names."""
    replaced = dict(arguments)
    for parameter in get_current_context().command.params:
        name, kind = parameter.name or "", parameter.type
        if isinstance(kind, NameOrId) and (given := replaced.get(name)):
            is_list = isinstance(given, tuple)
            ids = [
                kind.find_id(admin, text) for text in (given if is_list else [given])
            ]
            replaced[name] = ids if is_list else ids[0]
    return replaced


DEFINITION = NameOrId(
    lambda admin, name: admin.definitions.list(name=name, limit=500), "id"
)
REWARD = NameOrId(lambda admin, _: admin.rewards.list(limit=500), "item_id")
CAMPAIGN = NameOrId(lambda admin, _: admin.campaigns.list(limit=500), "campaign_id")
CREATOR = NameOrId(
    lambda admin, name: admin.creators.list(keyword=name, limit=500),
    "creator_key",
    is_id=re.compile("[A-Z0-9]{5}").fullmatch,
    to_id=str.upper,
)
PACKAGE = NameOrId(
    lambda admin, _: admin.packages.list(limit=500),
    *("package_id", "item_name"),
    is_id=str.isdecimal,
)
WEBHOOK = NameOrId(
    lambda admin, _: admin.webhooks.list(limit=500), "id", "url", is_id=str.isdecimal
)
API_KEY = NameOrId(lambda admin, _: admin.api_keys.list(limit=500), "key_id")


def _id_option(name: str, kind: NameOrId, about: str, is_required: bool) -> Any:
    """Return the option --NAME for an ID or a name, which becomes NAME_id."""
    text = f"{about}, by ID or name."
    return click.option(
        f"--{name}", f"{name}_id", type=kind, required=is_required, help=text
    )


definition_option = _id_option("definition", DEFINITION, "Definition", True)
campaign_option = _id_option("campaign", CAMPAIGN, "Campaign", True)
definition_filter_option = _id_option(
    "definition", DEFINITION, "Only what belongs to this definition", False
)
campaign_filter_option = _id_option(
    "campaign", CAMPAIGN, "Only what belongs to this campaign", False
)
