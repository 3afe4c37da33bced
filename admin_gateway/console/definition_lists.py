"""Lists of definitions: their columns, and what their rows offer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from admin_gateway.console.charts import draw_sparkline
from admin_gateway.console.definition_actions import ACTIONS
from admin_gateway.console.definition_words import State, get_state, get_zone
from admin_gateway.console.tables import Column
from admin_gateway.console.texts import N_
from admin_gateway.console.use_columns import USE_COLUMNS
from admin_gateway.console.whole_actions import Action
from coupon_core.domain.models import Definition, utc_now

COLUMNS = (
    Column("name", N_("Name"), lambda row: row.one.name),
    Column("state", N_("State"), lambda row: _get_present_state(row.one).word),
    Column("used", N_("Uses"), lambda row: _get_used_count(row.one)),
    Column("limit", N_("Limit"), lambda row: row.one.total_limit or None),
    *USE_COLUMNS,
    Column("starts_at", N_("Starts"), lambda row: row.one.starts_at),
    Column("expires_at", N_("Ends"), lambda row: row.one.expires_at),
    Column("campaign_id", N_("Campaign"), lambda row: row.one.campaign_id),
    Column("definition_id", N_("ID"), lambda row: row.one.definition_id),
)


def build_helpers() -> Mapping[str, Callable[..., Any]]:
    """Return the functions that `definitions_table` needs, as macros see no others."""
    return {
        "draw_sparkline": draw_sparkline,
        "get_state": _get_present_state,
        "get_zone": get_zone,
        "list_actions": _list_actions,
    }


def _get_present_state(definition: Definition) -> State:
    return get_state(definition, utc_now())


def _get_used_count(definition: Definition) -> int | None:
    """Return the uses that are counted, which are those under a limit."""
    return definition.used_count if definition.total_limit else None


def _list_actions(definition: Definition) -> Sequence[Action]:
    return [one for one in ACTIONS if one.is_in_lists and one.is_offered(definition)]
