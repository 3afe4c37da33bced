"""Start and supervise the processes of one machine."""
