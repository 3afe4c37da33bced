"""The path of every page, as a person sees them."""

from __future__ import annotations

from tests.browser.showcase import Showcase


def list_paths(shown: Showcase) -> dict[str, str]:
    """Return the paths of a tenant's pages, below that of its home page."""
    campaign = f"/campaigns/c/{shown.campaign_id}"
    definition = f"/definitions/{shown.definition_id}"
    code, batch = f"/codes/{shown.coupon_id}", f"/batches/{shown.batch_id}"
    player, creator = f"/players/{shown.user_id}", f"/creators/{shown.creator_key}"
    webhook = f"/webhooks/{shown.webhook_id}"
    letter = f"/dead-letters/{shown.letter_id}"
    paths = (
        *("", "/reports", "/reports/refusals", "/reports/top", "/reports/compare"),
        *("/reports/funnel", "/attempts", "/attempts/signals"),
        *("/campaigns", "/campaigns/new", campaign, f"{campaign}/settings"),
        *(f"{campaign}/suspend", "/definitions", "/definitions/new", definition),
        *(f"{definition}/codes", f"{definition}/redemptions"),
        *(f"{definition}/attempts", f"{definition}/jobs", f"{definition}/settings"),
        *(f"{definition}/history", f"{definition}/suspend"),
        *("/rewards", "/rewards/new", f"/rewards/{shown.reward_id}"),
        *("/points", "/points/changes", "/points/change"),
        *("/codes", "/codes?q=welcome", "/codes?q=nothing", "/codes/list"),
        *("/codes/why", "/codes/why?code=NEWYEAR2027", code, f"{code}/attempts"),
        *(f"{code}/extend", f"{code}/revoke", f"{code}/reissue"),
        *("/players", player, f"{player}/uses", f"{player}/points"),
        *(f"{player}/reservations", f"{player}/attempts", f"{player}/revoke"),
        *(f"{player}/erase", "/players/nobody"),
        *("/generate", "/import", "/export", "/batches", batch, f"{batch}/qr"),
        *(f"{batch}/qr/sheets", f"/batches/{shown.waiting_batch_id}"),
        *(f"{batch}/expiry", f"{batch}/revoke", f"{batch}/suspend", "/jobs"),
        *("/creators", "/creators/new", creator, f"{creator}/edit"),
        *(f"{creator}/codes", "/creator-import", "/packages", "/packages/new"),
        *("/leaderboard", "/webhooks", "/webhooks/new", webhook, f"{webhook}/edit"),
        *(f"{webhook}/rotate", f"{webhook}/delete", "/dead-letters", letter),
        *(f"{letter}/drop", "/operators", "/operators/invite"),
        *("/api-keys", "/api-keys/new", "/audit"),
        *("/system", "/system/migrations", "/system/settings"),
        *("/../../account", "/../../account/code", "/../../account/password"),
    )
    return {path.replace("/../../", "") or "home": path for path in paths}
