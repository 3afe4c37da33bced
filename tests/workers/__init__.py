"""Workers: what they do with messages, good and bad, and how they live and die."""
