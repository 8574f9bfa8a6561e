"""Base models by name: those of `embedded`, which travel with the course, of `fetched`, or any model of the hub."""

from course_utils.models.registry import load_base, model_path

__all__ = ["load_base", "model_path"]
