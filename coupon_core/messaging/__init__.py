"""The bus: its exchanges and queues, and how messages get there and stay there.

Nothing is imported here, so that who needs a name only does not load kombu.
"""
