"""A decoder for small Qwen2- and Llama-type models on a CPU, where transformers' generate waits for Python.

The cache is allocated once. A prompt is read once and its cache copied to all its samples. A row that has
ended makes room for the next one. The queries of a group look at their one key without repeating it.
What it computes is what the model computes: `build` compares the two on a prompt and refuses otherwise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.generation.request import Finished, Request, Row, StopStrings, Unknown
from course_utils.generation.weights import effective

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_KNOWN = ("Qwen2ForCausalLM", "LlamaForCausalLM")
# Above so many parameters the arithmetic takes the time, not Python, and a second copy of the weights is dear.
_LARGEST = 100_000_000
_ROPE = ("default", "linear", "llama3")  # kinds whose angles do not depend on the length of the text
_PREFILL = 32  # prompts read side by side
# Free slots are filled, or given up, when they are this part of the rows: each time costs some copies.
_SOME = 1 / 32
_TOLERANCE = 1e-4  # of the largest logit; float32 in another order of operations differs by about 1e-6


class _Linear:
    """x @ weight.T + bias in float32. The weight lies in oneDNN's layout where torch has it.

    F.linear calls MKL, which uses half of the vector units of a CPU that is not Intel's: there oneDNN takes half
    the time. weight: (out, in), bias: (out,) or None.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.outputs, self._bias = len(weight), bias
        try:
            self._weight = torch.ops.mkldnn._reorder_linear_weight(weight)
        except (AttributeError, RuntimeError, NotImplementedError):  # a build of torch without it
            self._weight = weight

    def __call__(self, x: Tensor) -> Tensor:
        if self._weight.is_mkldnn:
            return torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "")
        return F.linear(x, self._weight, self._bias)


@dataclass(frozen=True)
class _Layer:
    """One block. Weights that multiply the same input are stacked: one product instead of two or three."""

    attention_norm: Tensor
    query_key_value: _Linear
    output: _Linear
    mlp_norm: Tensor
    gate_up: _Linear
    down: _Linear


class Decoder:
    """The weights of one model, laid out for decoding.

    Shapes below: B rows, H query heads, K key/value heads, D head dimension, L tokens, V vocabulary.
    """

    def __init__(self, base: PreTrainedModel) -> None:
        body, config = base.model, base.config
        self.heads, self.kv_heads = config.num_attention_heads, config.num_key_value_heads
        self.head_dim = getattr(config, "head_dim", None) or config.hidden_size // self.heads
        self.epsilon = config.rms_norm_eps
        self.embedding = body.embed_tokens.weight
        self.norm = body.norm.weight
        self.head = _stack(base.lm_head)
        self.rotary = body.rotary_emb
        self.layers = [
            _Layer(
                layer.input_layernorm.weight,
                _stack(layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj),
                _stack(layer.self_attn.o_proj),
                layer.post_attention_layernorm.weight,
                _stack(layer.mlp.gate_proj, layer.mlp.up_proj),
                _stack(layer.mlp.down_proj),
            )
            for layer in body.layers
        ]

    def angles(self, length: int) -> tuple[Tensor, Tensor]:
        """Cosine and signed sine of the rotary embedding for positions 0 to length - 1: (length, D) each."""
        cos, sin = self.rotary(self.embedding[:1], torch.arange(length)[None])
        sign = torch.ones(self.head_dim)
        sign[: self.head_dim // 2] = -1
        return cos[0], sin[0] * sign

    def prefill(
        self, prompts: list[list[int]], angles: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Read prompts: logits after the last token (B, V), keys and values (layers, B, K, L, D).

        Padding stands on the right, where a causal mask hides it from every real token.
        """
        lengths = torch.tensor([len(prompt) for prompt in prompts])
        longest = int(lengths.max())
        ids = torch.tensor([prompt + [0] * (longest - len(prompt)) for prompt in prompts])
        cos, sin = (table[:longest, None] for table in angles)
        x = F.embedding(ids, self.embedding)
        keys, values = [], []
        for layer in self.layers:
            query, key, value = (t.transpose(1, 2) for t in self._project(layer, x, cos, sin))
            keys.append(key)
            values.append(value)
            attended = F.scaled_dot_product_attention(
                query, key, value, is_causal=True, enable_gqa=self.heads != self.kv_heads
            )
            x = self._finish(layer, x, attended.transpose(1, 2).flatten(2))
        last = x[torch.arange(len(prompts)), lengths - 1]
        return self._logits(last), torch.stack(keys), torch.stack(values)

    def step(self, tokens: Tensor, cache: _Cache, angles: tuple[Tensor, Tensor]) -> Tensor:
        """One token of each row: puts it into the cache and returns the logits after it, (B, V)."""
        rows, positions = cache.rows, cache.positions
        length = int(positions.max()) + 1
        cos, sin = (table[positions][:, None] for table in angles)
        cache.mask[rows, positions] = 0.0
        mask = cache.mask[:, None, None, :length]
        x = F.embedding(tokens, self.embedding)
        for layer, keys, values in zip(self.layers, cache.keys, cache.values, strict=True):
            query, key, value = self._project(layer, x, cos, sin)
            keys[rows, :, positions] = key
            values[rows, :, positions] = value
            grouped = query.reshape(len(tokens), self.kv_heads, -1, self.head_dim)
            scores = grouped @ keys[:, :, :length].transpose(2, 3)
            weights = torch.softmax(scores.mul_(self.head_dim**-0.5).add_(mask), -1)
            x = self._finish(layer, x, (weights @ values[:, :, :length]).reshape(len(tokens), -1))
        return self._logits(x)

    def decode(self, request: Request) -> Generator[Finished]:
        """Make all completions; each comes as soon as it is finished."""
        waiting = deque(request.rows())
        batch = _Batch(self, request, min(request.batch_size, len(waiting)))
        prompts = _Prompts(self, request, waiting, batch.angles)
        while waiting or batch.busy():
            free = batch.free()
            many = len(free) >= len(batch.rows) * _SOME
            if waiting and many:
                for slot in free[: len(waiting)]:
                    row = waiting.popleft()
                    batch.start(slot, row, *prompts.take(row))
                yield from batch.collect()
            elif not waiting and many:
                batch.shrink()
            else:
                batch.logits = self.step(batch.tokens, batch.cache, batch.angles)
                yield from batch.collect()

    def _project(self, layer: _Layer, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Rotated queries and keys, and values: (…, heads, D) each. x: (…, hidden)."""
        mixed = layer.query_key_value(F.rms_norm(x, x.shape[-1:], layer.attention_norm, self.epsilon))
        mixed = mixed.view(*x.shape[:-1], -1, self.head_dim)
        turned, value = mixed.split([self.heads + self.kv_heads, self.kv_heads], dim=-2)
        turned = torch.addcmul(turned * cos, turned.roll(self.head_dim // 2, -1), sin)
        query, key = turned.split([self.heads, self.kv_heads], dim=-2)
        return query, key, value

    def _finish(self, layer: _Layer, x: Tensor, attended: Tensor) -> Tensor:
        """The rest of a block after attention."""
        x = x + layer.output(attended)
        gate, up = layer.gate_up(F.rms_norm(x, x.shape[-1:], layer.mlp_norm, self.epsilon)).chunk(2, -1)
        return x + layer.down(F.silu(gate) * up)

    def _logits(self, x: Tensor) -> Tensor:
        return self.head(F.rms_norm(x, x.shape[-1:], self.norm, self.epsilon))


class _Cache:
    """Keys and values of the rows that are decoded side by side, one slot each.

    keys, values: (layers, B, K, longest, D). mask: (B, longest), 0 where there is a token, else -inf.
    positions: (B,), where the next token of each row goes.
    """

    def __init__(self, decoder: Decoder, size: int, longest: int) -> None:
        shape = (len(decoder.layers), size, decoder.kv_heads, longest, decoder.head_dim)
        self.keys, self.values = torch.zeros(shape), torch.zeros(shape)
        self.mask = torch.full((size, longest), -torch.inf)
        self.positions = torch.zeros(size, dtype=torch.int64)
        self.rows = torch.arange(size)

    def start(self, slot: int, key: Tensor, value: Tensor) -> None:
        """Begin a row after a prompt. key, value: (layers, K, L, D)."""
        length = key.shape[2]
        self.keys[:, slot, :, :length], self.values[:, slot, :, :length] = key, value
        self.mask[slot, :length], self.mask[slot, length:] = 0.0, -torch.inf
        self.positions[slot] = length

    def move(self, sources: list[int], targets: list[int], size: int) -> None:
        """Bring rows to other slots, then keep the first `size` slots only."""
        for tensor in (self.mask, self.positions):
            tensor[targets] = tensor[sources]
        for tensor in (self.keys, self.values):
            tensor[:, targets] = tensor[:, sources]
        self.keys, self.values = self.keys[:, :size], self.values[:, :size]
        self.mask, self.positions, self.rows = self.mask[:size], self.positions[:size], self.rows[:size]


class _Batch:
    """Rows side by side. A slot whose row has ended is computed along, and not looked at, until it is free.

    rows: what each slot works on, None if nothing. tokens: (B,), the last token of each. logits: (B, V).
    """

    def __init__(self, decoder: Decoder, request: Request, size: int) -> None:
        longest = max(map(len, request.prompts)) + request.max_new_tokens
        self.request = request
        self.angles = decoder.angles(longest)
        self.cache = _Cache(decoder, size, longest)
        self.rows: list[Row | None] = [None] * size
        self.written: list[list[int]] = [[] for _ in range(size)]
        self.draws = torch.zeros(size, request.max_new_tokens)
        self.tokens = torch.zeros(size, dtype=torch.int64)
        self.logits = torch.zeros(size, decoder.head.outputs)
        self._fresh: list[int] = []
        self._stops = StopStrings(request)

    def busy(self) -> list[int]:
        """Slots that work on a row."""
        return [slot for slot, row in enumerate(self.rows) if row is not None]

    def free(self) -> list[int]:
        """The other slots."""
        return [slot for slot, row in enumerate(self.rows) if row is None]

    def start(self, slot: int, row: Row, logits: Tensor, key: Tensor, value: Tensor) -> None:
        """Begin a row in a free slot. Its first token is chosen at the next `collect`, before any step."""
        self.rows[slot], self.written[slot] = row, []
        self.cache.start(slot, key, value)
        self.draws[slot] = torch.from_numpy(self.request.draws(row))
        self.logits[slot] = logits
        self._fresh.append(slot)

    def _end(self, slot: int) -> Row:
        """Free a slot that works on a row; returns the row."""
        row, self.rows[slot] = self.rows[slot], None
        assert row is not None
        return row

    def shrink(self) -> None:
        """Give the free slots up: the last rows move into them. The logits are new at the next step."""
        size = len(self.busy())
        targets = [slot for slot in self.free() if slot < size]
        sources = [slot for slot in self.busy() if slot >= size]
        self.cache.move(sources, targets, size)
        for source, target in zip(sources, targets, strict=True):
            self.rows[target], self.written[target] = self.rows[source], self.written[source]
        self.draws[targets], self.tokens[targets] = self.draws[sources], self.tokens[sources]
        self.draws, self.tokens = self.draws[:size], self.tokens[:size]
        del self.rows[size:], self.written[size:]

    def collect(self) -> Iterator[Finished]:
        """Choose tokens from the logits: of rows just started, or else of all. Yields rows that ended with it."""
        slots = self._fresh or self.busy()
        if not self._fresh:
            self.cache.positions[slots] += 1
        self._fresh = []
        counts = torch.tensor([len(self.written[slot]) for slot in slots])
        chosen = self.request.choose(self.logits[slots], self.draws[slots, counts])
        self.tokens[slots] = chosen
        for slot, token in zip(slots, chosen.tolist(), strict=True):
            ids = self.written[slot]
            ids.append(token)
            hit = self._stops.hit(ids)
            if token in self.request.ends or hit or len(ids) == self.request.max_new_tokens:
                yield Finished(self._end(slot), ids, hit)


class _Prompts:
    """Reads the prompts of waiting rows, some at a time, and keeps each until its last sample has begun."""

    def __init__(
        self, decoder: Decoder, request: Request, waiting: deque[Row], angles: tuple[Tensor, Tensor]
    ) -> None:
        self._decoder, self._request, self._waiting, self._angles = decoder, request, waiting, angles
        self._read: dict[int, tuple[Tensor, Tensor, Tensor]] = {}

    def take(self, row: Row) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (V,), keys and values (layers, K, L, D) after the prompt of this row."""
        if row.prompt not in self._read:
            ahead = dict.fromkeys([row.prompt, *(r.prompt for r in self._waiting)])
            self._load([prompt for prompt in ahead if prompt not in self._read][:_PREFILL])
        if row.sample == self._request.n - 1:
            return self._read.pop(row.prompt)
        return self._read[row.prompt]

    def _load(self, numbers: list[int]) -> None:
        texts = [self._request.prompts[number] for number in numbers]
        logits, keys, values = self._decoder.prefill(texts, self._angles)
        for i, (number, text) in enumerate(zip(numbers, texts, strict=True)):
            self._read[number] = (logits[i], keys[:, i, :, : len(text)], values[:, i, :, : len(text)])


def build(model: PreTrainedModel, prompt: list[int]) -> Decoder:
    """The decoder of this model. Raises Unknown for a model that it does not compute exactly.

    Whatever the model's parts claim to be, the logits after `prompt` must be the model's own.
    """
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    _refuse_unknown(base)
    try:
        decoder = Decoder(base)
        logits, _, _ = decoder.prefill([prompt], decoder.angles(len(prompt)))
    except (AttributeError, RuntimeError, TypeError) as error:
        raise Unknown(f"its layers are not as expected ({error})") from error
    expected = model(torch.tensor([prompt])).logits[0, -1:]
    if not (logits - expected).abs().max() <= _TOLERANCE * expected.abs().max().clamp(min=1):
        raise Unknown("the decoder's logits are not the model's own")
    return decoder


def _refuse_unknown(base: PreTrainedModel) -> None:
    config = base.config
    if type(base).__name__ not in _KNOWN:
        raise Unknown(f"{type(base).__name__} is not one of {', '.join(_KNOWN)}")
    if base.device.type != "cpu" or base.dtype != torch.float32:
        raise Unknown(f"it is {str(base.dtype).removeprefix('torch.')} on {base.device.type}")
    if base.num_parameters() > _LARGEST:
        raise Unknown(f"it has {base.num_parameters():,} parameters")
    if config.hidden_act != "silu" or config.rope_parameters.get("rope_type", "default") not in _ROPE:
        raise Unknown("its activation or its rotary embedding is another one")
    if set(getattr(config, "layer_types", None) or ["full_attention"]) != {"full_attention"}:
        raise Unknown("it does not look at the whole text in every layer")


def _stack(*modules: nn.Module) -> _Linear:
    """The linear maps of the same input as one. A LoRA adapter of peft's is added to its weight."""
    weights, biases = zip(*map(effective, modules), strict=True)
    weight = torch.cat(weights) if len(weights) > 1 else weights[0]
    if all(bias is None for bias in biases):
        return _Linear(weight, None)
    rows = [w.new_zeros(len(w)) if b is None else b for w, b in zip(weights, biases, strict=True)]
    return _Linear(weight, torch.cat(rows))
