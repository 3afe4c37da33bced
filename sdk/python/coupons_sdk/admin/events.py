"""Milestones, dead letters and webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic

from coupons_sdk.admin.resource import AdminResource
from coupons_sdk.models.people import (
    AcceptedEvent,
    AcceptedEvents,
    AcceptedRequest,
    DeadLetter,
    NewWebhook,
    Webhook,
    WebhookLog,
    WebhookTestResult,
)
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import OMIT, Call, Omit, parse_nothing, request
from coupons_sdk.resources import Mode, operation, paged


class Events(AdminResource[Mode], Generic[Mode]):
    """Milestones that earn coupons."""

    @operation
    def publish(self, event: Mapping[str, Any]) -> Call[AcceptedEvent]:
        """Store a milestone: a CloudEvent, or an event as Phoenix sends it.

        >>> event = {
        ...     **{"specversion": "1.0", "type": "streak.milestone_reached"},
        ...     **{"source": "/games", "id": fresh_name, "subject": "ann"},
        ...     "data": {"streak_id": "daily-login", "threshold": 7},
        ... }
        >>> admin.events.publish(event).status
        'accepted'
        """
        path = self._path("events")
        return request("POST", AcceptedEvent.from_json, path, body=event)

    @operation
    def publish_all(self, events: Sequence[Mapping[str, Any]]) -> Call[AcceptedEvents]:
        """Store up to 100 milestones.

        >>> event = {
        ...     **{"event_type": "achievement.completed", "event_id": fresh_name},
        ...     **{"user_id": "ann", "attributes": {"achievement_id": "first-win"}},
        ... }
        >>> admin.events.publish_all([event]).accepted
        1
        """
        path = self._path("events", "bulk")
        return request("POST", AcceptedEvents.from_json, path, body={"events": events})


class DeadLetters(AdminResource[Mode], Generic[Mode]):
    """Messages that could not be processed."""

    @paged
    def list(self, *, limit: int | None = None) -> PageCall[DeadLetter]:
        """List the dead letters.

        >>> letter_id in {letter.id for letter in admin.dead_letters.list()}
        True
        """
        path = self._path("dead-letters")
        return PageCall(DeadLetter, "dead_letters", path, {"limit": limit})

    @operation
    def get(self, letter_id: str) -> Call[DeadLetter]:
        """Return a dead letter.

        >>> admin.dead_letters.get(letter_id).body_encoding
        'text'
        """
        path = self._path("dead-letters", letter_id)
        return request("GET", DeadLetter.from_json, path)

    @operation
    def retry(self, letter_id: str) -> Call[AcceptedRequest]:
        """Process a message again.

        >>> admin.dead_letters.retry(letter_id).status
        'accepted'
        """
        path = self._path("dead-letters", letter_id, "retry")
        return request("POST", AcceptedRequest.from_json, path)

    @operation
    def drop(self, letter_id: str) -> Call[None]:
        """Delete a dead letter.

        >>> admin.dead_letters.drop(letter_id)
        """
        path = self._path("dead-letters", letter_id)
        return request("DELETE", parse_nothing, path)


class Webhooks(AdminResource[Mode], Generic[Mode]):
    """Webhooks: events that are sent to your server."""

    @operation
    def create(
        self,
        event_type: str,
        url: str,
        *,
        signature: str | Omit = OMIT,
        retry_count: int | Omit = OMIT,
        timeout_ms: int | Omit = OMIT,
    ) -> Call[NewWebhook]:
        """Create a webhook; its secret is shown only here.

        >>> hook = admin.webhooks.create(
        ...     "coupon.redeemed", "https://hooks.example.invalid/coupons"
        ... )
        >>> hook.signature
        'standard'
        """
        body = {
            "event_type": event_type,
            "url": url,
            "signature": signature,
            "retry_count": retry_count,
            "timeout_ms": timeout_ms,
        }
        return request("POST", NewWebhook.from_json, self._path("webhooks"), body=body)

    @paged
    def list(self, *, limit: int | None = None) -> PageCall[Webhook]:
        """List the webhooks.

        >>> webhook_id in {str(hook.id) for hook in admin.webhooks.list()}
        True
        """
        return PageCall(Webhook, "webhooks", self._path("webhooks"), {"limit": limit})

    @operation
    def get(self, webhook_id: int) -> Call[Webhook]:
        """Return a webhook, without its secret.

        >>> admin.webhooks.get(webhook_id).event_type
        'coupon.redeemed'
        """
        path = self._path("webhooks", webhook_id)
        return request("GET", Webhook.from_json, path)

    @operation
    def change(
        self,
        webhook_id: int,
        *,
        url: str | Omit = OMIT,
        is_active: bool | Omit = OMIT,
        retry_count: int | Omit = OMIT,
        timeout_ms: int | Omit = OMIT,
    ) -> Call[Webhook]:
        """Change members of a webhook.

        >>> admin.webhooks.change(webhook_id, is_active=False).is_active
        False
        """
        body = {
            "url": url,
            "is_active": is_active,
            "retry_count": retry_count,
            "timeout_ms": timeout_ms,
        }
        path = self._path("webhooks", webhook_id)
        return request("PATCH", Webhook.from_json, path, body=body)

    @operation
    def delete(self, webhook_id: int) -> Call[None]:
        """Delete a webhook.

        >>> admin.webhooks.delete(webhook_id)
        """
        return request("DELETE", parse_nothing, self._path("webhooks", webhook_id))

    @operation
    def rotate(self, webhook_id: int) -> Call[NewWebhook]:
        """Create another secret; it is shown only here.

        >>> admin.webhooks.rotate(webhook_id).secret.startswith("whsec_")
        True
        """
        path = self._path("webhooks", webhook_id, "rotate")
        return request("POST", NewWebhook.from_json, path)

    @paged
    def logs(
        self, webhook_id: int, *, limit: int | None = None
    ) -> PageCall[WebhookLog]:
        """List the attempts to deliver events.

        >>> [attempt.status for attempt in admin.webhooks.logs(webhook_id)]
        ['PENDING']
        """
        path = self._path("webhooks", webhook_id, "logs")
        return PageCall(WebhookLog, "logs", path, {"limit": limit})

    @operation
    def resend(self, webhook_id: int, delivery_id: str) -> Call[WebhookLog]:
        """Send a delivery again, once.

        >>> admin.webhooks.resend(webhook_id, delivery_id).status
        'PENDING'
        """
        path = self._path("webhooks", webhook_id, "deliveries", delivery_id, "resend")
        return request("POST", WebhookLog.from_json, path)

    @operation
    def test(self, webhook_id: int) -> Call[WebhookTestResult]:
        """Send a sample, and return what the receiver answered.

        >>> admin.webhooks.test(webhook_id).success
        False
        """
        path = self._path("webhooks", webhook_id, "test")
        return request("POST", WebhookTestResult.from_json, path)
