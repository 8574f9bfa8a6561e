"""nbgrader's configuration: `nbgrader generate_assignment`, `autograde`, `formgrader`, … work in this folder.

Everything here is plain nbgrader. `configure` sets what the course needs: how a lab is released, and that
student code runs in a sandbox while the tests run outside of it.
"""

from course_utils.grading.configure import configure

c = get_config()  # noqa: F821 (nbgrader defines it)

configure(c)

# Limits of one submission. Seconds follow from the lab's grading_seconds in course.toml unless given here.
# c.SplitExecute.cell_seconds = 40
# c.SplitExecute.notebook_seconds = 180
# c.SplitExecute.test_seconds = 15
# c.SplitExecute.memory_mb = 4096
