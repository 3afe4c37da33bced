"""Use cases of milestones from other services and of dead letters."""
