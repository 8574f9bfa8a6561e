"""What people read of a graded class: feedback, report, Formgrader, exports."""
