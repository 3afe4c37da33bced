"""`couponctl key` and `client-key`: keys for the admin API, and for vendors' SDKs."""

import rich_click as click

from admin_gateway.cli.options import TIME_EXAMPLES, combine_options, enum_filter_option
from admin_gateway.cli.param_types import EnumChoice
from admin_gateway.cli.request_groups import RequestGroup
from coupon_core.domain.models import Scope
from coupon_core.domain.models.client_keys import ClientKeyKind

new_key_options = combine_options(
    click.option("--name", required=True, help="Purpose of the key."),
    click.option(
        "--expires",
        "expires_at",
        help=f"Valid until, {TIME_EXAMPLES}. Default: no expiry.",
    ),
)

key = RequestGroup(
    "key", "api-keys", "API keys for the admin API: create, list, revoke."
)
key.add_request(
    "create --name crm --scope read --json",
    "POST",
    "Create an API key. The key is shown only once.",
    click.option(
        "--scope",
        "scopes",
        multiple=True,
        type=EnumChoice(Scope),
        help="Permitted scope (repeatable). Default: all scopes of the caller.",
    ),
    new_key_options,
    shown_once="API key",
)
key.add_request(
    "list",
    "GET",
    "List a tenant's API keys, newest first.",
    columns=("key_id", "name", "scopes", "created_at", "expires_at", "revoked_at"),
)
key.add_request(
    "revoke crm", "POST {key_id}/revoke", "Revoke an API key immediately (idempotent)."
)

client_key = RequestGroup(
    "client-key",
    "client-keys",
    "Keys for PlayCamp and Mambo SDKs: create, list, revoke.",
)
client_key.add_request(
    "create --kind playcamp_server --name game-server --json",
    "POST",
    "Create a key. Its secret is shown only once; pass `credential` to the SDK.",
    click.option(
        "--kind",
        type=EnumChoice(ClientKeyKind),
        required=True,
        help="SDK that uses the key.",
    ),
    new_key_options,
    shown_once="secret",
)
client_key.add_request(
    "list --kind mambo",
    "GET",
    "List a tenant's SDK keys, newest first.",
    enum_filter_option("kind", ClientKeyKind),
    columns=("key_id", "kind", "name", "created_at", "expires_at", "revoked_at"),
)
client_key.add_request(
    "revoke ak_server_3f9a…",
    "POST {client_key_id}/revoke",
    "Revoke a key immediately (idempotent).",
)
