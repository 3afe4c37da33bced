"""What the roles of operators are called."""

from admin_gateway.console.texts import N_
from coupon_core.domain.models.operators import Role

ROLES = {
    Role.VIEWER: N_("Viewer: reads"),
    Role.SUPPORT: N_("Support: reads, and corrects or assigns single coupons"),
    Role.MANAGER: N_("Manager: changes definitions, campaigns, coupons and webhooks"),
    Role.OWNER: N_("Owner: everything, also API keys and operators"),
}
