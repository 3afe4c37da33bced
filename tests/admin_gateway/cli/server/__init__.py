"""Tests of `couponctl serve`."""
