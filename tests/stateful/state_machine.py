"""The state machine: every rule runs against the gateways and the reference model."""

from tests.stateful.coupon_rules import CouponRules
from tests.stateful.player_rules import PlayerRules


class CouponStateMachine(CouponRules, PlayerRules):
    """The rules of administrators and of users together."""
