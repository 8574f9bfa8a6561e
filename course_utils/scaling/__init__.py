"""Scaling laws: loss surfaces, robust fits from many starts, bootstraps, compute-optimal models.

    found = scaling.fit({"n": parameters, "d": tokens, "loss": loss}, form="chinchilla")
    found.params["alpha"], found.interval()["alpha"]
    resampled = scaling.bootstrap(found)
    scaling.compute_optimal(found, flops=1e21).tokens_per_parameter

Everything is float64; losses are in nats a token and `n`, `d` plain counts. A fit takes any unit; `compute_optimal`
must be told of another one.

`scaling.sweep` trains the models of our own sweep, `scaling.source` makes their tokens, and `recorded_sweep`,
`recorded_coverage` give the recorded measurements. The two modules need torch and are imported when they are named.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from course_utils.scaling.bootstrapping import Bootstrap, bootstrap
from course_utils.scaling.fitting import DidNotConverge, Fit, fit, hoffmann_grid
from course_utils.scaling.forms import FORMS, Form, loss
from course_utils.scaling.isoflops import IsoFlop, isoflop
from course_utils.scaling.optimum import Allocation, compute_optimal
from course_utils.scaling.points import BadPoints
from course_utils.scaling.recordings import recorded_coverage, recorded_facts, recorded_sweep

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
    "recorded_coverage",
    "recorded_facts",
    "recorded_sweep",
]


def __getattr__(name: str) -> ModuleType:
    if name in ("source", "sweep"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
