"""Recorded experiments: runs too long for a lab's own minutes. Each writes a file of course_utils/results."""
