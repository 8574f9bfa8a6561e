"""The sweep: what a point is, that sharing a trunk changes none, and that a killed run goes on to the same end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from course_utils import scaling
from course_utils.errors import CourseError
from course_utils.scaling import sweep
from course_utils.scaling.source import MarkovSource
from course_utils.scaling.transformer import Block, Size, TinyTransformer
from course_utils.scaling.trunk import (
    TrunkRecipe,
    decay_start,
    held_out_loss,
    next_token_loss,
    train_point,
    train_trunk,
    updates,
)

pytestmark = pytest.mark.slow  # trains models

SMALL = Size(8, 1, 1)
# 256 tokens an update, and few of them
QUICK = TrunkRecipe(batch=8, length=32, warmup_steps=4, held_out=64)
COUNTS = (4 * 256, 8 * 256, 16 * 256)
MEASURED = ["n", "n_total", "d", "loss", "seed", "size", "trunk", "schedule"]
TINY_JOBS = [
    *(sweep.Job(size, 0, tuple(4096 * k for k in (1, 2, 4))) for size in ("16x2", "24x2", "32x2")),
    sweep.Job("16x2", 1, (4096, 8192)),
    sweep.Job("16x2", 2, (8192,)),
    sweep.Job("16x2", 3, (8192,), "cosine"),
]
TINY_RECIPE = TrunkRecipe(warmup_steps=1, batch=64, held_out=64)


@pytest.fixture(scope="module")
def source() -> MarkovSource:
    return MarkovSource(vocabulary=16, successors=4)


@pytest.fixture(autouse=True)
def _one_thread():
    """Sums in another order would differ in the last digit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def losses(rows: list[dict]) -> list[float]:
    return [row["loss"] for row in rows]


def test_parameters_by_hand() -> None:
    """64x3: a block has 12 · 64² weights and two norms of 64; the last norm, and twice 128 · 64."""
    size = sweep.MODEL_SIZES["64x3"]
    assert size.n() == 3 * (12 * 64**2 + 2 * 64) + 64 == 147_904
    assert size.n_total(128) == 147_904 + 2 * 128 * 64
    for size in sweep.MODEL_SIZES.values():
        model = TinyTransformer(size, 128, seed=0)
        assert sum(p.numel() for p in model.parameters()) == size.n_total(128)
    assert [*sweep.MODEL_SIZES] == sorted(sweep.MODEL_SIZES, key=lambda name: sweep.MODEL_SIZES[name].n())


def test_the_model_is_causal_and_knows_positions() -> None:
    model, tokens = TinyTransformer(SMALL, 16, seed=0), torch.randint(16, (2, 12))
    changed = tokens.clone()
    changed[:, 7] = (changed[:, 7] + 1) % 16
    first, second = model(tokens), model(changed)
    assert first.shape == (2, 12, 16)
    assert torch.equal(first[:, :7], second[:, :7])
    assert (first[:, 7:] - second[:, 7:]).abs().amax(dim=(0, 2)).min() > 1e-5
    turned = model(tokens.flip(1)).flip(1)
    assert not torch.allclose(first[:, 0], turned[:, 0])
    assert isinstance(model.blocks[0], Block)


def test_the_loss_counts_tokens_that_have_two_before_them(source: MarkovSource) -> None:
    model, tokens = TinyTransformer(SMALL, 16, seed=0), source.sample(3, 9, seed=0)
    logits = model(tokens[:, :-1])
    by_hand = -torch.stack(
        [logits[row, t - 1].log_softmax(-1)[tokens[row, t]] for row in range(3) for t in range(2, 9)]
    ).mean()
    assert next_token_loss(model, tokens).item() == pytest.approx(by_hand.item(), rel=1e-5)


def test_a_perfect_model_would_reach_the_entropy_on_the_held_out_sequences(source: MarkovSource) -> None:
    """The luck of the finite sample is taken off: the source itself, as a model, scores its entropy."""

    class Oracle(torch.nn.Module):
        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            table = torch.from_numpy(source.conditional).log()
            logits = torch.zeros(*tokens.shape, 16, dtype=torch.float64)
            logits[:, 1:] = table[tokens[:, :-1], tokens[:, 1:]]
            return logits

    assert held_out_loss(Oracle(), source, QUICK) == pytest.approx(source.entropy, abs=1e-9)
    assert held_out_loss(TinyTransformer(SMALL, 16, seed=0), source, QUICK) > source.entropy + 0.1


def test_a_branch_of_a_trunk_is_a_run_of_its_own(source: MarkovSource) -> None:
    """Sharing changes no point: with the same seed, a run of its own gives the same loss to the last bit."""
    rows = train_trunk(SMALL, COUNTS, seed=5, source=source, recipe=QUICK)
    alone = [train_point(SMALL, count, seed=5, source=source, recipe=QUICK) for count in COUNTS]
    assert losses(rows) == losses(alone)
    assert [row["trunk"] for row in rows] == ["shared"] * 3
    assert [row["trunk"] for row in alone] == ["own"] * 3
    assert [row["d"] for row in rows] == [*COUNTS]
    assert losses(rows) == sorted(losses(rows), reverse=True)
    assert all(row["seconds"] > 0 and row["cpu_seconds"] >= 0 for row in rows)
    # in whatever order they are asked for
    assert losses(train_trunk(SMALL, COUNTS[::-1], seed=5, source=source, recipe=QUICK)) == losses(rows)


def test_seed_and_schedule_matter(source: MarkovSource) -> None:
    wsd, again, other, cosine = (
        train_point(SMALL, 16 * 256, seed=seed, source=source, schedule=schedule, recipe=QUICK)["loss"]
        for seed, schedule in ((0, "wsd"), (0, "wsd"), (1, "wsd"), (0, "cosine"))
    )
    assert wsd == again
    assert len({wsd, other, cosine}) == 3


def test_updates_are_counted_as_they_are_made(source: MarkovSource) -> None:
    """A trunk of 16 updates has its decays at 3, 6 and 12: 12 on the trunk and 1 + 2 + 4 on the branches."""
    counted = []
    train_trunk(SMALL, COUNTS, source=source, recipe=QUICK, on_step=lambda: counted.append(1))
    assert [decay_start(steps, QUICK) for steps in (4, 8, 16)] == [3, 6, 12]
    assert len(counted) == updates(COUNTS, QUICK) == 12 + 1 + 2 + 4


@pytest.mark.parametrize("killed_at", [2, 6, 11, 18])
def test_a_killed_trunk_goes_on(tmp_path: Path, source: MarkovSource, killed_at: int) -> None:
    made = 0

    def step() -> None:
        nonlocal made
        made += 1
        if made == killed_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_trunk(SMALL, COUNTS, source=source, recipe=QUICK, folder=tmp_path, on_step=step)
    rows = train_trunk(SMALL, COUNTS, source=source, recipe=QUICK, folder=tmp_path, on_step=step)
    assert losses(rows) == losses(train_trunk(SMALL, COUNTS, source=source, recipe=QUICK))
    # what was saved is not done again: at most the stretch that was under way
    assert made <= updates(COUNTS, QUICK) + 10


def test_a_plan_may_grow_and_shrink(tmp_path: Path, source: MarkovSource) -> None:
    whole = losses(train_trunk(SMALL, COUNTS, source=source, recipe=QUICK))
    for end in (2, 3, 1):
        rows = train_trunk(SMALL, COUNTS[:end], source=source, recipe=QUICK, folder=tmp_path)
        assert losses(rows) == whole[:end]
    with pytest.raises(CourseError, match="other checkpoints"):
        train_trunk(SMALL, COUNTS[1:], source=source, recipe=QUICK, folder=tmp_path)


def record(out: Path) -> pd.DataFrame:
    return sweep.record(TINY_JOBS, out, out / "state", processes=1, recipe=TINY_RECIPE)


def test_a_killed_recording_goes_on(tmp_path: Path) -> None:
    """SIGKILL in the middle, then again from what is there; the same table as without it, and its facts beside it."""
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    script = (
        "import os, signal, sys, torch; from pathlib import Path; torch.set_num_threads(1)\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import test_scaling_sweep as t; from course_utils.scaling import trunk\n"
        "keep = trunk._keep\n"
        "def keep_and_die(trunk, rows, folder):\n"
        "    keep(trunk, rows, folder)\n"
        "    if trunk.size.name == '24x2' and len(rows) == 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        "trunk._keep = keep_and_die\n"
        f"t.record(Path({str(killed)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=600)
    assert done.returncode == -9, done.stderr
    assert not (killed / "sweep.csv").exists()
    frame = record(killed)
    pd.testing.assert_frame_equal(frame[MEASURED], record(whole)[MEASURED])
    assert list(pd.read_csv(killed / "sweep.csv")) == [*sweep.COLUMNS]
    facts = json.loads((killed / "sweep.json").read_text(encoding="utf-8"))
    assert facts["entropy"] == MarkovSource().entropy
    assert facts["recipe"]["warmup_steps"] == 1
    assert facts["description"]["points"] == len(frame) == 13
    assert facts["description"]["seeds"]["cells"] == 2
    assert facts["versions"]["torch"] == torch.__version__
    with pytest.raises(CourseError, match="another recipe"):
        sweep.record(TINY_JOBS, killed, killed / "state", processes=1)


def test_processes_side_by_side_give_the_same(tmp_path: Path) -> None:
    jobs = TINY_JOBS[:3]
    alone, together = (
        sweep.record(jobs, tmp_path / str(count), tmp_path / str(count) / "state", count, recipe=TINY_RECIPE)
        for count in (1, 2)
    )
    pd.testing.assert_frame_equal(alone[MEASURED], together[MEASURED])


def test_the_recorded_plan() -> None:
    jobs = sweep.recorded_plan()
    assert len({job.name for job in jobs}) == len(jobs)
    shared = [job for job in jobs if len(job.tokens) > 1]
    assert sum(len(job.tokens) for job in shared) == 35 + 10 + 8
    assert sum(len(job.tokens) for job in jobs) == 53 + 16
    assert {job.schedule for job in jobs if len(job.tokens) == 1} == {"wsd", "cosine"}
    # nothing is shared: no two runs of a size begin alike
    assert len({(job.size, job.seed) for job in jobs}) == len(jobs)


def test_a_mini_sweep_repeats_and_can_be_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_GRADING", "1")
    grid = dict.fromkeys(("16x2", "24x2"), (2**14, 2**15, 2**16))
    frame = sweep.mini_sweep(grid, progress=False)
    assert list(frame.columns) == [*sweep.COLUMNS]
    assert list(frame.d) == [2**14, 2**15, 2**16] * 2
    pd.testing.assert_frame_equal(frame[MEASURED], sweep.mini_sweep(grid, progress=False)[MEASURED])
    other = sweep.mini_sweep({"16x2": (2**14,)}, seed=1, progress=False)
    assert other.loss[0] != frame.loss[0]
    entropy = MarkovSource().entropy
    assert (frame.loss > entropy).all()
    found = scaling.fit(frame, fixed={"E": entropy})
    assert found.params["beta"] > 0


def test_the_grids_of_the_live_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are large enough for the four parameters that are left when E is given; grading's costs a fraction."""
    seen = []
    monkeypatch.setattr(
        sweep,
        "train_trunk",
        lambda size, tokens, *_, **__: seen.append((size.name, tokens)) or [dict.fromkeys(sweep.COLUMNS, 0)],
    )
    grids = {}
    for grading in ("0", "1"):
        monkeypatch.setenv("COURSE_GRADING", grading)
        monkeypatch.setenv("COURSE_PROFILE", "cpu")
        seen.clear()
        sweep.mini_sweep(progress=False)
        grids[grading] = dict(seen)
    assert grids["0"] == {size: tuple(tokens) for size, tokens in sweep.MINI.items()}
    assert grids["1"] == {size: tuple(tokens) for size, tokens in sweep.MINI_GRADING.items()}
    cost = {
        key: sum(sweep.Job(size, 0, tokens).cost for size, tokens in grid.items())
        for key, grid in grids.items()
    }
    assert cost["1"] < cost["0"] / 8
    for grid in grids.values():
        assert len(grid) >= 3
        assert sum(map(len, grid.values())) >= 9


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: sweep.mini_sweep({"17x2": (4096,)}), "no size '17x2'; use one of 16x2"),
        (lambda: sweep.mini_sweep({}), "use one of 16x2"),
        (lambda: sweep.mini_sweep({"16x2": (5000,)}), "5000 tokens .* multiple of 2048"),
        (lambda: sweep.mini_sweep({"16x2": (0,)}), "0 tokens"),
        (lambda: sweep.mini_sweep({"16x2": ()}), "one or more different token counts"),
        (lambda: train_trunk(SMALL, (2048, 2048)), "one or more different token counts"),
        (lambda: train_point(SMALL, 2048, schedule="linear"), "no schedule 'linear'; use one of wsd, cosine"),
        (lambda: train_point(SMALL, 2048, seed=-1), "seed = -1 is negative"),
        (lambda: TinyTransformer(Size(10, 1, 4), 16, 0), "width = 10 .* 4 heads"),
    ],
)
def test_bad_arguments(call, text: str) -> None:
    with pytest.raises(CourseError, match=text):
        call()
