"""The guarded writes of reservations, and of the redemptions that confirm them."""

from coupon_core.domain.models import (
    Definition,
    Dialect,
    Event,
    IssuedCoupon,
    Redemption,
)
from coupon_core.domain.models.reservations import Reservation
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.repositories.redemptions import (
    INSERT_CLAIMED_COUPON,
    INSERT_REDEMPTION,
    UPDATE_COUPON,
    UseForm,
)
from coupon_core.persistence.repositories.redemptions import record as record_use
from coupon_core.persistence.repositories.use_conditions import (
    UNCHANGED_COUPON_CONDITION,
)
from coupon_core.persistence.tables import DefinitionTable

CONFIRM_COUPON = UPDATE_COUPON.replace(
    "SET", "SET reserved_count = reserved_count - 1,", 1
)
RESERVE_COUPON = f"""
    UPDATE coupon SET reserved_count = reserved_count + 1
    WHERE {UNCHANGED_COUPON_CONDITION}
"""
CLAIM_RESERVED_COUPON = INSERT_CLAIMED_COUPON.replace(
    "redeemed_at, redemption_count", "redemption_count, reserved_count"
).replace(":redeemed_at, 1", "0, 1")
# Without a number the coupon was not updated. The state is then null, so that
# PostgreSQL rolls the counters back, as for a redemption without a number.
INSERT_RESERVATION = """
    INSERT INTO reservation (tenant_id, reservation_id, coupon_id, definition_id,
        user_id, state, reserved_at, expires_at{columns})
    SELECT :tenant_id, :reservation_id, :coupon_id, :definition_id, :user_id,
        CASE WHEN {use_number} >= 0 THEN 'held' END, :redeemed_at, :held_until{values}
"""


def record(
    candidate: IssuedCoupon, reservation: Reservation, event: Event, claim: bool
) -> bool:
    """Write a reservation that was decided on `candidate`, with its event.

    It raises the same counters as a redemption, under the same conditions. With `claim`
    the coupon itself is created too. Returns False, and the caller must roll back, if
    the data has changed or a limit is exhausted.
    """
    use = Redemption(
        tenant_id=reservation.tenant_id,
        coupon_id=reservation.coupon_id,
        use_number=0,
        redemption_id=0,
        definition_id=reservation.definition_id,
        user_id=reservation.user_id,
        dialect=Dialect.PHOENIX,
        redeemed_at=reservation.reserved_at,
        reference=reservation.reference,
        metadata=reservation.metadata,
        period_key=reservation.period_key,
    )
    parameters = {
        "reservation_id": reservation.reservation_id,
        "held_until": format_timestamp_milliseconds(reservation.expires_at),
    }
    form = UseForm(
        RESERVE_COUPON,
        INSERT_RESERVATION,
        claim=CLAIM_RESERVED_COUPON,
        parameters=parameters,
    )
    return record_use(candidate, use, event, claim=claim, form=form)


def record_confirmation(
    candidate: IssuedCoupon,
    redemption: Redemption,
    event: Event,
    reservation: Reservation,
) -> bool:
    """Write a redemption whose use a reservation has counted already.

    Returns False like `record`.
    """
    parameters = {"usage_slot": reservation.usage_slot}
    form = UseForm(
        CONFIRM_COUPON, INSERT_REDEMPTION, is_counted=False, parameters=parameters
    )
    return record_use(candidate, redemption, event, claim=False, form=form)


def mark_definition(definition: Definition) -> None:
    """Record that uses of a definition are reserved; decisions then read them."""
    DefinitionTable.update(has_reservations=True).where(
        DefinitionTable.match_key(definition.tenant_id, definition.definition_id)
    ).execute()
