"""One seed for everything that draws random numbers."""

from __future__ import annotations

import random


def seed_everything(seed: int) -> None:
    """Seed Python's, numpy's and torch's generators (all devices) with the same number."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
