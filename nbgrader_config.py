"""nbgrader's configuration: `nbgrader generate_assignment`, `autograde`, `formgrader`, … work in this folder.

Everything here is plain nbgrader. The two `configure` functions set what the course needs: how a lab is
released, and that student code runs in a sandbox while the tests run outside of it.
"""

import os
import sys

from course_utils.course import load_course
from course_utils.grading.author import release
from course_utils.grading.run import grade_class as autograde

c = get_config()  # noqa: F821 (nbgrader defines it)

# A new gradebook needs the program alembic, which lies beside this Python.
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", "")

c.CourseDirectory.course_id = load_course().course_id
release.configure(c)
autograde.configure(c)

# Limits of one submission. Seconds follow from the lab's grading_seconds in course.toml unless given here.
# c.SplitExecute.cell_seconds = 40
# c.SplitExecute.notebook_seconds = 180
# c.SplitExecute.test_seconds = 15
# c.SplitExecute.memory_mb = 4096
