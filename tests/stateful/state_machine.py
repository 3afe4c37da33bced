"""The state machine: every rule runs against the gateways and the reference model."""

from tests.stateful.correction_rules import CorrectionRules
from tests.stateful.player_rules import PlayerRules
from tests.stateful.reservation_rules import ReservationRules


class CouponStateMachine(CorrectionRules, PlayerRules, ReservationRules):
    """The rules of administrators and of users together."""
