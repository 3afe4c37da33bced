"""Tests of offers, wallets and purchases."""
