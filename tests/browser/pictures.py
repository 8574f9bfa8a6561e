"""Makes the pictures of README.md from the real pages: `python tests/browser/pictures.py`.

Needs a finished `make course` (for the report) and Chromium.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {
    "notebook-extension/tracker": '{"windowingMode": "none"}',  # cells out of sight are drawn too
    "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
}


def main() -> int:
    report = ROOT / "demo" / "reports" / "01_sft_masking.html"
    if not report.is_file():
        print("There is no report of the made-up class: run `make course` first.", file=sys.stderr)
        return 2
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(report.as_uri())
        page.screenshot(path=ROOT / "docs" / "report.png")
        with_lab(page)
        browser.close()
    return 0


def with_lab(page: Page) -> None:
    """Open the executed solution in JupyterLab and take the part with the token view."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = ROOT / "build" / "lab-settings"
    for name, value in SETTINGS.items():
        file = settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(value)
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ServerApp.token="),
            *(f"--port={port}", f"--ServerApp.root_dir={ROOT}", "--LabApp.news_url=None"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "JUPYTERLAB_SETTINGS_DIR": str(settings)},
    )
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api")
                break
            except OSError:
                time.sleep(0.5)
        page.goto(
            f"http://127.0.0.1:{port}/lab/workspaces/pictures/tree/solutions/01_sft_masking/01_sft_masking.ipynb?reset"
        )
        page.wait_for_selector(".jp-Notebook .jp-OutputArea-output", timeout=90_000)
        page.keyboard.press("Control+b")  # the file browser needs no room here
        page.wait_for_timeout(4000)
        page.wait_for_timeout(6000)
        page.locator(".jp-Cell", has_text="Now look at a real example").last.evaluate(
            "cell => cell.scrollIntoView({block: 'start'})"
        )
        page.wait_for_timeout(1500)
        page.screenshot(path=ROOT / "docs" / "lab.png")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
