"""How to make one more of each thing that a path or a body may name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from coupon_core.domain.models import (
    NOBODY,
    CodeFormat,
    Page,
    utc_now,
)
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.domain.models.points import PointChange
from coupon_core.domain.models.purchases import Action, Order
from coupon_core.services.access import client_keys, tenants
from coupon_core.services.batches import requests
from coupon_core.services.catalog import reward_items
from coupon_core.services.codes import jobs
from coupon_core.services.points import (
    activities,
    offers,
    users,
    wallets,
)
from coupon_core.services.webhooks import subscriptions
from tests import letters
from tests.query_gateway.playcamp.studio import Studio
from tests.query_gateway.tenant import Tenant

Args = dict[str, str]
_numbers = itertools.count(1)


def _coupon(tenant: Tenant, user_id: str) -> Args:
    coupon = tenant.give(tenant.define(), user_id).coupon
    ids = {"definition_id": coupon.definition_id, "coupon_id": coupon.coupon_id}
    return {**ids, "code": coupon.code}


def _reward(tenant: Tenant, _: str) -> Args:
    members = {"name": "Badge", "description": "", "reward_type": "badge"}
    item = reward_items.create(tenant.tenant_id, {**members, "payload": {}}, utc_now())
    return {"item_id": item.item_id}


def _key(tenant: Tenant, _: str) -> Args:
    asked = tenant.tenant_id, "spare", tenants.EVERY_SCOPE, None, utc_now()
    return {"key_id": tenants.create_key(None, *asked)[0].key_id}


def _secret(tenant: Tenant, _: str) -> Args:
    """The secret before a new one: what signs must stay good for all other cells."""
    if len(tenants.list_secrets(tenant.tenant_id)) == 1:
        tenants.rotate_secret(tenant.tenant_id, utc_now())
    newest, oldest = tenants.list_secrets(tenant.tenant_id)
    tenant.secret = newest.secret
    return {"secret_id": oldest.secret_id}


def _letter(tenant: Tenant, _: str) -> Args:
    return {"letter_id": letters.buried(tenant.tenant_id)}


def _loose_code(tenant: Tenant, _: str) -> Args:
    return {"loose_code": tenant.give(tenant.define(), NOBODY).coupon.code}


def _known_user(tenant: Tenant, _: str) -> Args:
    name = f"known-{next(_numbers)}"
    users.create(tenant.tenant_id, {"user_id": name, "is_member": True}, utc_now())
    wallets.credit(PointChange(tenant.tenant_id, name, "gold", 5), utc_now())
    return {"known_user": name}


def _held_code(tenant: Tenant, _: str) -> Args:
    """A coupon of Mambo in the hands of a user who is known."""
    code = f"HELD{next(_numbers)}"
    user = _known_user(tenant, "")
    tenant.give(tenant.share(code, awarded_only=True), user["known_user"])
    return {**user, "held_code": code}


def _bought_code(tenant: Tenant, _: str) -> Args:
    """A coupon that a user bought and used, and so may give back."""
    code, user = f"SALE{next(_numbers)}", _known_user(tenant, "")
    _offer(tenant, code, {"point_id": "gold", "points": 1})
    for action in Action.BUY, Action.REDEEM:
        order = Order(tenant.tenant_id, user["known_user"], action, code)
        activities.perform(order, utc_now())
    return {**user, "bought_code": code}


SHOWN: Mapping[str, Any] = {
    **{"coupon_type": "shipping", "amount": None, "custom": ""},
    **{"help_message": "", "tags": [], "translations": []},
}


def _offer(tenant: Tenant, code: str, terms: Mapping[str, Any]) -> str:
    """The id of a new coupon of Mambo."""
    coded = {"name": code, "code_format": CodeFormat.CUSTOM, "custom_code": code}
    reward = {"reward_type": "shipping", "payload": {}}
    wanted = offers.Wanted(coded, terms, SHOWN, reward=reward)
    made = offers.create(tenant.tenant_id, wanted, utc_now())
    return made.definition.definition_id


def _mambo_id(tenant: Tenant, _: str) -> Args:
    return {"mambo_id": _offer(tenant, f"OFFER{next(_numbers)}", {})}


def _activity(tenant: Tenant, _: str) -> Args:
    user = _known_user(tenant, "")["known_user"]
    failed = Order(tenant.tenant_id, user, Action.REDEEM, "N0SUCHC0DE")
    return {"activity_id": activities.attempt(failed, utc_now()).activity_id}


def _webhook(tenant: Tenant, _: str) -> Args:
    url, page = "https://hooks.example.invalid/x", Page(limit=100)
    for old in subscriptions.listed(tenant.tenant_id, page)[0][5:]:  # they are limited
        subscriptions.delete(tenant.tenant_id, old.webhook_id)
    asked = tenant.tenant_id, "coupon.redeemed", url, utc_now()
    return {"webhook_id": str(subscriptions.create(*asked)[0].webhook_id)}


def _package(tenant: Tenant, _: str) -> Args:
    """A campaign with a creator who hands out a code of a package."""
    number, studio = next(_numbers), Studio(tenant)
    campaign_id = studio.campaign(f"campaign-{number}")
    creator_key, code = studio.creator(f"K{number:04}"), f"HANDED{number}"
    package = studio.package(campaign_id)
    studio.give(package, code, creator_key=creator_key)
    ids = {"campaign_id": campaign_id, "creator_key": creator_key}
    package_id = str(package.package.package_id)
    return {**ids, "package_id": package_id, "creator_code": code}


def _client_key(tenant: Tenant, _: str) -> Args:
    asked = tenant.tenant_id, ClientKeyKind.PLAYCAMP_SERVER, "spare", None, utc_now()
    return {"client_key_id": client_keys.create(*asked)[0].key_id}


def _batch(tenant: Tenant, _: str) -> Args:
    """A batch that somebody cancelled, so that it is not being made any more."""
    ids, now = (tenant.tenant_id, tenant.define().definition_id), utc_now()
    batch = requests.request(*ids, requests.Wanted(count=1), now)
    requests.cancel(tenant.tenant_id, batch.batch_id, now)
    return {"batch_id": batch.batch_id}


def _job(tenant: Tenant, _: str) -> Args:
    done = jobs.revoke_user(tenant.tenant_id, "nobody", "", utc_now())
    return {"job_id": done.job_id}


MAKERS: Mapping[str, Callable[[Tenant, str], Args]] = {
    "definition_id": _coupon,
    "coupon_id": _coupon,
    "code": _coupon,
    "item_id": _reward,
    "key_id": _key,
    "secret_id": _secret,
    "letter_id": _letter,
    "loose_code": _loose_code,
    "known_user": _known_user,
    "client_key_id": _client_key,
    "job_id": _job,
    "batch_id": _batch,
    "held_code": _held_code,
    "bought_code": _bought_code,
    "mambo_id": _mambo_id,
    "activity_id": _activity,
    "webhook_id": _webhook,
    "campaign_id": _package,
    "creator_key": _package,
    "package_id": _package,
    "creator_code": _package,
}
