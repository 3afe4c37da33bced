"""Measures how dear our work is beside the least that such work can cost."""
