"""The error that a person is meant to read."""

from __future__ import annotations


class CourseError(Exception):
    """Something that the user can put right: one sentence that names the value and the way out."""


def shown(value: object) -> str:
    """A value as such a sentence names it: its repr, at most 60 characters of it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
