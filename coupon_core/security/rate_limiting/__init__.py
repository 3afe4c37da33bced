"""How often something may be done: guesses of codes, and calls altogether."""
