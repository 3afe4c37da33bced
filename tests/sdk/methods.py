"""The methods of the SDK, and the requests that they describe."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from coupons_sdk import Coupons, CouponsAdmin, Hmac, TenantToken
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import Call
from coupons_sdk.resources import Method, Resource

URL = "http://127.0.0.1:1"
CLIENTS = {
    "admin": CouponsAdmin(URL, None, tenant_id="acme"),
    "query, signed": Coupons(URL, Hmac("acme", "secret")),
    "query, with a token": Coupons(URL, TenantToken("token")),
}
# What a parameter without a default gets, by its annotation; anything else is text.
SAMPLES = {
    **{"int": 7, "Sequence[str]": ["a"], "ReportName": "top"},
    **{"Mapping[str, Any]": {}, "Sequence[Mapping[str, Any]]": []},
}


@dataclass(frozen=True)
class SdkMethod:
    """A method of a client or of one of its resources."""

    client: str
    name: str
    resource: Any
    method: Method[Any]

    @property
    def api(self) -> str:
        """Return the gateway whose document describes the request."""
        return self.client.partition(",")[0]

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """Return the parameters, without `self`."""
        found = dict(inspect.signature(self.method.describe).parameters)
        del found["self"]
        return found

    def describe(self) -> tuple[Call[Any], Any]:
        """Return a request of the method, and the class of the answer."""
        given = {
            name: SAMPLES.get(str(parameter.annotation), name)
            for name, parameter in self.parameters.items()
            if parameter.default is parameter.empty
            and parameter.kind is not parameter.VAR_KEYWORD
        }
        positional = [
            given.pop(name)
            for name, parameter in self.parameters.items()
            if parameter.kind is parameter.POSITIONAL_ONLY
        ]
        described = self.method.describe(self.resource, *positional, **given)
        if isinstance(described, PageCall):
            return described.describe(), described
        if inspect.isgenerator(described):
            described = next(described)
        return described, described.parse


def list_methods() -> list[SdkMethod]:
    """Return the methods of all clients."""
    return [
        found
        for client_name, client in CLIENTS.items()
        for prefix, resource in _list_resources(client)
        for found in _list_own_methods(client_name, prefix, resource)
    ]


def _list_resources(client: Any) -> Iterator[tuple[str, Any]]:
    yield "", client
    for name, value in sorted(vars(client).items()):
        if isinstance(value, Resource):
            yield f"{name}.", value


def _list_own_methods(
    client_name: str, prefix: str, resource: Any
) -> Iterator[SdkMethod]:
    for name, method in inspect.getmembers_static(type(resource)):
        # `call` sends any request.
        if isinstance(method, Method) and name != "call":
            yield SdkMethod(client_name, prefix + name, resource, method)
