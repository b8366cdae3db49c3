"""A service with nothing of its own: the recipe's tables alone."""
