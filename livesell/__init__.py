"""livesell takes orders from livestream chat."""

__version__ = "0.1.0"
