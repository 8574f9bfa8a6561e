"""Grading a class: which submissions, in which workers, in which steps."""
