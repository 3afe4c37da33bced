"""Tests of `couponctl demo`."""
