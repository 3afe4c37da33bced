"""Tests of couponctl."""
