"""Sampling completions: one function for every lab, `generate`, and the engines behind it."""

from course_utils.generation.sampling import Completion, GenerationInterrupted, end_token_ids, generate

__all__ = ["Completion", "GenerationInterrupted", "end_token_ids", "generate"]
