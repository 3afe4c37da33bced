"""Tests of the Flask layer that both gateways share."""
