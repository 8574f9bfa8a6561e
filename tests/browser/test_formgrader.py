"""nbgrader's Formgrader and feedback in a real browser: no script of a student's runs, and no network is needed."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.utils import notebook_hash

from course_utils.grading import notebook as nbk
from course_utils.grading.pages.places import grader_links

REPOSITORY = Path(__file__).parents[2]
LAB = "07_tiny"
FORMULAS = r"""# Loss

The loss is $\mathcal{L} = -\frac{1}{N}\sum_{t} \log p_\theta(y_t \mid y_{<t})$, and

$$\begin{aligned} \nabla W &= B A \\ B &= 0 \end{aligned}$$

costs \$5, and `$x$` is no formula.
"""
# Each would set window.attacked, open a dialog, or ask a server for something.
SCRIPTS = (
    "<script>window.attacked = 'script'</script>",
    "<img src=x onerror=\"window.attacked = 'onerror'\">",
    "<svg onload=\"window.attacked = 'svg'\"><script>window.attacked = 'svg script'</script></svg>",
    "<iframe srcdoc=\"<script>parent.attacked = 'frame'</script>\"></iframe>",
    '<object data="javascript:parent.attacked=\'object\'"></object><embed src="javascript:alert(1)">',
    "<a href=\"java&#10;script:window.attacked='link'\">press</a> [press](javascript:window.attacked='md')",
    "<math><mtext><table><mglyph><style><img src=x onerror=\"window.attacked='mutation'\"></style></table></math>",
    "<noscript><p title=\"</noscript><img src=x onerror=window.attacked='noscript'>\"></noscript>",
    "<meta http-equiv=refresh content='0;url=http://example.invalid/'><base href='http://example.invalid/'>",
    "<form action=http://example.invalid/><button formaction=javascript:window.attacked='form'>press</button></form>",
    "<link rel=stylesheet href=http://example.invalid/x.css><style>@import 'http://example.invalid/y.css';</style>",
    "<img src=http://example.invalid/pixel.png> ![p](http://example.invalid/pixel2.png)",
    "<details open ontoggle=\"window.attacked='toggle'\"><summary>x</summary></details>",
    "$\\href{javascript:window.attacked='latex'}{x}$ $\\text{<img src=x onerror=window.attacked='text'>}$",
    "<div class='full-credit mark-graded' style='position:fixed;inset:0;background:url(http://example.invalid/z)'>x</div>",
)
DISPLAYS = f"""
from IPython.display import HTML, Javascript, Latex, Markdown, SVG, display
for text in {list(SCRIPTS)!r}:
    display(HTML(text))
    display(Markdown(text))
    display(Latex(text))
    print("\\x1b[31m" + text + "\\x1b]8;;javascript:window.attacked='osc'\\x07x\\x1b]8;;\\x07")
display(Javascript("window.attacked = 'javascript'"))
display({{"image/svg+xml": "<svg onload=\\"window.attacked='svg out'\\">", "text/plain": "svg"}}, raw=True)
display({{"text/html": "<b>x</b>"}}, raw=True, metadata={{"text/html": {{"isolated": True}}}})
display({{"image/png": "x' onerror='window.attacked=1"}}, raw=True, metadata={{"width": "1 onerror=window.attacked=2"}})
raise ValueError({SCRIPTS[0]!r})
"""


def hostile_notebook(room):
    nb = room.notebook()
    for number, text in enumerate(SCRIPTS):
        nb.cells.insert(1, new_markdown_cell(f"Part {number}\n\n{text}"))
    pictures = new_markdown_cell("![a](attachment:a.svg) ![b](attachment:gone.png)")
    pictures["attachments"] = {
        "a.svg": {"image/svg+xml": "AAAA\"><script>window.attacked='attached'</script>"}
    }
    nb.cells.insert(1, pictures)
    nb.cells.append(new_code_cell(DISPLAYS))
    nb.cells[-1].metadata["tags"] = ['"><script>window.attacked="tag"</script>']
    essay = next(c for c in nb.cells if nbk.grade_id(c) == "tiny-essay-why")
    essay.source = FORMULAS + "\n\n".join(SCRIPTS) + "\n\n[figure](figure.html)"
    return nb


def honest_notebook(room):
    nb = room.notebook(
        after="from IPython.display import Latex, display\ndisplay(Latex(r'$$e^{i\\pi} = -1$$'))"
    )
    next(c for c in nb.cells if nbk.grade_id(c) == "tiny-essay-why").source = FORMULAS
    seen = new_output("stream", text="margin +0.333\n")
    nb.cells.insert(-1, new_code_cell('print("margin", -0.009)', outputs=[seen]))
    return nb


@pytest.fixture(scope="module")
def make_room():
    """The small course of the grading tests, in a folder of one's choice."""
    spec = importlib.util.spec_from_file_location("small_course", REPOSITORY / "tests/grading/conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Classroom


@pytest.fixture(scope="module")
def course(tmp_path_factory, make_room, lacking):
    """A course with two graded students, Mallory and Anna, and nbgrader's own feedback."""
    from course_utils.grading.sandbox import machine

    if machine.detect().mode == "none":
        lacking(machine.detect().reason)
    room = make_room(tmp_path_factory.mktemp("formgrader") / "course")
    root = room.paths.root
    settings = (REPOSITORY / "nbgrader_config.py").read_text()
    (root / "exchange").mkdir()
    (root / "nbgrader_config.py").write_text(f"{settings}\nc.Exchange.root = {str(root / 'exchange')!r}\n")
    room.hand_in("anna", honest_notebook(room), submission_secret__txt="anna's")
    room.hand_in("mallory", hostile_notebook(room)).with_name("figure.html").write_text(SCRIPTS[0])
    room.results = room.grade()
    argv = [sys.executable, "-m", "nbgrader", "generate_feedback", LAB]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return room


@pytest.fixture(scope="module")
def formgrader(course, tmp_path_factory):
    """A running Jupyter server with Formgrader, in the course's folder: its address."""
    home = tmp_path_factory.mktemp("jupyter")
    (home / "config").mkdir()
    settings = {"ServerApp": {"jpserver_extensions": {"nbgrader.server_extensions.formgrader": True}}}
    (home / "config" / "jupyter_server_config.json").write_text(json.dumps(settings))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")},
        "JUPYTER_RUNTIME_DIR": str(home / "run"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    argv = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--port=0"]
    argv += ["--IdentityProvider.token=open"]
    log = (home / "log").open("w")
    server = subprocess.Popen(argv, cwd=course.paths.root, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 240
        while not (found := list((home / "run").glob("jpserver-*.json"))):
            assert server.poll() is None, (home / "log").read_text()[-2000:]
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield json.loads(found[0].read_text())["url"]
    finally:
        server.terminate()
        server.wait(60)
        log.close()


@pytest.fixture
def visit(browser):
    """visit(address) opens a page as a grader would, without a network; gives the page and what it asked for."""
    contexts = []

    def open_page(address: str):
        # Otherwise the key of the address is good for this one request.
        key = {"Authorization": "token open"}
        context = browser.new_context(viewport={"width": 1280, "height": 900}, extra_http_headers=key)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.said = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(f"error {error}"))
        page.on("dialog", lambda dialog: (page.said.append(f"dialog {dialog.message}"), dialog.dismiss()))

        def decide(route) -> None:
            page.asked.append(route.request.url)
            local = re.match(r"(http://(localhost|127\.0\.0\.1)[:/]|file:|data:)", route.request.url)
            (route.continue_ if local else route.abort)()

        page.on(
            "response",
            lambda response: response.status >= 400 and page.said.append(f"{response.status} {response.url}"),
        )
        context.route("**/*", decide)
        page.goto(address)
        page.wait_for_load_state("load")
        page.wait_for_timeout(300)
        return page

    yield open_page
    for context in contexts:
        context.close()


def submission_page(course, formgrader, student: str) -> str:
    from nbgrader.api import Gradebook

    from course_utils.course import load_course

    with Gradebook(course.paths.database_url, load_course().course_id) as gradebook:
        found = gradebook.find_submission_notebook(LAB, LAB, student)
        return f"{formgrader}formgrader/submissions/{found.id}/?token=open"


def pages(course, formgrader, student: str) -> dict[str, str]:
    from course_utils.grading.pages.feedback import write_feedback
    from course_utils.grading.pages.report import write_report

    stock = course.paths.feedback / student / LAB / f"{LAB}.html"
    kept = stock.with_name("nbgrader.html")
    if not kept.exists():
        stock.rename(kept)
    (own,) = write_feedback([course.results[student]], course.paths)
    return {
        "formgrader": submission_page(course, formgrader, student),
        "nbgrader's feedback": kept.as_uri(),
        "feedback": own.as_uri(),
        "report": write_report(course.results.values(), course.paths).as_uri(),
    }


@pytest.fixture(scope="module", autouse=True)
def listed(course):
    """The tiny lab is in no course.toml; pages want its title."""
    from course_utils import course as facts

    known = facts.lab
    patch = pytest.MonkeyPatch()
    patch.setattr(facts, "lab", lambda name: known("01_sft_masking") if name == LAB else known(name))
    yield
    patch.undo()


@pytest.mark.parametrize("which", ["formgrader", "nbgrader's feedback", "feedback", "report"])
def test_nothing_of_a_students_runs(course, formgrader, visit, which):
    page = visit(pages(course, formgrader, "mallory")[which])
    assert page.title() != ""
    for link in page.get_by_text("press").all():
        # The element's own click: a mouse needs the page to have stopped moving under it.
        link.evaluate("element => element.click()")
    page.wait_for_timeout(200)
    assert page.evaluate("window.attacked") is None
    assert not any(line.startswith("dialog") for line in page.said)
    elsewhere = [
        url for url in page.asked if not re.match(r"(http://(localhost|127\.0\.0\.1)[:/]|file:|data:)", url)
    ]
    assert elsewhere == []
    # Taken out, and not only stopped by the page's rules.
    assert not [line for line in page.said if "script" in line.lower() or line.startswith("error")]
    bad = "iframe, object, embed, base, form, meta[http-equiv=refresh], [onerror], [onload], [ontoggle], a[href^=java]"
    assert page.locator(f"#notebook :is({bad})").count() == 0


@pytest.mark.parametrize("which", ["formgrader", "nbgrader's feedback"])
def test_formulas_need_no_network(course, formgrader, visit, which):
    page = visit(pages(course, formgrader, "anna")[which])
    formulas = page.locator("math")
    assert formulas.count() == 3
    for formula in formulas.all():
        box = formula.bounding_box()
        assert box["width"] > 20
        assert box["height"] > 8
    fraction = page.locator("math mfrac").first.bounding_box()
    assert fraction["height"] > 1.2 * page.locator("math mi").first.bounding_box()["height"]
    text = page.locator("#notebook").first.inner_text()
    assert "\\frac" not in text
    assert "costs $5, and $x$ is no formula" in text
    assert not any("mathjax" in url.lower() for url in page.asked)


def test_should_markup_ever_get_through_formgraders_rules_stop_it(course, formgrader, visit):
    path = course.paths.autograded / "anna" / LAB / f"{LAB}.ipynb"
    before = path.read_bytes()
    nb = nbformat.read(path, as_version=4)
    page = visit(submission_page(course, formgrader, "anna"))
    page.evaluate(
        "text => { const d = document.createElement('div'); d.innerHTML = text; document.body.append(d);"
        " const s = document.createElement('script'); s.textContent = 'window.attacked = 1'; document.body.append(s) }",
        SCRIPTS[1] + SCRIPTS[3],
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.attacked") is None
    assert any("Content Security Policy" in line for line in page.said)
    assert path.read_bytes() == before
    assert nb.cells


def test_a_grader_can_work(course, formgrader, visit):
    """The page's own scripts still run: a score and a comment are saved, the name is shown on demand."""
    page = visit(submission_page(course, formgrader, "anna"))
    page.locator("span.glyphicon-eye-open").click()
    assert page.locator(".name-shown").first.is_visible()
    score = "input#tiny-essay-why"
    page.locator(f"{score}.needs_manual_grade").wait_for()  # by now the page has the grades
    with page.expect_response(lambda response: response.request.method == "PUT") as saved:
        page.locator(score).fill("1.5")
        page.locator(score).dispatch_event("change")
    assert saved.value.status == 200
    assert not page.said, page.said
    again = visit(submission_page(course, formgrader, "anna"))
    again.wait_for_function("document.querySelector('input#tiny-essay-why').value === '1.5'")
    assert not again.said, again.said


def test_both_runs_and_the_rubric_stand_beside_the_answer(course, formgrader, visit):
    addresses = pages(course, formgrader, "anna")
    text = visit(addresses["formgrader"]).locator("#notebook").first.inner_text()
    parts = ["student's own run, as it was handed in", "margin +0.333", "The grading run", "margin -0.009"]
    parts += ["Rubric, for graders alone · 2 points", "Two points.", "Loss"]
    places = [text.index(part) for part in parts]
    assert places[:4] == sorted(places[:4])
    assert places[4:] == sorted(places[4:])
    text = visit(addresses["nbgrader's feedback"]).locator("#notebook").first.inner_text()
    assert [part for part in parts[:4] if part not in text] == []
    assert "Rubric" not in text
    text = visit(addresses["feedback"]).locator("main").inner_text()
    assert "Rubric" not in text


def test_the_report_leads_to_the_answer_that_waits(course, formgrader, visit):
    link = grader_links(LAB, course.paths)["anna"].partition("/formgrader/")[2]
    page = visit(f"{formgrader}formgrader/{link}?token=open#tiny-essay-why")
    page.wait_for_function(
        """() => {
            const top = document.getElementById("tiny-essay-why").getBoundingClientRect().top;
            return 50 < top && top < window.innerHeight && document.activeElement.id === "tiny-essay-why";
        }"""
    )


def test_the_button_releases_the_courses_own_pages(course, formgrader, visit):
    pages(course, formgrader, "anna")
    page = visit(f"{formgrader}formgrader/?token=open")
    done = page.request.post(f"{formgrader}formgrader/api/assignment/{LAB}/release_feedback")
    assert done.json()["success"], done.json()
    name = notebook_hash(secret="anna's", notebook_id=LAB)
    released = next((course.paths.root / "exchange").glob(f"*/feedback/{name}.html"))
    assert released.read_text() == (course.paths.feedback / "anna" / LAB / f"{LAB}.html").read_text()
    assert "mallory" in done.json()["log"]


def test_a_page_beside_the_notebook_is_not_served(course, formgrader, visit):
    address = submission_page(course, formgrader, "mallory").replace("?token=open", "figure.html?token=open")
    page = visit(address)
    assert page.evaluate("window.attacked") is None
    assert not (course.paths.autograded / "mallory" / LAB / "figure.html").exists()
    assert (course.paths.submitted / "mallory" / LAB / "figure.html").exists()
