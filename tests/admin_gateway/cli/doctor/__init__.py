"""Tests of `couponctl doctor`."""
