"""What the console calls audited actions, and the members that they change."""

from collections.abc import Iterator, Mapping

from admin_gateway.console.texts import N_, gettext

OBJECTS: Mapping[str, str] = {
    "api_key": N_("API key"),
    "batch": N_("batch"),
    "campaign": N_("campaign"),
    "client_key": N_("client key"),
    "code_job": N_("job"),
    "codes": N_("codes"),
    "coupon": N_("code"),
    "creator": N_("creator"),
    "dead_letter": N_("dead letter"),
    "definition": N_("definition"),
    "milestone": N_("milestone"),
    "operator": N_("operator"),
    "package": N_("package"),
    "points": N_("points"),
    "redemption": N_("redemption"),
    "reward_item": N_("reward"),
    "secret": N_("tenant secret"),
    "tenant": N_("tenant"),
    "user": N_("player"),
    "webhook": N_("webhook"),
}
VERBS: Mapping[str, str] = {
    "accepted": N_("accepted"),
    "account_connected": N_("single sign-on connected"),
    "activated": N_("activated"),
    "archived": N_("archived"),
    "assigned": N_("assigned"),
    "cancelled": N_("cancelled"),
    "changed": N_("changed"),
    "codes_revoked": N_("codes revoked"),
    "created": N_("created"),
    "creator_added": N_("creator added"),
    "creator_removed": N_("creator removed"),
    "credited": N_("credited"),
    "debited": N_("debited"),
    "deleted": N_("deleted"),
    "deletion_started": N_("deletion started"),
    "delivery_resent": N_("sent again"),
    "disabled": N_("disabled"),
    "dropped": N_("deleted"),
    "enabled": N_("enabled"),
    "erased": N_("erased"),
    "exported": N_("exported"),
    "factor_started": N_("second factor switched on"),
    "factor_stopped": N_("second factor switched off"),
    "generated": N_("generated"),
    "given_codes": N_("codes given"),
    "invitation_withdrawn": N_("invitation withdrawn"),
    "invited": N_("invited"),
    "joined": N_("joined"),
    "password_changed": N_("password changed"),
    "paused": N_("paused"),
    "refilled": N_("codes generated, because few were left"),
    "reissued": N_("replaced by another code"),
    "removed": N_("removed"),
    "requested": N_("codes requested"),
    "reset": N_("link for a new password created"),
    "restored": N_("restored"),
    "resumed": N_("resumed"),
    "retired": N_("retired"),
    "retried": N_("sent again"),
    "reversed": N_("given back"),
    "revoked": N_("revoked"),
    "role_changed": N_("role changed"),
    "rotated": N_("renewed"),
    "secret_rotated": N_("secret renewed"),
    "started": N_("started"),
    "suspended": N_("suspended"),
}
# The verbs of each object, for the filter.
ACTIONS: Mapping[str, str] = {
    "definition": "created changed activated paused suspended resumed archived "
    "refilled",
    "campaign": "created changed suspended resumed creator_added creator_removed",
    "reward_item": "created changed deleted",
    "coupon": "generated assigned changed revoked restored reissued",
    "redemption": "reversed",
    "codes": "exported",
    "batch": "requested cancelled suspended resumed",
    "code_job": "started",
    "points": "credited debited",
    "user": "created changed exported erased",
    "creator": "created changed given_codes codes_revoked",
    "package": "created changed",
    "webhook": "created changed deleted secret_rotated delivery_resent",
    "dead_letter": "retried dropped",
    "milestone": "accepted",
    "operator": "invited invitation_withdrawn joined role_changed removed disabled "
    "enabled reset password_changed factor_started factor_stopped account_connected",
    "api_key": "created revoked",
    "client_key": "created revoked",
    "secret": "rotated retired",
    "tenant": "created deletion_started erased",
}


def list_actions() -> Iterator[str]:
    """Yield every action that is recorded."""
    for noun, verbs in ACTIONS.items():
        yield from (f"{noun}.{verb}" for verb in verbs.split())


def describe_action(action: str) -> str:
    """Return the words for an action; one of another release stays as it is."""
    noun, _, verb = action.partition(".")
    if noun not in OBJECTS or verb not in VERBS:
        return action
    return f"{gettext(OBJECTS[noun])}: {gettext(VERBS[verb])}"


def describe_verb(action: str) -> str:
    """Return the word for what happened, where the object is clear."""
    verb = action.partition(".")[2]
    return gettext(VERBS[verb]) if verb in VERBS else action


# Other members are shown as they are.
MEMBERS: Mapping[str, str] = {
    "api_key": N_("API key"),
    "awarded_only": N_("only awarded"),
    "batch_id": N_("batch"),
    "campaign_id": N_("campaign"),
    "changed": N_("changed"),
    "claimable": N_("any player may use it"),
    "code_alphabet": N_("characters"),
    "code_format": N_("kind of code"),
    "code_length": N_("random characters"),
    "code_pattern": N_("pattern"),
    "code_prefix": N_("begins with"),
    "count": N_("count"),
    "creator_key": N_("creator"),
    "custom_code": N_("code"),
    "description": N_("description"),
    "ends_at": N_("end"),
    "event_id": N_("event"),
    "event_type": N_("event"),
    "expires_at": N_("end"),
    "filters": N_("filters"),
    "is_active": N_("active"),
    "kind": N_("kind"),
    "metadata": N_("metadata"),
    "name": N_("name"),
    "names": N_("name"),
    "package_id": N_("package"),
    "payload": N_("data for the game"),
    "per_code_limit": N_("uses of a code by a player"),
    "per_user_limit": N_("uses by a player"),
    "refill_below": N_("generate when fewer are left than"),
    "refill_count": N_("codes to generate then"),
    "reward_item_id": N_("reward"),
    "reward_type": N_("type"),
    "role": N_("role"),
    "scopes": N_("scopes"),
    "starts_at": N_("start"),
    "status": N_("state"),
    "suspended_at": N_("suspended since"),
    "time_zone": N_("time zone"),
    "total_limit": N_("uses in all"),
    "user_period": N_("period"),
    "user_period_limit": N_("uses by a player in a period"),
}
