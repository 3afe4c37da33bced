"""Factories that create one more of each thing that a path or a body may name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from coupon_core.domain.models import (
    UNASSIGNED,
    CodeFormat,
    Page,
    utc_now,
)
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.domain.models.inventory import CodeTarget
from coupon_core.domain.models.points import PointChange
from coupon_core.domain.models.purchases import Action, ActivityRequest
from coupon_core.services.access import tenants
from coupon_core.services.batches import requests
from coupon_core.services.catalog import reward_items
from coupon_core.services.codes import bulk_changes
from coupon_core.services.coupons import redemption, reservations
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.points import (
    activities,
    offers,
    users,
    wallets,
)
from coupon_core.services.webhooks import subscriptions
from tests.factories import dead_letters
from tests.factories.campaigns import CampaignFactory
from tests.factories.tenant import TenantFactory
from tests.factories.webhooks import create_delivery

RouteArguments = dict[str, str]
_numbers = itertools.count(1)


def _create_coupon(tenant: TenantFactory, user_id: str) -> RouteArguments:
    coupon = tenant.issue_coupon(tenant.define(), user_id).coupon
    ids = {"definition_id": coupon.definition_id, "coupon_id": coupon.coupon_id}
    return {**ids, "code": coupon.code}


def _create_redemption(tenant: TenantFactory, user_id: str) -> RouteArguments:
    code = tenant.create_code(user_id)
    request = RedeemRequest(tenant.tenant_id, code, user_id=user_id)
    redeemed = redemption.redeem(request, utc_now())
    return {"redemption_id": str(redeemed.redemption.redemption_id)}


def _create_reservation(tenant: TenantFactory, user_id: str) -> RouteArguments:
    code = tenant.create_code(user_id)
    request = RedeemRequest(tenant.tenant_id, code, user_id=user_id)
    reserved = reservations.reserve(request, 900, utc_now())
    return {"reservation_id": reserved["reservation_id"]}


def _create_reward_item(tenant: TenantFactory, _: str) -> RouteArguments:
    members = {"name": "Badge", "description": "", "reward_type": "badge"}
    item = reward_items.create(tenant.tenant_id, {**members, "payload": {}}, utc_now())
    return {"item_id": item.item_id}


def _create_api_key(tenant: TenantFactory, _: str) -> RouteArguments:
    key, _ = tenants.create_key(
        None,
        tenant.tenant_id,
        name="spare",
        scopes=tenants.ALL_SCOPES,
        expires_at=None,
        now=utc_now(),
    )
    return {"key_id": key.key_id}


def _rotate_secret(tenant: TenantFactory, _: str) -> RouteArguments:
    """Return the older secret; the newest must stay valid for all other requests."""
    if len(tenants.list_secrets(tenant.tenant_id)) == 1:
        tenants.rotate_secret(tenant.tenant_id, utc_now())
    newest, oldest = tenants.list_secrets(tenant.tenant_id)
    tenant.secret = newest.secret
    return {"secret_id": oldest.secret_id}


def _create_dead_letter(tenant: TenantFactory, _: str) -> RouteArguments:
    return {"letter_id": dead_letters.create_dead_letter(tenant.tenant_id)}


def _create_unassigned_code(tenant: TenantFactory, _: str) -> RouteArguments:
    return {"loose_code": tenant.issue_coupon(tenant.define(), UNASSIGNED).coupon.code}


def _create_known_user(tenant: TenantFactory, _: str) -> RouteArguments:
    name = f"known-{next(_numbers)}"
    users.create(tenant.tenant_id, {"user_id": name, "is_member": True}, utc_now())
    wallets.credit(PointChange(tenant.tenant_id, name, "gold", 5), utc_now())
    return {"known_user": name}


def _create_held_code(tenant: TenantFactory, _: str) -> RouteArguments:
    """Create a Mambo coupon that a known user holds."""
    code = f"HELD{next(_numbers)}"
    user = _create_known_user(tenant, "")
    tenant.issue_coupon(
        tenant.define_custom(code, awarded_only=True), user["known_user"]
    )
    return {**user, "held_code": code}


def _create_bought_code(tenant: TenantFactory, _: str) -> RouteArguments:
    """Create a coupon that a user has bought and redeemed, and so may refund."""
    code, user = f"SALE{next(_numbers)}", _create_known_user(tenant, "")
    _create_offer(tenant, code, {"point_id": "gold", "points": 1})
    for action in Action.BUY, Action.REDEEM:
        request = ActivityRequest(tenant.tenant_id, user["known_user"], action, code)
        activities.perform(request, utc_now())
    return {**user, "bought_code": code}


OFFER_PRESENTATION: Mapping[str, Any] = {
    **{"coupon_type": "shipping", "amount": None, "custom": ""},
    **{"help_message": "", "tags": [], "translations": []},
}


def _create_offer(tenant: TenantFactory, code: str, terms: Mapping[str, Any]) -> str:
    """Create a Mambo coupon and return its ID."""
    coded = {"name": code, "code_format": CodeFormat.CUSTOM, "custom_code": code}
    reward = {"reward_type": "shipping", "payload": {}}
    draft = offers.OfferDraft(coded, terms, OFFER_PRESENTATION, reward=reward)
    offer = offers.create(tenant.tenant_id, draft, utc_now())
    return offer.definition.definition_id


def _create_mambo_coupon(tenant: TenantFactory, _: str) -> RouteArguments:
    return {"mambo_id": _create_offer(tenant, f"OFFER{next(_numbers)}", {})}


def _create_activity(tenant: TenantFactory, _: str) -> RouteArguments:
    user = _create_known_user(tenant, "")["known_user"]
    request = ActivityRequest(tenant.tenant_id, user, Action.REDEEM, "N0SUCHC0DE")
    return {
        "activity_id": activities.perform_or_record_failure(
            request, utc_now()
        ).activity_id
    }


def _create_webhook(tenant: TenantFactory, _: str) -> RouteArguments:
    url, page = "https://hooks.example.invalid/x", Page(limit=100)
    for webhook in subscriptions.list_webhooks(tenant.tenant_id, page)[0][
        5:
    ]:  # their number is limited
        subscriptions.delete(tenant.tenant_id, webhook.webhook_id)
    webhook, _ = subscriptions.create(
        tenant.tenant_id, "coupon.redeemed", url=url, now=utc_now()
    )
    delivery_id = create_delivery(tenant.tenant_id, webhook.webhook_id)
    return {"webhook_id": str(webhook.webhook_id), "delivery_id": delivery_id}


def _create_package(tenant: TenantFactory, _: str) -> RouteArguments:
    """Create a campaign with a creator who has a code of a package."""
    number, campaign_factory = next(_numbers), CampaignFactory(tenant)
    campaign_id = campaign_factory.create_campaign(f"campaign-{number}")
    creator_key, code = (
        campaign_factory.create_creator(f"K{number:04}"),
        f"HANDED{number}",
    )
    package = campaign_factory.create_package(campaign_id)
    campaign_factory.assign_codes(package, code, creator_key=creator_key)
    ids = {"campaign_id": campaign_id, "creator_key": creator_key}
    package_id = str(package.package.package_id)
    return {**ids, "package_id": package_id, "creator_code": code}


def _create_client_key(tenant: TenantFactory, _: str) -> RouteArguments:
    key_id, _ = tenant.create_client_key(ClientKeyKind.PLAYCAMP_SERVER)
    return {"client_key_id": key_id}


def _create_batch(tenant: TenantFactory, _: str) -> RouteArguments:
    """Create a batch and cancel it, so that no worker generates it."""
    batch = requests.request(
        tenant.tenant_id,
        tenant.define().definition_id,
        requests.BatchRequest(count=1),
        utc_now(),
    )
    requests.cancel(tenant.tenant_id, batch.batch_id, utc_now())
    return {"batch_id": batch.batch_id}


def _create_job(tenant: TenantFactory, _: str) -> RouteArguments:
    done = bulk_changes.revoke(
        tenant.tenant_id, CodeTarget(user_id="nobody"), actor="", now=utc_now()
    )
    return {"job_id": done.job_id}


FACTORIES: Mapping[str, Callable[[TenantFactory, str], RouteArguments]] = {
    "definition_id": _create_coupon,
    "coupon_id": _create_coupon,
    "code": _create_coupon,
    "item_id": _create_reward_item,
    "key_id": _create_api_key,
    "secret_id": _rotate_secret,
    "letter_id": _create_dead_letter,
    "loose_code": _create_unassigned_code,
    "known_user": _create_known_user,
    "client_key_id": _create_client_key,
    "job_id": _create_job,
    "batch_id": _create_batch,
    "held_code": _create_held_code,
    "bought_code": _create_bought_code,
    "mambo_id": _create_mambo_coupon,
    "activity_id": _create_activity,
    "redemption_id": _create_redemption,
    "reservation_id": _create_reservation,
    "webhook_id": _create_webhook,
    "campaign_id": _create_package,
    "creator_key": _create_package,
    "package_id": _create_package,
    "creator_code": _create_package,
}
