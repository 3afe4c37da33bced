"""The message broker: topology, connections, publishing and inspection.

Nothing is imported here, so that code that needs only a name does not load kombu.
"""
