"""What to ask before something is done with a webhook that cannot be undone."""

from admin_gateway.console.actions import Question
from admin_gateway.console.rendering import url_for_page
from admin_gateway.console.texts import gettext as _
from coupon_core.domain.models.webhooks import SignatureScheme, Webhook


def ask_to_disable(webhook: Webhook) -> Question:
    """Return the question before a webhook misses events."""
    return Question(
        title=_("Switch this webhook off?"),
        text=_(
            "Events that happen until you switch it on again are never sent to it: "
            "%(url)s"
        )
        % {"url": webhook.url},
        button=_("Switch the webhook off"),
        back=_get_path(webhook),
    )


def ask_to_rotate(webhook: Webhook) -> Question:
    """Return the question before the secret is replaced."""
    text = _(
        "Requests are signed with the new secret immediately. Have access to the "
        "receiver's settings before you continue."
    )
    if webhook.signature == SignatureScheme.STANDARD:
        text = _(
            "Requests are signed with both secrets for 24 hours, so that you can "
            "change the receiver without losing events."
        )
    title, button = _("Replace the secret of this webhook?"), _("Replace the secret")
    return Question(title, text, button, _get_path(webhook))


def ask_to_delete(webhook: Webhook) -> Question:
    """Return the question before a webhook is deleted."""
    return Question(
        title=_("Delete this webhook?"),
        text=_("Its log and its waiting events are deleted as well: %(url)s")
        % {"url": webhook.url},
        button=_("Delete the webhook"),
        back=url_for_page("webhooks.index"),
    )


def _get_path(webhook: Webhook) -> str:
    return url_for_page("webhooks.show", webhook_id=webhook.webhook_id)
