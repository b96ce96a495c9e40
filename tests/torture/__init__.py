"""Pulling the plug, again and again, under load: `python -m tests.torture`, and a short form in the suite."""
