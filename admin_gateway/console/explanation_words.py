"""What the console says instead of texts that name members of the API."""

from collections.abc import Mapping

from admin_gateway.console.texts import N_
from admin_gateway.refusals.explanation_texts import ReasonText

REMEDIES: Mapping[str, str] = {
    "Compare the code with near_matches, and ask the user to copy it.": N_(
        "Compare it with the similar codes, and ask the player to copy it."
    ),
    "Compare the code with near_matches, and ask the user to read it again.": N_(
        "Compare it with the similar codes, and ask the player to read it again."
    ),
    "Compare the code with near_matches, or search for a part of it.": N_(
        "Compare it with the similar codes, or search for its first four characters."
    ),
    "Generate a coupon of the definition for the user, let the user buy one if it "
    "has a price, or make the definition claimable.": N_(
        "Generate a code of the definition for the player, let the player buy one if "
        "it has a price, or let any player use it."
    ),
    "Reverse a redemption if it was a mistake, or raise limits.per_code.": N_(
        "Give a use back if it was a mistake, or raise the limit for a code."
    ),
    "Set a later expires_at on the coupon or its definition.": N_(
        "Change the expiry of the code, or the end of its definition."
    ),
    "Wait until starts_at, or set an earlier one on the definition.": N_(
        "Wait for the start, or set an earlier one in the definition."
    ),
    "Raise limits.per_user, or reverse a redemption that was a mistake.": N_(
        "Give a use back if it was a mistake, or raise the limit for a player."
    ),
    "Wait for the next period, or raise limits.per_user_period.": N_(
        "Wait for the next period, or raise the limit for a period."
    ),
    "Raise limits.total of the definition, or add codes to its list.": N_(
        "Raise the limit of all uses of the definition, or add codes to its list."
    ),
    "Reverse the redemption on the admin gateway if it was a mistake.": N_(
        "Give the use back if it was a mistake."
    ),
}


def get_own_text(text: ReasonText) -> ReasonText:
    """Return what the console says about a reason: the labels of its own forms."""
    return text._replace(remedy=REMEDIES.get(text.remedy, text.remedy))
