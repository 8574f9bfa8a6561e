"""A decoder for small Qwen2- and Llama-type models on a CPU, where transformers' generate waits for Python.

The cache is allocated once. A prompt is read once and its cache copied to all its samples. A row that has
ended makes room for the next one. The queries of a group look at their one key without repeating it.
What it computes is what the model computes: `build` compares the two on a prompt and refuses otherwise.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.generation.request import Finished, Request, Row, StopStrings, Unknown
from course_utils.generation.weights import effective

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_KNOWN = ("Qwen2ForCausalLM", "LlamaForCausalLM")
# The decoder holds a second copy of the weights: 2 GB at most.
_LARGEST = 500_000_000
_ROPE = ("default", "linear", "llama3")  # kinds whose angles do not depend on the length of the text
_PREFILL = 32  # prompts read side by side
# Free slots are filled, or given up, when they are this part of the rows: each time costs some copies.
_SOME = 1 / 32
_TOLERANCE = 1e-4  # of the largest logit; float32 in another order of operations differs by about 1e-6


# torch's own product (MKL) leaves half of the vector units idle on a CPU with AVX-512 that is not Intel's; oneDNN does
# not, and reads large weights faster anywhere. But it takes some 20 µs more for each call: too long for small weights.
_LARGE_WEIGHT = 0 if torch.backends.cpu.get_cpu_capability() == "AVX512" else 2**18


class _Linear:
    """x @ weight.T + bias in float32. weight: (out, in), bias: (out,) or None."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.outputs, self._bias = len(weight), bias
        self._weight = weight
        if weight.numel() >= _LARGE_WEIGHT:
            with contextlib.suppress(
                AttributeError, RuntimeError, NotImplementedError
            ):  # torch without oneDNN
                self._weight = torch.ops.mkldnn._reorder_linear_weight(weight)

    def __call__(self, x: Tensor) -> Tensor:
        if self._weight.is_mkldnn:
            return torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "")
        return F.linear(x, self._weight, self._bias)

    def added_to(self, total: Tensor, x: Tensor) -> Tensor:
        """total + self(x)."""
        if self._weight.is_mkldnn or self._bias is not None or x.ndim != 2:
            return total + self(x)
        return torch.addmm(total, x, self._weight.T)


@dataclass(frozen=True)
class _Layer:
    """One block. Weights that multiply the same input are stacked: one product instead of two or three; the norm's
    own weight and the square root of the width, by which it divides, are part of them.
    """

    query_key_value: _Linear
    output: _Linear
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
        # root mean square of x = |x, epsilon| / sqrt(width)
        self.epsilon = torch.tensor((config.rms_norm_eps * config.hidden_size) ** 0.5)
        self.embedding = body.embed_tokens.weight
        self.head = _stack(base.lm_head, norm=body.norm)
        self.rotary = body.rotary_emb
        pairs = self._pairs()
        self.layers = [
            _Layer(
                _stack(
                    layer.self_attn.q_proj,
                    layer.self_attn.k_proj,
                    layer.self_attn.v_proj,
                    norm=layer.input_layernorm,
                    order=pairs,
                ),
                _stack(layer.self_attn.o_proj),
                _stack(layer.mlp.gate_proj, layer.mlp.up_proj, norm=layer.post_attention_layernorm),
                _stack(layer.mlp.down_proj),
            )
            for layer in body.layers
        ]

    def _pairs(self) -> Tensor:
        """The rows of a layer's stacked queries, keys and values in our order: what the rotary embedding turns
        together, dimensions i and i + D/2 of a head, stands side by side."""
        rows = torch.arange((self.heads + 2 * self.kv_heads) * self.head_dim).view(-1, self.head_dim)
        turned = rows[: self.heads + self.kv_heads].unflatten(1, (2, -1)).transpose(1, 2)
        return torch.cat([turned.flatten(), rows[self.heads + self.kv_heads :].flatten()])

    def angles(self, length: int) -> Tensor:
        """What the pairs of positions 0 to length - 1 are multiplied by, as complex numbers, for queries, keys and
        values: (length, H + 2K, D/2). Queries are scaled as well, and values stay as they are.
        """
        cos, sin = self.rotary(self.embedding[:1], torch.arange(length)[None])
        turn = torch.complex(cos[0], sin[0])[:, None, : self.head_dim // 2]
        kinds = ((turn * self.head_dim**-0.5, self.heads), (turn, self.kv_heads))
        turned = [kind.expand(-1, count, -1) for kind, count in kinds]
        return torch.cat([*turned, torch.ones_like(turned[1])], 1)

    def prefill(self, prompts: list[list[int]], angles: Tensor) -> tuple[Tensor, Tensor]:
        """Read prompts: logits after the last token (B, V), keys and values (layers, 2, B, K, L, D).

        Padding stands on the right, where a causal mask hides it from every real token.
        """
        lengths = torch.tensor([len(prompt) for prompt in prompts])
        longest = int(lengths.max())
        ids = torch.tensor([prompt + [0] * (longest - len(prompt)) for prompt in prompts])
        x = F.embedding(ids, self.embedding)
        kept = []
        for layer in self.layers:
            mixed = self._project(layer, x, angles[:longest]).transpose(1, 2)
            query, key, value = mixed.split([self.heads, self.kv_heads, self.kv_heads], 1)
            kept.append(torch.stack([key, value]))
            attended = F.scaled_dot_product_attention(
                query, key, value, is_causal=True, scale=1.0, enable_gqa=self.heads != self.kv_heads
            )
            x = self._finish(layer, x, attended.transpose(1, 2).flatten(2))
        last = x[torch.arange(len(prompts)), lengths - 1]
        return self._logits(last), torch.stack(kept)

    def step(self, tokens: Tensor, cache: _Cache, angles: Tensor) -> Tensor:
        """One token of each row: puts it into the cache and returns the logits after it, (B, V)."""
        rows, positions = cache.rows, cache.positions
        length = int(positions.max()) + 1
        here = angles[positions]
        cache.mask[rows, positions] = 0.0
        mask = cache.mask[:, None, :length].repeat_interleave(self.kv_heads, 0)  # (B·K, 1, length)
        x = F.embedding(tokens, self.embedding)
        for layer, kept in zip(self.layers, cache.kept, strict=True):
            mixed = self._project(layer, x, here)
            kept[:, rows, :, positions] = mixed[:, self.heads :].unflatten(1, (2, -1))
            keys, values = kept[:, :, :, :length].flatten(1, 2)  # (B·K, length, D) each
            query = mixed[:, : self.heads].reshape(len(keys), -1, self.head_dim)
            weights = torch.baddbmm(mask, query, keys.transpose(1, 2)).softmax(-1)
            x = self._finish(layer, x, torch.bmm(weights, values).view(len(tokens), -1))
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

    def _project(self, layer: _Layer, x: Tensor, angles: Tensor) -> Tensor:
        """Turned queries and keys, and values: (…, H + 2K, D). x: (…, hidden), angles: (…, H + 2K, D/2)."""
        mixed = layer.query_key_value(self._normed(x)).view(*x.shape[:-1], *angles.shape[-2:], 2)
        return torch.view_as_real(torch.view_as_complex(mixed) * angles).flatten(-2)

    def _finish(self, layer: _Layer, x: Tensor, attended: Tensor) -> Tensor:
        """The rest of a block after attention."""
        x = layer.output.added_to(x, attended)
        gate, up = layer.gate_up(self._normed(x)).chunk(2, -1)
        return layer.down.added_to(x, F.silu(gate).mul_(up))

    def _normed(self, x: Tensor) -> Tensor:
        """x over its length: its root mean square but for a factor that the next weight holds."""
        return x / torch.linalg.vector_norm(x, dim=-1, keepdim=True).hypot_(self.epsilon)

    def _logits(self, x: Tensor) -> Tensor:
        return self.head(self._normed(x))


class _Cache:
    """Keys and values of the rows that are decoded side by side, one slot each.

    kept: keys and values, (layers, 2, B, K, longest, D). mask: (B, longest), 0 where there is a token, else -inf.
    positions: (B,), where the next token of each row goes.
    """

    def __init__(self, decoder: Decoder, size: int, longest: int) -> None:
        self.kept = torch.zeros(len(decoder.layers), 2, size, decoder.kv_heads, longest, decoder.head_dim)
        self.mask = torch.full((size, longest), -torch.inf)
        self.positions = torch.zeros(size, dtype=torch.int64)
        self.rows = torch.arange(size)

    def start(self, slot: int, kept: Tensor) -> None:
        """Begin a row after a prompt. kept: its keys and values, (layers, 2, K, L, D)."""
        length = kept.shape[3]
        self.kept[:, :, slot, :, :length] = kept
        self.mask[slot, :length], self.mask[slot, length:] = 0.0, -torch.inf
        self.positions[slot] = length

    def move(self, sources: list[int], targets: list[int], size: int) -> None:
        """Bring rows to other slots, then keep the first `size` slots only."""
        for tensor in (self.mask, self.positions):
            tensor[targets] = tensor[sources]
        self.kept[:, :, targets] = self.kept[:, :, sources]
        self.kept = self.kept[:, :, :size]
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
        self.logprobs: list[list[float]] = [[] for _ in range(size)]
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

    def start(self, slot: int, row: Row, logits: Tensor, kept: Tensor) -> None:
        """Begin a row in a free slot. Its first token is chosen at the next `collect`, before any step."""
        self.rows[slot], self.written[slot], self.logprobs[slot] = row, [], []
        self.cache.start(slot, kept)
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
            self.rows[target] = self.rows[source]
            self.written[target], self.logprobs[target] = self.written[source], self.logprobs[source]
        self.draws[targets], self.tokens[targets] = self.draws[sources], self.tokens[sources]
        self.draws, self.tokens = self.draws[:size], self.tokens[:size]
        del self.rows[size:], self.written[size:], self.logprobs[size:]

    def collect(self) -> Iterator[Finished]:
        """Choose tokens from the logits: of rows just started, or else of all. Yields rows that ended with it."""
        slots = self._fresh or self.busy()
        if not self._fresh:
            self.cache.positions[slots] += 1
        self._fresh = []
        counts = torch.tensor([len(self.written[slot]) for slot in slots])
        logits = self.logits[slots]
        chosen = self.request.choose(logits, self.draws[slots, counts])
        self.tokens[slots] = chosen
        if self.request.logprobs:
            for slot, logprob in zip(slots, self.request.logprobs_of(logits, chosen).tolist(), strict=True):
                self.logprobs[slot].append(logprob)
        for slot, token in zip(slots, chosen.tolist(), strict=True):
            ids = self.written[slot]
            ids.append(token)
            hit = self._stops.hit(ids)
            if token in self.request.ends or hit or len(ids) == self.request.max_new_tokens:
                yield Finished(self._end(slot), ids, hit, self.logprobs[slot])


class _Prompts:
    """Reads the prompts of waiting rows, some at a time, and keeps each until its last sample has begun."""

    def __init__(self, decoder: Decoder, request: Request, waiting: deque[Row], angles: Tensor) -> None:
        self._decoder, self._request, self._waiting, self._angles = decoder, request, waiting, angles
        self._read: dict[int, tuple[Tensor, Tensor]] = {}

    def take(self, row: Row) -> tuple[Tensor, Tensor]:
        """Logits (V,), keys and values (layers, 2, K, L, D) after the prompt of this row."""
        if row.prompt not in self._read:
            ahead = dict.fromkeys([row.prompt, *(r.prompt for r in self._waiting)])
            self._load([prompt for prompt in ahead if prompt not in self._read][:_PREFILL])
        if row.sample == self._request.n - 1:
            return self._read.pop(row.prompt)
        return self._read[row.prompt]

    def _load(self, numbers: list[int]) -> None:
        texts = [self._request.prompts[number] for number in numbers]
        logits, kept = self._decoder.prefill(texts, self._angles)
        for i, (number, text) in enumerate(zip(numbers, texts, strict=True)):
            self._read[number] = (logits[i], kept[:, :, i, :, : len(text)])


def build(model: PreTrainedModel, prompt: list[int]) -> Decoder:
    """The decoder of this model. Raises Unknown for a model that it does not compute exactly.

    Whatever the model's parts claim to be, the logits after `prompt` must be the model's own.
    """
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    _refuse_unknown(base)
    try:
        decoder = Decoder(base)
        logits, _ = decoder.prefill([prompt], decoder.angles(len(prompt)))
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


def _stack(*modules: nn.Module, norm: Any = None, order: Tensor | None = None) -> _Linear:
    """The linear maps of the same input as one. A LoRA adapter of peft's is added to its weight.

    norm: what comes before, whose own weight becomes a part of ours. order: of the rows, by default as they come.
    """
    weights, biases = zip(*map(effective, modules), strict=True)
    weight = torch.cat(weights) if len(weights) > 1 else weights[0]
    bias = None
    if any(one is not None for one in biases):
        bias = torch.cat(
            [w.new_zeros(len(w)) if b is None else b for w, b in zip(weights, biases, strict=True)]
        )
    if norm is not None:
        weight = weight * norm.weight * weight.shape[1] ** 0.5
    if order is not None:
        weight, bias = weight[order], None if bias is None else bias[order]
    return _Linear(weight, bias)
