"""Names that commands accept where the admin API needs IDs."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import rich_click as click
from click import get_current_context

import coupons_sdk
from admin_gateway.cli.options import OptionDecorator, combine_options
from admin_gateway.cli.param_types import IntegerRange

# The types of clients by name, because httpx2 takes longer to import than --help has.
Admin: TypeAlias = "coupons_sdk.CouponsAdmin"
Query: TypeAlias = "coupons_sdk.Coupons"
is_uuid = re.compile("(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


class NameOrId(click.ParamType):  # type: ignore[type-arg]
    """A parameter that is an ID, or the name of an object.

    `member` is the ID of the objects that `search` lists, among them those with the
    name; `name_member` is their name, or their names by language. What `is_id` is not
    searched. `to_id` is applied to what no object has.
    """

    name = "id or name"

    def __init__(
        self,
        member: str,
        search: Callable[[Admin, str], Iterable[Any]],
        name_member: str = "name",
        is_id: Callable[[str], Any] = is_uuid,
        to_id: Callable[[str], str] = str,
    ) -> None:
        self._search, self._member, self._name_member = search, member, name_member
        self._is_id, self._to_id = is_id, to_id

    def find_id(self, admin: Admin, text: str) -> str:
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
            object_id = str(getattr(each, self._member))
            if object_id == text:
                return text
            names = getattr(each, self._name_member)
            texts = names.values() if isinstance(names, Mapping) else [names]
            if text.casefold() in map(str.casefold, texts):
                found.append(object_id)
        if len(found) > 1:
            ids = ", ".join(found)
            raise click.UsageError(f'Several have the name "{text}": use an ID: {ids}.')
        return found[0] if found else self._to_id(text)


def replace_names(admin: Admin, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of the command with IDs instead of names."""
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


# The types of arguments and options with an ID. All others are texts.
ID_TYPES: Mapping[str, click.ParamType] = {  # type: ignore[type-arg]
    "campaign_id": NameOrId(
        "campaign_id", lambda admin, _: admin.campaigns.list(limit=500)
    ),
    "creator_key": NameOrId(
        "creator_key",
        lambda admin, name: admin.creators.list(keyword=name, limit=500),
        is_id=re.compile("[A-Z0-9]{5}").fullmatch,
        to_id=str.upper,
    ),
    "definition_id": NameOrId(
        "id", lambda admin, name: admin.definitions.list(name=name, limit=500)
    ),
    "delivery_id": click.UUID,
    "item_id": NameOrId("item_id", lambda admin, _: admin.rewards.list(limit=500)),
    "key_id": NameOrId("key_id", lambda admin, _: admin.api_keys.list(limit=500)),
    "package_id": NameOrId(
        "package_id",
        lambda admin, _: admin.packages.list(limit=500),
        name_member="item_name",
        is_id=str.isdecimal,
    ),
    "redemption_id": IntegerRange(1),
    "webhook_id": NameOrId(
        "id",
        lambda admin, _: admin.webhooks.list(limit=500),
        name_member="url",
        is_id=str.isdecimal,
    ),
}


def id_argument(name: str) -> OptionDecorator:
    """Return the argument with an ID, or with a name that is accepted instead."""
    return click.argument(name, type=ID_TYPES.get(name))


def id_option(name: str, help_text: str, required: bool = False) -> OptionDecorator:
    """Return the option --NAME for an ID or a name, which becomes NAME_id."""
    return click.option(
        f"--{name}",
        f"{name}_id",
        type=ID_TYPES[f"{name}_id"],
        required=required,
        help=f"{help_text}, by ID or name.",
    )


definition_option = id_option("definition", "Definition", required=True)
campaign_option = id_option("campaign", "Campaign", required=True)
definition_filter_option = id_option(
    "definition", "Only what belongs to this definition"
)
campaign_filter_option = id_option("campaign", "Only what belongs to this campaign")
# What lists of coupons, of their uses and of attempts have in common.
coupon_filter_options = combine_options(
    definition_filter_option,
    click.option("--user", "user_id", help="Only this user ID."),
    click.option("--code", help="Only this code."),
)
