"""The error that a person is meant to read."""

from __future__ import annotations


class CourseError(Exception):
    """Something that the user can put right: one sentence that names the value and the way out."""
