"""The state machine: every rule runs against the gateways and the reference model."""

from tests.stateful.correction_rules import CorrectionRules
from tests.stateful.player_rules import PlayerRules


class CouponStateMachine(CorrectionRules, PlayerRules):
    """The rules of administrators and of users together."""
