"""The outages that the workers of this process have noticed."""

from coupon_core.observability.outage_log import OutageLog

DATABASE, BUS = "database", "bus"
OUTAGES = OutageLog()
