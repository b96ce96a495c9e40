"""A recorded show of an invented shop, and what plays it."""
