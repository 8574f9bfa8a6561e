"""What every referee of an open experiment says when a plan breaks its rules."""

from __future__ import annotations


class BrokenRule(ValueError):
    """A plan that the experiment does not allow. Its text names the value and the rule."""
