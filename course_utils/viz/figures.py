"""Showing a figure together with the text that says what is on it."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def picture(fig: Figure, alt: str, dpi: int = 100) -> tuple[dict, dict]:
    """`fig` as data and metadata of a notebook's output, with the alternative text `alt`; closes the figure.

    Raises ValueError for a text too short to describe anything.
    """
    from matplotlib import pyplot as plt

    if len(alt.split()) < 5:
        raise ValueError(f"alt is {alt!r}: say in a sentence what the figure shows")
    content = io.BytesIO()
    fig.savefig(content, format="png", dpi=dpi)
    plt.close(fig)
    data = {"image/png": content.getvalue(), "text/plain": f"Figure: {alt}"}
    return data, {"image/png": {"alt": alt}}


def show(fig: Figure, *, alt: str, dpi: int = 100) -> None:
    """Display `fig` in the notebook with the alternative text `alt`, and close it.

    The text lies in the output's metadata as {"image/png": {"alt": …}}, where nbconvert reads it for the alt
    attribute of the picture. JupyterLab does not read it, so the text also folds out below the picture.
    Raises ValueError for a text too short to describe anything.
    """
    from IPython.display import HTML, display

    data, metadata = picture(fig, alt, dpi)
    display(data, raw=True, metadata=metadata)
    display(HTML(f"<details><summary>This figure in words</summary>{html.escape(alt)}</details>"))
