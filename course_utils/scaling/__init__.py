"""Scaling laws: loss surfaces, robust fits from many starts, bootstraps, compute-optimal models.

    found = scaling.fit({"n": parameters, "d": tokens, "loss": loss}, form="chinchilla")
    found.params["alpha"], found.interval()["alpha"]
    resampled = scaling.bootstrap(found)
    scaling.compute_optimal(found, flops=1e21).tokens_per_parameter

Everything is float64; losses are in nats a token and `n`, `d` plain counts, though any unit will do.
"""

from __future__ import annotations

from course_utils.scaling.bootstrapping import Bootstrap, bootstrap
from course_utils.scaling.fitting import DidNotConverge, Fit, fit, hoffmann_grid
from course_utils.scaling.forms import FORMS, Form, loss
from course_utils.scaling.isoflops import IsoFlop, isoflop
from course_utils.scaling.optimum import Allocation, compute_optimal
from course_utils.scaling.points import BadPoints

__all__ = [
    "FORMS",
    "Allocation",
    "BadPoints",
    "Bootstrap",
    "DidNotConverge",
    "Fit",
    "Form",
    "IsoFlop",
    "bootstrap",
    "compute_optimal",
    "fit",
    "hoffmann_grid",
    "isoflop",
    "loss",
]
