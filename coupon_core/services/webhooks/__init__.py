"""Send signed events to the tenants' servers, at least once each."""
