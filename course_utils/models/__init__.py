"""Base models by name: the embedded nano-math in three stages and nano-icl, or any model of the hub."""

from course_utils.models.registry import STAGES, load_base, model_path

__all__ = ["STAGES", "load_base", "model_path"]
