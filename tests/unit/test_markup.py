"""Markup of students: plain markup stays, nothing that runs does, formulas become MathML."""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ET

import pytest

from course_utils.grading.pages.markup import formula, markdown_html, prose_html, safe_html, safe_markdown

RUNS = [
    "<script>x</script>",
    "<SCRIPT\n>x</script >",
    "<img src=x onerror=x>",
    "<img src=x oNeRrOr = 'x'>",
    "<svg/onload=x>",
    "<iframe src=x></iframe>",
    "<b onclick=x>b</b>",
    "<a href='javascript:x'>a</a>",
    "<a href=' java\tscript:x'>a</a>",
    "<a href='&#106;avascript:x'>a</a>",
    "<object data=x></object>",
    "<base href=x>",
    "<meta http-equiv=refresh content=x>",
    "<scr<script>ipt>x</scr</script>ipt>",
    "<details ontoggle=x open>",
    "<math><mtext><img src=x onerror=x>",
    "[a](javascript:x)\n\n<embed src=x>",
]


@pytest.mark.parametrize("text", RUNS)
def test_what_runs_is_taken_out_and_told(text):
    assert safe_html(text)[1]
    for html in (safe_html(text)[0], safe_markdown(text)[0]):
        tags = re.findall(r"<(\w+)([^>]*)>", html)
        assert not {tag.lower() for tag, _ in tags} & {
            "script",
            "iframe",
            "svg",
            "object",
            "base",
            "meta",
            "embed",
        }
        assert not any(re.search(r"\bon\w+\s*=|javascript", more, re.IGNORECASE) for _, more in tags)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a **b** `c<d`", "<p>a <strong>b</strong> <code>c&lt;d</code></p>"),
        ("> q", "<blockquote>"),
        ("[a](https://example.org/x)", 'href="https://example.org/x" rel="noopener noreferrer"'),
        ("<details><summary>Hint</summary>x</details>", "<details><summary>Hint</summary>x</details>"),
        ("| a |\n|---|\n| 1 |", "<td>1</td>"),
        ("a < b and c > d & e", "a &lt; b and c &gt; d &amp; e"),
        ('<b style="color:red;position:fixed">x</b>', '<b style="color:red;">x</b>'),
        ("![p](http://example.org/p.png)", "[picture: p]"),
        ("![p](attachment:p.png)", "[missing picture: p.png]"),
        ("![p](data:image/png;base64,AAAA)", '<img alt="p" src="data:image/png;base64,AAAA">'),
        ("text</div></p></table>", "<p>text</p>"),
    ],
)
def test_plain_markup_stays(text, html):
    made, removed = safe_markdown(text)
    assert html in made
    assert removed == []


def test_an_attachment_is_shown():
    assert 'src="data:image/png;base64,AAAA"' in markdown_html(
        "![p](attachment:p.png)", {"p.png": {"image/png": "AAAA"}}
    )


@pytest.mark.parametrize(
    ("latex", "holds"),
    [
        (r"\frac{1}{N}\sum_t \log p_\theta(y_t \mid y_{<t})", "mfrac"),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "mtable"),
        (r"\operatorname{softmax}(x)", "softmax"),
        (r"\text{pass\_at\_k} \le 1", "pass_at_k"),
        (r"\sqrt[3]{x}", "mroot"),
        (r"\mathcal{L}(W + BA)", "mi"),
    ],
)
def test_formulas_become_mathml(latex, holds):
    root = ET.fromstring(formula(latex))
    assert root.tag.endswith("}math")
    assert root.get("alttext") == latex
    words = {element.tag.partition("}")[2] for element in root.iter()} | {"".join(root.itertext())}
    assert any(holds in word.replace(" ", "") for word in words), words


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{",
        r"\href{javascript:x}{y}",
        r"\text{<script>x</script>}",
        r"\style{color:red}{x}",
        "{" * 1500,
        "",
        "x" * 5000,
    ],
)
def test_what_is_no_formula_is_shown_as_it_was_typed(latex):
    made = formula(latex)
    assert made.startswith("<code>$")
    assert "<script" not in made
    assert "href=" not in made


def test_prose_knows_formulas_code_and_prices():
    made = prose_html("`a<b` costs $5, and $x_1$ is not $6 <b>")
    assert made.count("<math") == 1
    assert "<code>a&lt;b</code> costs $5, and " in made
    assert made.endswith(" is not $6 &lt;b&gt;")
    assert prose_html("$$a$$").count('display="block"') == 1


@pytest.mark.parametrize(
    "piece",
    ["<", "<!--", "<a ", '<a b="', "<div>", "$a", "*", "[", "> ", "|", "`", "&", r"\begin{a}", "a " * 9],
)
def test_hostile_text_is_read_in_time(piece):
    text = piece * (40_000 // len(piece))
    began = time.process_time()
    safe_html(text)
    safe_markdown(text)
    prose_html(text)
    assert time.process_time() - began < 10
