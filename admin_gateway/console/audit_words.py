"""What the console calls actions on a definition, and the members that they change."""

from collections.abc import Mapping

from admin_gateway.console.texts import N_

ACTIONS: Mapping[str, str] = {
    "definition.created": N_("created"),
    "definition.changed": N_("changed"),
    "definition.activated": N_("activated"),
    "definition.archived": N_("archived"),
    "definition.paused": N_("paused"),
    "definition.suspended": N_("suspended"),
    "definition.resumed": N_("resumed"),
    "definition.refilled": N_("codes generated, because few were left"),
    "coupon.generated": N_("codes generated"),
    "codes.exported": N_("codes exported"),
}
# Other members are shown as they are.
MEMBERS: Mapping[str, str] = {
    "awarded_only": N_("only awarded"),
    "campaign_id": N_("campaign"),
    "claimable": N_("any player may use it"),
    "code_alphabet": N_("characters"),
    "code_format": N_("kind of code"),
    "code_length": N_("random characters"),
    "code_pattern": N_("pattern"),
    "code_prefix": N_("begins with"),
    "count": N_("count"),
    "custom_code": N_("code"),
    "description": N_("description"),
    "expires_at": N_("end"),
    "metadata": N_("metadata"),
    "name": N_("name"),
    "per_code_limit": N_("uses of a code by a player"),
    "per_user_limit": N_("uses by a player"),
    "refill_below": N_("generate when fewer are left than"),
    "refill_count": N_("codes to generate then"),
    "reward_item_id": N_("reward"),
    "starts_at": N_("start"),
    "status": N_("state"),
    "suspended_at": N_("suspended since"),
    "time_zone": N_("time zone"),
    "total_limit": N_("uses in all"),
    "user_period": N_("period"),
    "user_period_limit": N_("uses by a player in a period"),
}
