"""Coupons offered for points (Mambo): users, wallets, offers and purchases."""
