"""What the watch takes for a change of a library, and what not."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
LOOK = """
import json, numpy, torch
from course_utils.grading.sandbox import watch
watch.remember(["numpy", "torch"])
{changes}
watch.look_at_libraries()
print(json.dumps(watch._notes))
"""


def noted(changes: str) -> dict[str, str]:
    """Reason -> detail, in a process of its own: what is remembered is remembered for good."""
    argv = [sys.executable, "-c", LOOK.format(changes=changes)]
    return json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)


def test_what_torch_does_by_itself_is_no_change():
    libraries = "import transformers, peft, trl, torch.distributed.tensor"
    use = "from trl import SFTTrainer\nfrom torch.distributed.tensor.placement_types import Shard\nShard(0) == Shard(1)"
    assert noted(f"{libraries}\n{use}") == {}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("torch.allclose = lambda *a, **k: True", "torch.allclose"),
        ("import math; math.isclose = print", "math.isclose"),
        ("torch.Tensor.__eq__ = lambda a, b: True", "torch.Tensor.__eq__"),
    ],
)
def test_a_function_that_was_put_there_is_named(change, name):
    assert name.rpartition(".")[2] in noted(change)["a changed library"]
