"""How `make docs` builds the documentation. The pages ask for nothing from the network: a double-click opens them."""

from course_utils.course import load_course

project = load_course().title
html_title = project

extensions = ["myst_parser"]
myst_heading_anchors = 3  # GitHub makes the same anchors
nitpicky = True  # a link that leads nowhere is a warning, and warnings are errors

html_theme = "furo"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
