"""Use cases of Mambo: users, wallets, offers and purchases for points."""
