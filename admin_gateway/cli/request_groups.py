"""Groups of commands that send one request each to the admin API."""

import re
from inspect import cleandoc
from typing import Any
from urllib.parse import urljoin

import rich_click as click

import coupons_sdk
from admin_gateway.cli.api_commands import (
    API_KEY,
    CAMPAIGN,
    CREATOR,
    DEFINITION,
    PACKAGE,
    REWARD,
    WEBHOOK,
    api_command,
    build_query,
    page_options,
)
from admin_gateway.cli.options import OptionDecorator, build_body
from admin_gateway.cli.output import print_secret_notice
from admin_gateway.cli.param_types import IntegerRange

# The arguments that stand in paths. All others are texts.
ARGUMENT_TYPES = {
    "key_id": API_KEY,
    "campaign_id": CAMPAIGN,
    "creator_key": CREATOR,
    "definition_id": DEFINITION,
    "delivery_id": click.UUID,
    "item_id": REWARD,
    "package_id": PACKAGE,
    "redemption_id": IntegerRange(1),
    "webhook_id": WEBHOOK,
}


def id_argument(name: str) -> OptionDecorator:
    """Return the argument with an ID, or with a name that is accepted instead."""
    return click.argument(name, type=ARGUMENT_TYPES.get(name))


class RequestGroup(click.RichGroup):
    """The commands on the objects that have the same path in the admin API."""

    def __init__(self, name: str, path: str, help_text: str) -> None:
        super().__init__(name=name, help=help_text)
        self._path = path

    def add_request(
        self,
        name: str,
        request: str,
        about: str,
        example: str,
        *options: Any,
        pages: OptionDecorator = page_options,
        shown_once: str = "",
        **output: Any,
    ) -> None:
        """Add a command that sends a request, such as "POST {key_id}/revoke".

        The path is below that of the group, unless it begins with a slash. Names in
        braces are arguments. All other parameters are the query of a GET, or else the
        body. What has columns is a list with pages. `shown_once` is the secret in the
        answer. `output` goes to `api_command`.
        """
        method, _, path_below = request.partition(" ")
        path = urljoin(f"{self._path}/", path_below).strip("/").split("/")
        arguments = map(id_argument, re.findall("{(.*?)}", request))

        def send(admin: "coupons_sdk.CouponsAdmin", **values: Any) -> Any:
            target = [_fill(segment, values) for segment in path]
            if method == "GET":
                return admin.call(method, *target, query=build_query(**values))
            body = build_body(**values) if options else None
            answer = admin.call(method, *target, body=body)
            if shown_once:
                print_secret_notice(shown_once)
            return answer or _describe_deletion(name, target[-1])

        words = f"couponctl {self.name} {name} --tenant acme {example}".rstrip()
        send.__doc__ = f"{cleandoc(about)}\n\nExample: `{words}`"
        paging = [pages] if output.get("columns") else []
        api_command(self, *arguments, *options, *paging, name=name, **output)(send)

    def add_suspension(self, argument: str) -> None:
        """Add `suspend` and `resume`, whose argument is the ID."""
        for name, text in SUSPENSION_TEXTS.items():
            about = text.format(self.name)
            self.add_request(name, f"POST {{{argument}}}/{name}", about, "01…")


SUSPENSION_TEXTS = {
    "suspend": "Suspend a {}: none of its codes is valid until it is resumed.",
    "resume": "Resume a suspended {}: its codes are as valid as before.",
}


def _fill(segment: str, values: dict[str, Any]) -> str:
    """Return a segment of a path, or the value for which it stands."""
    return str(values.pop(segment[1:-1])) if segment.startswith("{") else segment


def _describe_deletion(name: str, key: str) -> dict[str, Any]:
    """Return a document for an answer without content."""
    result = "removed" if name.startswith("remove") else "deleted"
    return {result: int(key) if key.isdecimal() else key}
