"""Markup of students: plain markup stays, nothing that runs does, formulas become MathML."""

from __future__ import annotations

import json
import re
import time
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.grading.pages import markup
from course_utils.grading.pages.markup import formula, markdown_html, prose_html, safe_html, safe_markdown

ATTACKS = json.loads(Path(__file__).parents[1].joinpath("markup_attacks.json").read_text(encoding="utf-8"))

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
        (
            "[a](https://example.org/x)",
            '<a href="https://example.org/x" target="_blank" rel="noopener noreferrer">',
        ),
        ("[a](#part)", '<a href="#part" rel="noopener noreferrer">'),
        ("<details><summary>Hint</summary>x</details>", "<details><summary>Hint</summary>x</details>"),
        ("| a |\n|---|\n| 1 |", "<td>1</td>"),
        ("a < b and c > d & e", "a &lt; b and c &gt; d &amp; e"),
        ('<b style="color:red;position:fixed">x</b>', '<b style="color:red">x</b>'),
        ('<b style="COLOR: Red">x</b>', '<b style="color:red">x</b>'),
        ("<input type=checkbox name=x checked>", '<input type="checkbox" checked="" disabled="">'),
        ('<input type="text" value="1">x', "<p>x</p>"),
        ("<pre>\n\nx</pre>", "<pre>\n\nx</pre>"),
        ('<table class="dataframe"><tr><td>1</td></tr></table>', '<table class="dataframe"><tbody><tr>'),
        ('<b title="a &lt; &quot;b&quot;">x</b>', '<b title="a &lt; &quot;b&quot;">x</b>'),
        ("![p](http://example.org/p.png)", "[picture: p]"),
        ("![p](attachment:p.png)", "[missing picture: p.png]"),
        ("![p](data:image/png;base64,AAAA)", '<img src="data:image/png;base64,AAAA" alt="p">'),
        ("text</div></p></table>", "<p>text</p>"),
    ],
)
def test_plain_markup_stays(text, html):
    made, removed = safe_markdown(text)
    assert html in made
    assert removed == []


class Written(HTMLParser):
    """Tags and attributes of what was written, which has no raw `<` but those."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.starts: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.starts.append((tag, dict(attributes)))


WAYS = {
    "html": lambda text: safe_html(text)[0],
    "markdown": lambda text: safe_markdown(text)[0],
    # Should our own reader be fooled, what it hands on does no harm either.
    "nh3 alone": markup._CLEANER.clean,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_leaves_only_plain_markup(attack, way):
    plain = (
        {"alttext", "xmlns", "target", "rel", "type", "disabled", "checked"}
        | markup._PLAIN
        | markup._MATH_ATTRIBUTES
    )
    for tag, attributes in Written(WAYS[way](attack)).starts:
        assert tag in markup._TAGS | markup._MATH_TAGS
        for name, value in attributes.items():
            if name == "href":
                assert re.match(r"https?://|mailto:|#", value)
            elif name == "src":
                assert re.fullmatch(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[\w+/=\s]*", value)
            elif name == "style":
                assert {part.partition(":")[0] for part in value.split(";") if part} <= markup._CSS
                assert not re.search(r"[(){}\\]", value)
            elif name == "class":
                assert not re.search(r"mark|credit|course-\W", value)
            else:
                assert name in plain


_PIECES = st.sampled_from(
    [
        f"<{slash}{tag}>"
        for tag in sorted(markup._words("a b code p div li ul dd dl h1 table tr td caption pre span"))
        for slash in ("", "/")
    ]
    + [
        "<a href=https://example.org/>",
        "<a href=javascript:x>",
        "<b class=highlight title='<'>",
        "<input type=checkbox>",
    ]
    + [
        "<img src=x alt=y>",
        "<svg>",
        "</svg>",
        "<style>",
        "</style>",
        "<!--",
        "-->",
        "x",
        "&lt;b>",
        "&nbsp;",
        "\n",
        "<",
        '"',
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(_PIECES, max_size=60))
def test_what_was_cleaned_is_clean_and_hardly_longer(pieces):
    html = "".join(pieces)
    once = safe_html(html)[0]
    assert len(once) <= 20 * len(html)
    again, removed = safe_html(once)
    assert removed == []
    assert {tag for tag, _ in Written(again).starts} <= markup._TAGS
    assert len(again) <= 20 * len(html)


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


def _numbered(piece: str) -> str:
    return "".join(piece.replace("#", str(number)) for number in range(markup.LONGEST // (len(piece) + 6)))


@pytest.mark.parametrize(
    "text",
    [
        "<b>" * 100_000,
        "<p>" * 100_000,
        "<i></p>" * 50_000,
        "<div>" * (markup.LONGEST // 5),
        "<ul><li>" * (markup.LONGEST // 8),
        "<svg>" * (markup.LONGEST // 5),
        "<table><tr><td>" * (markup.LONGEST // 15),
        "<a><b>" * (markup.LONGEST // 6),
        "<table><b>x" * (markup.LONGEST // 11),
        # Each paragraph would open every one before it again: hundreds of millions of elements.
        _numbered("<p><b title=#>x</p>"),
        "<p>" + "".join(f"<b title={n}>" for n in range(95)) + "<p>x</p>" * 49_000,
        "<b " + _numbered("a# ") + ">",
    ],
    ids=lambda text: text[:12],
)
def test_the_longest_text_is_cleaned_in_time(text):
    began = time.process_time()
    made, _ = safe_html(text)
    assert time.process_time() - began < 10
    assert len(made) < 10 * markup.LONGEST
