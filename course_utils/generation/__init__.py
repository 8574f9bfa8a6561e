"""Sampling completions: one function for every lab, `generate`, and the engines behind it."""

from course_utils.generation.sampling import Completion, GenerationInterrupted, end_token_ids, generate
from course_utils.generation.vllm import free as free_engine

__all__ = ["Completion", "GenerationInterrupted", "end_token_ids", "free_engine", "generate"]
