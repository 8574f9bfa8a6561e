"""Settings of students' JupyterLab (`make lab`): `course` in its terminal, Validate with our messages.

`JUPYTER_CONFIG_PATH` names this folder; labconfig/ beside it leaves out what only teachers use.
"""

import os
import sys
from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821 (Jupyter defines it)

os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
# No login shell, which may set another PATH.
c.ServerApp.terminado_settings = {"shell_command": [os.environ.get("SHELL") or "/bin/sh"]}
# A link of a feedback page leads to its exercise also in a notebook that is not open yet.
c.LabServerApp.extra_labextensions_path = [str(Path(__file__).parent / "labextensions")]
c.LabApp.extra_labextensions_path = c.LabServerApp.extra_labextensions_path
c.ServerApp.jpserver_extensions = {
    "course_utils.jupyter.validate": True,
    "nbgrader.server_extensions.assignment_list": False,
    "nbgrader.server_extensions.course_list": False,
    "nbgrader.server_extensions.formgrader": False,
    "nbgrader.server_extensions.validate_assignment": False,
}
