"""The domain, services and infrastructure that both gateways and the workers share."""
