"""What the recipes of the embedded models share: one update, the optimizers, a branch, the commands; and resuming."""

from __future__ import annotations

import copy
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn

from course_utils.errors import CourseError
from course_utils.models.nano_icl import pretrain as nano_icl
from course_utils.models.nano_math import pretrain as nano_math
from course_utils.models.pretraining import Learner, PretrainingRecipe, muon_and_adamw
from course_utils.resuming import as_json, claim, write_whole

RECIPE = PretrainingRecipe(matrix_learning_rate=0.02, other_learning_rate=0.005)
BETAS = (0.9, 0.95)


class TinyLanguageModel(nn.Module):
    """An embedding, a matrix with a bias, a norm: one parameter of every kind."""

    def __init__(self) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(11, 8)
        self.inner = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        hidden = self.norm(self.inner(self.embed_tokens(ids)))
        return nn.functional.cross_entropy(hidden @ self.embed_tokens.weight.T, ids.flip(0))


@pytest.fixture
def model() -> TinyLanguageModel:
    torch.manual_seed(0)
    return TinyLanguageModel()


def learner_of(model: nn.Module) -> Learner:
    return Learner(model, muon_and_adamw(model, RECIPE, BETAS))


def ids(step: int) -> torch.Tensor:
    return torch.randint(11, (16,), generator=torch.Generator().manual_seed(step))


def train(learner: Learner, steps: range, clip: float = 1.0) -> None:
    for step in steps:
        (50 * learner.model(ids(step))).backward()  # large enough to be clipped
        learner.update([0.02 * (step + 1) / 8, 0.005 * (step + 1) / 8], clip)


def same(first: nn.Module, second: nn.Module) -> bool:
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_updates_are_those_of_the_loop_written_out(model: TinyLanguageModel) -> None:
    """Bit for bit: Muon on the one inner matrix, AdamW on the rest, gradients clipped together to norm 1."""
    reference = copy.deepcopy(model)
    muon = torch.optim.Muon([reference.inner.weight], lr=0.02, weight_decay=0.01, momentum=0.95)
    others = [p for p in reference.parameters() if p is not reference.inner.weight]
    adamw = torch.optim.AdamW(others, lr=0.005, betas=BETAS, weight_decay=0.0)
    for step in range(6):
        muon.param_groups[0]["lr"] = 0.02 * (step + 1) / 8
        adamw.param_groups[0]["lr"] = 0.005 * (step + 1) / 8
        muon.zero_grad()
        adamw.zero_grad()
        (50 * reference(ids(step))).backward()
        torch.nn.utils.clip_grad_norm_(reference.parameters(), 1.0)
        muon.step()
        adamw.step()
    learner = learner_of(model)
    train(learner, range(6))
    assert same(model, reference)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_gradients_are_clipped_to_what_is_asked(model: TinyLanguageModel) -> None:
    tight, loose = copy.deepcopy(model), copy.deepcopy(model)
    train(learner_of(tight), range(2), clip=1e-9)
    train(learner_of(loose), range(2), clip=1e9)
    assert not same(tight, loose)


def test_a_branch_goes_on_like_the_trunk_and_leaves_it_alone(model: TinyLanguageModel) -> None:
    trunk = learner_of(model)
    train(trunk, range(3))
    branch, before = copy.deepcopy(trunk), copy.deepcopy(trunk.model)
    train(branch, range(3, 6))
    assert same(trunk.model, before)
    train(trunk, range(3, 6))
    assert same(trunk.model, branch.model)
    assert not same(trunk.model, before)


def test_a_saved_learner_goes_on_with_its_momenta(model: TinyLanguageModel, tmp_path: Path) -> None:
    whole = learner_of(model)
    train(whole, range(3))
    torch.save(whole.state(), tmp_path / "state.pt")
    resumed = learner_of(TinyLanguageModel())
    resumed.load(torch.load(tmp_path / "state.pt", weights_only=True))
    train(whole, range(3, 6))
    train(resumed, range(3, 6))
    assert same(whole.model, resumed.model)


@pytest.mark.parametrize("module", [nano_math, nano_icl])
def test_the_commands_refuse_another_recipe_in_one_sentence(module, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.json").write_text('{"seed": 7}\n')
    monkeypatch.setattr(sys, "argv", ["pretrain", "--out", str(tmp_path)])
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == (
        f"{tmp_path} holds a run with another recipe; give another --out or delete it."
    )
    assert (tmp_path / "run" / "recipe.json").read_text() == '{"seed": 7}\n'


@dataclass(frozen=True)
class MadeUp:
    lengths: tuple[int, ...] = (1, 2)


def test_a_folder_is_claimed_again_by_the_same_recipe_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "recipe.json"
    claim(path, MadeUp(), "taken")
    claim(path, MadeUp(), "taken")
    claim(path, {"lengths": [1, 2]}, "taken")  # the same, however it is written down
    before = path.read_text()
    with pytest.raises(CourseError, match="taken"):
        claim(path, MadeUp((1, 3)), "taken")
    assert path.read_text() == before
    assert as_json(MadeUp()) == {"lengths": [1, 2]}


def test_a_file_is_whole_when_its_writer_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    write_whole(path, "old")
    script = (
        "import os, signal; from pathlib import Path; from course_utils.resuming import write_whole\n"
        "def half(part):\n    part.write_text('ne'); os.kill(os.getpid(), signal.SIGKILL)\n"
        f"write_whole(Path({str(path)!r}), half)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    write_whole(path, "new")
    assert path.read_text() == "new"
    assert not path.with_suffix(f".{os.getpid()}").exists()
