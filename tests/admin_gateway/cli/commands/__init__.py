"""Tests of the commands of couponctl."""
