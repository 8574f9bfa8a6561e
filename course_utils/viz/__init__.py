"""Plots with one style, and the token viewer. Figures go through `show`, which keeps an alternative text."""

from __future__ import annotations

from course_utils.viz import style
from course_utils.viz.figures import show
from course_utils.viz.live import LiveCurve
from course_utils.viz.plots import (
    bars_with_intervals,
    curves,
    interval_curves,
    mask_grid,
    role_grid,
    token_bars,
)
from course_utils.viz.tokens import TokenView, roles, token_texts, token_view

__all__ = [
    "LiveCurve",
    "TokenView",
    "bars_with_intervals",
    "curves",
    "interval_curves",
    "mask_grid",
    "role_grid",
    "roles",
    "show",
    "style",
    "token_bars",
    "token_texts",
    "token_view",
]
