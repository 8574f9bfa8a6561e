"""The token viewer says in text and in HTML what each token is; figures keep their alternative text."""

from __future__ import annotations

import base64
import html
import re
import time
from html.parser import HTMLParser

import IPython.display
import matplotlib.pyplot as plt
import pytest
import torch

from course_utils import viz
from course_utils.viz import figures
from course_utils.viz.tokens import ROLES

TEXTS = {0: "<pad>", 1: "<eos>", 5: "2", 6: " +", 7: "\n", 8: "<b>&"}


class Tokenizer:
    """As much of a tokenizer as the viewer uses."""

    eos_token_id = 1

    def decode(self, ids: list[int]) -> str:
        return "".join(TEXTS[i] for i in ids)


def names(view: viz.TokenView) -> list[list[str]]:
    return [[role for _, role in row] for row in view.rows]


def test_roles_of_a_padded_batch_with_pad_equal_to_eos():
    view = viz.token_view(
        torch.tensor([[5, 6, 5, 1], [5, 1, 1, 1]]),
        torch.tensor([[-100, -100, 5, 1], [-100, 1, -100, -100]]),
        torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]]),
        tokenizer=Tokenizer(),
    )
    assert names(view) == [["prompt", "prompt", "loss", "eos"], ["prompt", "eos", "padding", "padding"]]


def test_an_eos_outside_the_loss_and_a_padding_inside_it_are_told_apart():
    assert viz.roles([1, 0, 0], [-100, -100, 0], [1, 0, 0], eos_token_id=1) == [
        ["eos_ignored", "padding", "padding_in_loss"]
    ]


def test_without_labels_everything_counts():
    assert viz.roles([5, 6], eos_token_id=1) == [["loss", "loss"]]


def test_rows_of_a_list_may_differ_in_length():
    assert viz.roles([[5], [5, 6]], [[5], [-100, 6]], eos_token_id=1) == [["loss"], ["prompt", "loss"]]


@pytest.mark.parametrize("name", ["labels", "attention_mask"])
def test_a_wrong_shape_is_named(name):
    with pytest.raises(ValueError, match=f"{name} has rows of"):
        viz.roles(torch.tensor([5, 6]), **{name: torch.tensor([1])}, eos_token_id=1)


def test_plain_text_shows_marks_under_the_tokens_and_only_the_roles_that_occur():
    lines = repr(viz.token_view([5, 6, 5, 1], [-100, -100, 5, 1], tokenizer=Tokenizer())).splitlines()
    assert lines[0] == "2|␣+|2|<eos>"
    assert lines[1] == "·|··|▲|■■■■■"
    assert "padding" not in lines[-1]
    assert "EOS, in the loss" in lines[-1]


def test_plain_text_breaks_long_rows():
    view = viz.token_view([8] * 60, tokenizer=Tokenizer())
    assert max(map(len, repr(view).splitlines())) <= 105
    assert repr(view).count("<b>&") == 60


def test_spaces_and_line_ends_can_be_seen():
    assert [text for text, _ in viz.token_view([6, 7], tokenizer=Tokenizer()).rows[0]] == ["␣+", "⏎"]
    assert viz.token_texts(torch.tensor([5, 6, 7]), Tokenizer()) == ["2", "␣+", "⏎"]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags, self.titles, self.labels, self.text = [], [], [], ""

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append(tag)
        self.titles += [attributes["title"]] if "title" in attributes else []
        self.labels += [attributes["aria-label"]] if "aria-label" in attributes else []

    def handle_data(self, data):
        self.text += data


def test_html_escapes_tokens_and_says_roles_without_colour():
    page = viz.token_view([8, 5, 1], [-100, 5, 1], tokenizer=Tokenizer())._repr_html_()
    seen = Tags()
    seen.feed(page)
    assert "b" not in seen.tags
    assert "<b>&" in seen.text
    assert seen.titles == ["prompt, not in the loss", "in the loss", "EOS, in the loss"]
    assert seen.labels == [
        "Tokens by role. row 1: 1 prompt, not in the loss; 1 in the loss; 1 EOS, in the loss"
    ]
    assert all(ROLES[role].mark in seen.text for role in ("prompt", "loss", "eos"))


def test_marks_and_words_differ_for_every_role():
    assert len({role.mark for role in ROLES.values()}) == len(ROLES)
    assert len({role.word for role in ROLES.values()}) == len(ROLES)


def contrast(first: str, second: str) -> float:
    """WCAG's contrast ratio of two #rrggbb colours."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", list(ROLES))
def test_tokens_can_be_read_on_their_background(name):
    background, text = re.match(r"background:(#\w{6});color:(#\w{6});", ROLES[name].css).groups()
    assert contrast(background, text) >= 7


@pytest.fixture
def shown(monkeypatch):
    """What `show` hands to the notebook."""
    calls = []
    monkeypatch.setattr("IPython.display.display", lambda *args, **kwargs: calls.append((args, kwargs)))
    return calls


def test_show_keeps_the_alternative_text_in_metadata_and_below_the_figure(shown):
    fig, axes = plt.subplots()
    axes.plot([1, 2])
    alt = "A line that rises from 1 < 2 to 2."
    viz.show(fig, alt=alt)
    (picture,), options = shown[0]
    assert options == {"raw": True, "metadata": {"image/png": {"alt": alt}}}
    assert base64.b64encode(picture["image/png"]).startswith(b"iVBORw0KGgo")
    assert html.escape(alt) in shown[1][0][0].data
    assert fig.number not in plt.get_fignums()


def test_show_refuses_a_figure_without_a_description(shown):
    fig = plt.figure()
    with pytest.raises(ValueError, match="say in a sentence"):
        figures.show(fig, alt="Figure 1")
    plt.close(fig)


@pytest.fixture
def axes():
    fig, made = plt.subplots()
    yield made
    plt.close(fig)


def test_bars_carry_values_intervals_and_predictions(axes):
    viz.bars_with_intervals(
        axes,
        ["a", "b"],
        {"base": [(0.5, 0.25, 0.75), (0.0, 0.0, 0.1)]},
        predicted={"base": [None, 0.4]},
    )
    assert [patch.get_height() for patch in axes.patches] == [0.5, 0.0]
    assert [text.get_text() for text in axes.texts] == ["0.50", "0.00"]
    segments = axes.collections[0].get_segments()
    assert [segment[:, 1].tolist() for segment in segments] == [[0.25, 0.75], [0.0, 0.1]]
    diamond = next(line for line in axes.lines if line.get_marker() == "D")
    assert diamond.get_xydata().tolist() == [[1.0, 0.4]]


def test_curves_draw_the_mean_and_cut_to_the_shortest_repeat(axes):
    viz.curves(axes, {"run": [[1.0, 3.0], [3.0, 5.0, 9.0]]})
    assert axes.lines[0].get_xydata().tolist() == [[1, 2.0], [2, 4.0]]
    assert len(axes.collections) == 1


def test_interval_curves_reach_from_low_to_high(axes):
    viz.interval_curves(
        axes, [1, 4], {"new": [(0.5, 0.4, 0.7), (0.6, 0.55, 0.65)], "old": [(0.2, 0.1, 0.3)] * 2}
    )
    line, _, (bars,) = axes.containers[0]
    assert line.get_xydata().tolist() == [[1, 0.5], [4, 0.6]]
    assert [[round(float(y), 6) for _, y in bar] for bar in bars.get_segments()] == [[0.4, 0.7], [0.55, 0.65]]
    markers = {container[0].get_marker() for container in axes.containers}
    assert len(markers) == 2


def test_token_bars_stand_side_by_side(axes):
    viz.token_bars(axes, ["x", "y"], {"before": [1, 2], "after": [3, 4]})
    assert [patch.get_height() for patch in axes.patches] == [1, 2, 3, 4]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["x", "y"]
    left, right = axes.patches[0], axes.patches[2]
    assert left.get_x() + left.get_width() <= right.get_x() + 1e-9
    next_token = axes.patches[1]
    assert right.get_x() + right.get_width() <= next_token.get_x() + 1e-9


def test_role_grid_colours_and_marks_each_role(axes):
    batch = {
        "input_ids": torch.tensor([[5, 6, 1], [5, 1, 0]]),
        "labels": torch.tensor([[-100, 6, 1], [-100, 1, -100]]),
        "attention_mask": torch.tensor([[1, 1, 1], [1, 1, 0]]),
    }
    viz.role_grid(axes, batch, eos_token_id=1)
    codes = axes.images[0].get_array().tolist()
    assert codes[0][0] == codes[1][0] != codes[0][1] != codes[0][2] == codes[1][1] != codes[1][2]
    marked = {line.get_marker(): line.get_xydata().tolist() for line in axes.lines}
    assert marked["^"] == [[1, 0]]
    assert marked["s"] == [[2, 0], [1, 1]]
    assert marked["x"] == [[2, 1]]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "prompt, not in the loss",
        "in the loss",
        "EOS, in the loss",
        "padding",
    ]


def test_mask_grid_shows_the_mask_and_the_ends(axes):
    mask = torch.ones(3, 3).tril().bool()
    viz.mask_grid(axes, mask, ends=[2])
    assert axes.images[0].get_array().tolist() == mask.tolist()
    assert [
        line.get_xdata()[0] if line.get_linestyle() == "--" else line.get_ydata()[0] for line in axes.lines
    ] == [
        1.5,
        1.5,
    ]


def test_neighbouring_series_differ_in_colour_marker_and_hatch():
    viz.style.use()
    cycle = list(plt.rcParams["axes.prop_cycle"])
    assert len({entry["color"] for entry in cycle}) == len({entry["marker"] for entry in cycle}) == len(cycle)
    assert len(set(viz.style.HATCHES)) == len(viz.style.CYCLE)


def test_a_live_curve_is_one_output_that_is_drawn_again_and_ends_with_its_text(
    monkeypatch: pytest.MonkeyPatch,
):
    drawn = []

    class Handle:
        def update(self, data, *, raw, metadata):
            drawn.append(("again", data, metadata))

    def display(data, *, raw, metadata, display_id):
        assert display_id
        drawn.append(("first", data, metadata))
        return Handle()

    monkeypatch.setattr(IPython.display, "display", display)
    curve = viz.LiveCurve(every=0.0)
    for step, loss in enumerate([2.0, 1.0, 0.5], start=1):
        curve.add(step, 3, loss)
    curve.finish("The loss falls from two to a half.")
    assert (curve.steps, curve.values) == ([1, 2, 3], [2.0, 1.0, 0.5])
    assert [when for when, *_ in drawn] == ["first", "again", "again", "again"]
    _, data, metadata = drawn[-1]
    assert metadata["image/png"]["alt"] == "The loss falls from two to a half."
    assert data["image/png"].startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="what the figure shows"):
        curve.finish("curve")


def test_a_live_curve_does_not_draw_more_often_than_it_should(monkeypatch: pytest.MonkeyPatch):
    drawn = []
    curve = viz.LiveCurve(every=3600)
    monkeypatch.setattr(curve, "_draw", drawn.append)
    curve._drawn = time.monotonic()
    curve.add(1, 2, 1.0)
    assert drawn == []
    curve.finish("All points of the curve at last.")
    assert len(drawn) == 1
