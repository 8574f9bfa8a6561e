"""What the course adds to Jupyter: `%check`, Validate with our messages, and the settings of students' JupyterLab."""
