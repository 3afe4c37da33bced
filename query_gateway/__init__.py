"""The query gateway: what players and their games call, in three dialects."""
