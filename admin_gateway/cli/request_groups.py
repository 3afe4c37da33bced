"""Groups of commands that send one request each to the admin API."""

import re
from inspect import cleandoc
from typing import Any
from urllib.parse import urljoin

import rich_click as click

from admin_gateway.cli.api_commands import api_command, build_query
from admin_gateway.cli.names import Admin, id_argument
from admin_gateway.cli.options import OptionDecorator, build_body, page_options
from admin_gateway.cli.output import print_secret_notice


class RequestGroup(click.RichGroup):
    """The commands on the objects that have the same path in the admin API."""

    def __init__(self, name: str, path: str, help_text: str) -> None:
        super().__init__(name=name, help=help_text)
        self._path = path

    def add_request(
        self,
        example: str,
        request: str,
        about: str,
        *options: Any,
        pages: OptionDecorator = page_options,
        shown_once: str = "",
        **output: Any,
    ) -> None:
        """Add a command that sends a request, such as "POST {key_id}/revoke".

        The first word of the example is the name of the command. The path is below
        that of the group, unless it begins with a slash. Names in braces are arguments.
        All other parameters are the query of a GET, or else the body. What has columns
        is a list with pages. `shown_once` is the secret in the answer. `output` goes to
        `api_command`.
        """
        name, _, words = example.partition(" ")
        method, _, path_below = request.partition(" ")
        path = urljoin(f"{self._path}/", path_below).strip("/").split("/")
        arguments = map(id_argument, re.findall("{(.*?)}", request))

        def send(admin: Admin, **values: Any) -> Any:
            target = [_fill(segment, values) for segment in path]
            if method == "GET":
                return admin.call(method, *target, query=build_query(**values))
            body = build_body(**values) if options else None
            answer = admin.call(method, *target, body=body)
            if shown_once:
                print_secret_notice(shown_once)
            is_deletion = method == "DELETE"  # its answer is empty
            return _describe_deletion(name, target[-1]) if is_deletion else answer

        line = f"couponctl {self.name} {name} --tenant acme {words}".rstrip()
        send.__doc__ = f"{cleandoc(about)}\n\nExample: `{line}`"
        paging = [pages] if output.get("columns") else []
        api_command(self, *arguments, *options, *paging, name=name, **output)(send)

    def add_suspension(self, argument: str) -> None:
        """Add `suspend` and `resume`, whose argument is the ID."""
        for name, text in SUSPENSION_TEXTS.items():
            about = text.format(self.name)
            self.add_request(f"{name} 01…", f"POST {{{argument}}}/{name}", about)


SUSPENSION_TEXTS = {
    "suspend": "Suspend a {}: none of its codes is valid until it is resumed.",
    "resume": "Resume a suspended {}: its codes are as valid as before.",
}


def _fill(segment: str, values: dict[str, Any]) -> str:
    """Return a segment of a path, or the value for which it stands."""
    return str(values.pop(segment[1:-1])) if segment.startswith("{") else segment


def _describe_deletion(name: str, key: str) -> dict[str, Any]:
    """Return what was deleted, or removed from a list."""
    result = "removed" if name.startswith("remove") else "deleted"
    return {result: int(key) if key.isdecimal() else key}
