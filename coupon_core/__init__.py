"""The domain, services and infrastructure that both gateways and the workers share."""

DISTRIBUTION = "couponctl"
"""The name under which pip and `importlib.metadata` know this program."""
