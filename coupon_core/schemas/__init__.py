"""Marshmallow fields and message schemas, independent of Flask."""
