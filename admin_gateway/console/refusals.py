"""What the console says about refusals, in the language of the reader."""

from admin_gateway.console.texts import N_, gettext
from admin_gateway.refusals import ALL_REFUSALS
from coupon_core.domain.models import AdminReason, AnyReason, AuthReason, Refused

# Where the console says something else than the API.
OWN_TEXTS: dict[AnyReason, str] = {
    AuthReason.SCOPE_MISSING: N_("Your role does not allow this."),
    AdminReason.TENANT_NOT_FOUND: N_("This page does not exist."),
}


def describe_refusal(refused: Refused) -> tuple[str, str]:
    """Return the name of the field that a refusal is about, or "", and its text."""
    own = OWN_TEXTS.get(refused.reason)
    if own:
        return "", gettext(own)
    text = refused.detail or gettext(ALL_REFUSALS[refused.reason][2])
    field, colon, rest = text.partition(": ")
    is_field = bool(colon) and field.replace("_", "").replace(".", "").isalnum()
    return (field, rest) if is_field else ("", text)
