"""nbgrader's Validate button with our messages: what `course check` says, exercise by exercise.

A server extension in place of nbgrader's own, which shows the code of every failed test and gives up on cells that
train. The button's page stays nbgrader's: it is told of failed cells, each with a text and an error.
"""

from __future__ import annotations

import asyncio
import html
import json
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado import web

from course_utils.errors import CourseError
from course_utils.grading.author.visible_tests import PASSED, check_notebook, progress


def answer(path: Path) -> dict[str, Any]:
    """What nbgrader's button expects to hear about the notebook at `path`."""
    try:
        check = check_notebook(path)
    except CourseError as error:
        return {"success": False, "value": str(error)}
    failed = [
        {
            "source": f"{item.title}: {item.state}",
            "error": html.escape(item.message),
            "raw_error": item.message,
        }
        for item in check.exercises
        if item.state != PASSED
    ]
    failed += [{"source": note, "error": "", "raw_error": ""} for note in check.notes]
    if failed:
        failed[0]["source"] = f"{progress(check.exercises)}\n\n{failed[0]['source']}"
    return {"success": True, "value": {"failed": failed} if failed else {}}


class Validate(APIHandler):
    """POST ?path=…: checks the notebook at this path below the server's folder."""

    @web.authenticated
    async def post(self) -> None:
        root = Path(self.settings["server_root_dir"]).expanduser().resolve()
        path = (root / self.get_argument("path")).resolve()
        if not path.is_relative_to(root):
            raise web.HTTPError(403, "this path is not below the server's folder")
        self.finish(json.dumps(await asyncio.to_thread(answer, path)))


class Version(APIHandler):
    """GET: the button asks whether its version fits the server's; what is behind it here, fits."""

    @web.authenticated
    def get(self) -> None:
        self.finish(json.dumps({"success": True}))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    base = server.web_app.settings["base_url"]
    handlers = [("assignments/validate", Validate), ("nbgrader_version", Version)]
    server.web_app.add_handlers(".*$", [(url_path_join(base, place), made) for place, made in handlers])
