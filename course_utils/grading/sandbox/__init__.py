"""Where a student's code runs when it is graded, and the only way in and out."""
