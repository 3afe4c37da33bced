"""The query gateway: player clients validate and redeem codes and see their history."""

from flask import Flask

from coupon_core import gateway
from coupon_core.config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application; without `settings` it reads the environment."""
    from query_gateway import phoenix
    from query_gateway.refusals import PHOENIX

    return gateway.create_app(
        __name__,
        settings,
        title="Coupon query gateway",
        description="Validate, redeem and list coupons on behalf of players.",
        blueprints=[phoenix.blueprint],
        refusals=PHOENIX,
        converters={"tenant": phoenix.TenantConverter},
        security_schemes=phoenix.schemas.SECURITY,
    )
