"""Shared code of the course "Adapting Language Models"."""

__version__ = "0.1.0"
