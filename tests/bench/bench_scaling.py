"""Time `course_utils.scaling` against scipy's L-BFGS-B: 4,500 starts and 4,000 bootstrap resamples.

scipy is run as it usually is, one problem a call: with numerical gradients, and with analytic ones. It gets the
same points, starts and resamples. To keep its share small a sample of them, drawn with a fixed seed, is timed
and scaled up; --all times every one (several minutes). Times are CPU seconds, all threads
counted, so that a busy machine changes ratios little.

    python tests/bench/bench_scaling.py [--all] [--sample 300] [--save]

Exits with 1 if a ratio is below its target or the optimum is not the same.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from course_utils import results, scaling
from course_utils.data.chinchilla import REFIT

DELTA = 1e-3
RESAMPLES = 4000
TO_THE_END = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000}
TARGETS = {"numerical": 15.0, "analytic": 4.0}
# Objectives this close, relatively, are one optimum; in at most this share of resamples may scipy find a lower one.
SAME, BEATEN = 1e-4, 0.02


def published_points() -> dict[str, np.ndarray] | None:
    """The 240 points that Besiroglu et al. fitted, or None where they are not at hand."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    for folder in filter(None, (os.environ.get("COURSE_DATA_DIR"), beside)):
        path = Path(folder) / "chinchilla" / "svg_extracted_data.csv"
        if path.is_file():
            with path.open(encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            n, flops, loss = (
                np.array([float(row[key]) for row in rows]) for key in ("Model Size", "Training FLOP", "loss")
            )
            kept = loss < np.sort(loss)[-5]
            return {"n": n[kept], "d": (flops / 6 / n)[kept], "loss": loss[kept]}
    return None


def made_up_points() -> dict[str, np.ndarray]:
    """240 noisy points on Besiroglu et al.'s surface, for machines without the published ones."""
    rng = np.random.default_rng(0)
    n, ratio = 10 ** rng.uniform(7.7, 10.2, 240), 10 ** rng.uniform(0, 2.5, 240)
    loss = scaling.loss(REFIT, n=n, d=n * ratio) * np.exp(0.005 * rng.standard_normal(240))
    return {"n": n, "d": n * ratio, "loss": loss}


def huber(residual: np.ndarray) -> np.ndarray:
    """Huber's loss, as people write it."""
    size = np.abs(residual)
    return np.where(size <= DELTA, 0.5 * residual**2, DELTA * (size - 0.5 * DELTA))


def objective(theta: np.ndarray, n: np.ndarray, d: np.ndarray, y: np.ndarray) -> float:
    """theta: log A, log B, log E, alpha, beta. n, d, y: logarithms."""
    a, b, e, alpha, beta = theta
    return huber(np.log(np.exp(a - alpha * n) + np.exp(b - beta * d) + np.exp(e)) - y).sum()


def objective_and_gradient(theta, n: np.ndarray, d: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The same with its gradient, sharing what they share."""
    a, b, e, alpha, beta = theta
    first, second, third = np.exp(a - alpha * n), np.exp(b - beta * d), np.exp(e)
    total = first + second + third
    residual = np.log(total) - y
    pull = np.clip(residual, -DELTA, DELTA) / total
    first, second = pull * first, pull * second
    gradient = np.array([first.sum(), second.sum(), pull.sum() * third, -(first @ n), -(second @ d)])
    return huber(residual).sum(), gradient


def cpu(function: Callable, *args, **kwargs) -> tuple[float, object]:
    """CPU seconds, and the result."""
    start = time.process_time()
    result = function(*args, **kwargs)
    return time.process_time() - start, result


def scipy_runs(kind: str, unit: float, problems: list[tuple]) -> np.ndarray:
    """Objectives that L-BFGS-B reaches, minimising objective / unit; problems: (theta, n, d, y)."""

    def numerical(*args) -> float:
        return objective(*args) / unit

    def analytic(*args) -> tuple[float, np.ndarray]:
        value, gradient = objective_and_gradient(*args)
        return value / unit, gradient / unit

    function, jac = (numerical, None) if kind == "numerical" else (analytic, True)
    options = {} if unit == 1.0 else TO_THE_END
    return unit * np.array(
        [
            minimize(function, theta, args=data, method="L-BFGS-B", jac=jac, options=options).fun
            for theta, data in problems
        ]
    )


def compare(name: str, ours: float, total: int, problems: list[tuple], judge: Callable) -> tuple[dict, bool]:
    """Time scipy on `problems` in four ways, print, and say whether targets and optimum hold.

    As it usually is: the objective as it stands, where a sum of about 1e-3 meets default tolerances made for
    numbers of order one, so that it stops early. Then the objective over δ and tight tolerances, which let it go
    on to the optimum.
    """
    print(f"\n{name}: {total:,} in {ours:.2f} s of CPU, batched")
    record, good = {"ours_seconds": round(ours, 3), "total": total, "scipy_timed": len(problems)}, True
    for setting, unit in (("as usual", 1.0), ("to the end", DELTA)):
        for kind, target in TARGETS.items():
            seconds, values = cpu(scipy_runs, kind, unit, problems)
            scaled = seconds * total / len(problems)
            ratio = scaled / ours
            same, text = judge(values)
            how = "all" if len(problems) == total else f"{len(problems)} timed in {seconds:.2f} s, scaled up"
            verdict = "ok" if ratio >= target else "TOO LOW"
            print(f"  scipy {setting}, {kind} gradients: {scaled:.1f} s ({how})")
            print(f"    ratio {ratio:.1f}, target {target:.0f}: {verdict}; {text}")
            record[f"{kind}, {setting}"] = {
                "seconds": round(scaled, 2),
                "ratio": round(ratio, 2),
                "same_optimum": same,
            }
            good &= ratio >= target and (same or unit != DELTA)
    return record, good


def main() -> int:
    """Run, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="time scipy on every start and resample")
    parser.add_argument("--sample", type=int, default=300, help="how many of each scipy is timed on")
    parser.add_argument("--save", action="store_true", help="record the numbers in course_utils/results")
    options = parser.parse_args()
    np.seterr(over="ignore", divide="ignore", invalid="ignore")

    points = published_points()
    print("points:", "published, 240" if points else "made up, 240 (the published ones are not at hand)")
    name, points = ("published", points) if points else ("made up", made_up_points())
    n, d, y = (np.log(points[key]) for key in ("n", "d", "loss"))
    rng = np.random.default_rng(0)

    grid = scaling.hoffmann_grid()
    ours, fitted = cpu(scaling.fit, points, starts=grid)
    theta = np.column_stack([np.log(grid[:, [1, 2, 0]]), grid[:, 3:]])
    chosen = (
        np.arange(len(grid)) if options.all else np.sort(rng.choice(len(grid), options.sample, replace=False))
    )

    def judge_starts(values: np.ndarray) -> tuple[bool, str]:
        excess = np.nanmin(values) / fitted.objective - 1
        near = np.mean(values <= 1.01 * fitted.objective)
        text = (
            f"best objective {np.nanmin(values):.10g}, ours {fitted.objective:.10g} (scipy {excess:+.1e}); "
            f"starts within 1 %: scipy {near:.0%}, ours {fitted.reached:.0%}"
        )
        return bool(abs(excess) <= SAME), text + ("" if abs(excess) <= SAME else ": NOT THE SAME")

    starts, good = compare("starts", ours, len(grid), [(theta[i], (n, d, y)) for i in chosen], judge_starts)

    draws = rng.integers(0, len(n), (RESAMPLES, len(n)))
    ours, resampled = cpu(scaling.bootstrap, fitted, draws=draws)
    best = np.array(
        [*np.log([fitted.params[k] for k in "ABE"]), fitted.params["alpha"], fitted.params["beta"]]
    )
    count = RESAMPLES if options.all else options.sample
    problems = [(best, (n[i], d[i], y[i])) for i in draws[:count]]
    if resampled.failed:
        print(f"{resampled.failed} resamples failed, so objectives cannot be compared one by one")
        return 1

    def judge_resamples(values: np.ndarray) -> tuple[bool, str]:
        excess = values / resampled.objective[:count] - 1
        text = (
            f"objective against ours, resample by resample: median {np.median(excess):+.1e}, "
            f"lowest {excess.min():+.1e}, highest {excess.max():+.1e}"
        )
        # Numerical gradients give up at some of the kinks; and now and then two descents end in different dips.
        beaten, apart = (float(np.mean(side > SAME)) for side in (-excess, np.abs(excess)))
        return bool(
            np.median(excess) <= SAME
        ) and beaten <= BEATEN, f"{text}; more than {SAME:g} apart: {apart:.1%}"

    boot, also = compare("bootstrap", ours, RESAMPLES, problems, judge_resamples)
    if options.save:
        print(
            "recorded in",
            results.save("bench_scaling", {"points": name, "starts": starts, "bootstrap": boot}),
        )
    return 0 if good and also else 1


if __name__ == "__main__":
    sys.exit(main())
