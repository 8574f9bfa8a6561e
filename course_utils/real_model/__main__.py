"""Record what questions find, or all of them: ``python -m course_utils.real_model [NAME …]``."""

import sys

from course_utils.real_model import questions, record

for name in sys.argv[1:] or questions():
    found = record(name)
    print(f"{name}: {found['seconds']:.0f} s on {found['threads']} threads")
