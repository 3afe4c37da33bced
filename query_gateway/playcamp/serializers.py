"""Serializers of the PlayCamp API (the PlayCamp specification)."""

import json

from coupon_core.domain.codes import to_lookup_key
from coupon_core.domain.models import Reason, RedemptionResult, RewardItem
from coupon_core.domain.models.campaigns import Campaign
from coupon_core.domain.models.creators import Creator, CreatorCode
from coupon_core.domain.models.packages import (
    Attribution,
    CodeUsage,
    PackageWithDefinition,
)
from coupon_core.domain.models.webhooks import (
    DeliveryAttempt,
    Webhook,
    WebhookResponse,
)
from coupon_core.domain.pasted_text import clean_pasted_code
from coupon_core.domain.rules.reward_lines import to_reward_lines
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from query_gateway.playcamp.responses import Document
from query_gateway.refusals import REFUSALS


def serialize_invalid(code: str, reason: Reason) -> Document:
    """Return the reason why a code is invalid, with the code as it was sent."""
    _, error_code, text = REFUSALS[reason].playcamp
    error_members = {"errorCode": error_code, "errorMessage": text}
    return {"valid": False, "couponCode": code, **error_members}


def serialize_valid(code: str, item: RewardItem, attribution: Attribution) -> Document:
    """Return what a valid code grants, and its creator."""
    normalized_code = to_lookup_key(clean_pasted_code(code))
    return {
        "valid": True,
        "couponCode": normalized_code,
        **_serialize_grant(item, attribution),
    }


def serialize_redemption(
    redeemed: RedemptionResult, attribution: Attribution
) -> Document:
    """Return a redemption: what the code granted, and its creator."""
    redemption, issued = redeemed.redemption, redeemed.issued
    grant = _serialize_grant(issued.reward_item, attribution)
    return {
        "success": True,
        "usageId": redemption.redemption_id,
        "couponCode": issued.coupon.code,
        "userId": redemption.user_id,
        "packageId": attribution.package.package_id if attribution.package else None,
        "quantity": grant["reward"][0]["itemQuantity"],
        **grant,
        "redeemedAt": format_timestamp_milliseconds(redemption.redeemed_at),
    }


def _serialize_grant(item: RewardItem, attribution: Attribution) -> Document:
    package = attribution.package
    name = dict(package.item_name) if package else {"en": item.name}
    lines = (
        package.rewards
        if package
        else to_reward_lines(item.name, item.reward_type, item.payload)
    )
    return {
        "reward": [*lines],
        "packageName": name,
        "itemName": name,
        "creatorKey": attribution.creator_key or None,
        "campaignId": package.campaign_id if package else None,
    }


def serialize_code_usage(usage: CodeUsage) -> Document:
    """Return one use; its reward was delivered with the response to the redeem."""
    used_at = format_timestamp_milliseconds(usage.used_at)
    return {
        "id": usage.redemption_id,
        "userId": usage.user_id,
        "couponCode": usage.code,
        "packageId": usage.package_id,
        "campaignId": usage.campaign_id,
        "creatorKey": usage.creator_key,
        "usedAt": used_at,
        "rewardDelivered": True,
        "rewardDeliveredAt": used_at,
    }


def serialize_campaign(campaign: Campaign) -> Document:
    """Return a campaign; `projectId` is the tenant ID."""
    return {
        "campaignId": campaign.campaign_id,
        "projectId": campaign.tenant_id,
        "campaignName": dict(campaign.names),
        "description": dict(campaign.description),
        "startDate": format_timestamp_milliseconds(campaign.starts_at),
        "endDate": format_timestamp_milliseconds(campaign.ends_at),
        "status": campaign.status.value,
    }


def serialize_creator(creator: Creator) -> Document:
    """Return a creator."""
    return {
        "creatorId": creator.creator_id,
        "creatorName": creator.name,
        "genre": creator.genre,
        "creatorKey": creator.creator_key,
        "status": creator.status.value,
    }


def serialize_creator_code(creator_code: CreatorCode) -> Document:
    """Return a code that is assigned to a creator."""
    return {
        "code": creator_code.code,
        "packageNo": creator_code.package_no,
        "status": creator_code.status.value,
    }


def serialize_package(package_with_definition: PackageWithDefinition) -> Document:
    """Return a package with its limits; 0 means unlimited."""
    package = package_with_definition.package
    definition = package_with_definition.definition
    first_reward = package.rewards[0]
    return {
        "packageId": package.package_id,
        "packageNo": package.package_no,
        "itemName": dict(package.item_name),
        "itemDescription": dict(package.item_description),
        "itemId": first_reward["itemId"],
        "itemQuantity": first_reward["itemQuantity"],
        "reward": [*package.rewards],
        "perCodeUsageLimit": definition.per_code_limit,
        "crossCreatorLimit": definition.per_user_limit,
        "maxTotalUsage": definition.total_limit,
    }


def serialize_webhook(webhook: Webhook) -> Document:
    """Return a webhook without its secret; `projectId` is the tenant ID."""
    return {
        "id": webhook.webhook_id,
        "projectId": webhook.tenant_id,
        "eventType": webhook.event_type,
        "url": webhook.url,
        "isActive": webhook.is_active,
        "inactiveReason": webhook.inactive_reason or None,
        "retryCount": webhook.retry_count,
        "timeoutMs": webhook.timeout_ms,
        "createdAt": format_timestamp_milliseconds(webhook.created_at),
        "updatedAt": format_timestamp_milliseconds(webhook.updated_at),
    }


def serialize_attempt(attempt: DeliveryAttempt) -> Document:
    """Return a delivery attempt of the webhook log."""
    return {
        "id": attempt.log_id,
        "webhookId": attempt.webhook_id,
        "eventType": attempt.event_type,
        "payload": json.loads(attempt.payload),
        "responseStatus": attempt.response_status,
        "responseBody": attempt.response_body or attempt.error or None,
        "attempt": attempt.number,
        "maxAttempts": attempt.max_attempts,
        "status": attempt.status.value,
        "createdAt": format_timestamp_milliseconds(attempt.created_at),
        "completedAt": format_timestamp_milliseconds(attempt.completed_at),
        "nextRetryAt": format_timestamp_milliseconds(attempt.next_retry_at),
    }


def serialize_test_result(result: WebhookResponse) -> Document:
    """Return the result of a test delivery."""
    return {
        "success": result.is_success,
        "responseStatus": result.status,
        "responseBody": result.body or None,
        "error": result.error or None,
    }
