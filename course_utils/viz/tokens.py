"""The token viewer: every token of a batch, coloured and marked in text by what training does with it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

IGNORED = -100  # a label that is not in the loss
_TEXT_WIDTH = 100  # characters in a line of the plain view


@dataclass(frozen=True)
class Role:
    """One thing that a token can be: its word for readers, its mark in plain text, its looks in HTML."""

    word: str
    mark: str
    css: str


ROLES = {
    "prompt": Role(
        "prompt, not in the loss", "·", "background:#d6ecfa;color:#12212b;border-bottom:3px solid #56b4e9"
    ),
    "loss": Role("in the loss", "▲", "background:#ffdf9e;color:#2b1f00;border-bottom:3px solid #b57c00"),
    "eos": Role("EOS, in the loss", "■", "background:#f0cfe0;color:#2f1022;border-bottom:3px double #9c4f7b"),
    "eos_ignored": Role(
        "EOS, not in the loss", "□", "background:#ffffff;color:#2f1022;border-bottom:3px dotted #9c4f7b"
    ),
    "padding": Role("padding", "×", "background:#f1f2f4;color:#4a525c;border-bottom:3px dashed #8b949e"),
    "padding_in_loss": Role(
        "padding, in the loss (wrong)",
        "!",
        "background:#fbe3d5;color:#5a2500;border-bottom:3px solid #d55e00",
    ),
}


class TokenView:
    """Rows of tokens with a role each. HTML in a notebook, plain text elsewhere; both carry the same marks."""

    def __init__(self, rows: list[list[tuple[str, str]]]) -> None:
        self.rows = rows

    def _legend(self) -> list[str]:
        present = {role for row in self.rows for _, role in row}
        return [role for role in ROLES if role in present]

    def __repr__(self) -> str:
        legend = "   ".join(f"{ROLES[role].mark} {ROLES[role].word}" for role in self._legend())
        lines: list[str] = []
        for row in self.rows:
            texts, marks = "", ""
            for text, role in row:
                if texts and len(texts) + len(text) > _TEXT_WIDTH:
                    lines += [texts, marks]
                    texts, marks = "", ""
                texts += ("|" if texts else "") + text
                marks += ("|" if marks else "") + ROLES[role].mark * len(text)
            lines += [texts, marks, ""]
        return "\n".join([*lines, legend])

    def _repr_html_(self) -> str:
        base = (
            "display:inline-block;padding:1px 3px 0;margin:2px 1px;font-family:monospace;"
            "white-space:pre;line-height:1.35;text-align:center;vertical-align:top"
        )
        small = "display:block;font-size:0.72em;line-height:1;font-family:monospace"

        def token(text: str, role: str) -> str:
            look = ROLES[role]
            # The mark under the token says the same as the colour; the title says it in words.
            return (
                f'<span style="{base};{look.css}" title="{html.escape(look.word)}">{html.escape(text)}'
                f'<span style="{small}">{look.mark}</span></span>'
            )

        rows = [
            '<div style="margin:6px 0" role="listitem">' + "".join(token(*cell) for cell in row) + "</div>"
            for row in self.rows
        ]
        legend = " &nbsp; ".join(
            f'<span style="{base};{ROLES[role].css}">{ROLES[role].mark} {html.escape(ROLES[role].word)}</span>'
            for role in self._legend()
        )
        return (
            f'<div role="list" aria-label="{html.escape(self._spoken())}">{"".join(rows)}</div>'
            f'<div style="margin-top:6px;font-size:0.9em">{legend}</div>'
        )

    def _spoken(self) -> str:
        counts = []
        for number, row in enumerate(self.rows, start=1):
            parts = [
                f"{sum(role == name for _, role in row)} {ROLES[name].word}"
                for name in ROLES
                if any(role == name for _, role in row)
            ]
            counts.append(f"row {number}: {'; '.join(parts)}")
        return "Tokens by role. " + ". ".join(counts)


def token_view(
    input_ids: Any, labels: Any = None, attention_mask: Any = None, *, tokenizer: Any
) -> TokenView:
    """What training does with each token of `input_ids`.

    tokenizer: a transformers tokenizer; only decode and eos_token_id are used. The rest is as in `roles`.
    """
    return TokenView(
        [
            list(zip(token_texts(row, tokenizer), line, strict=True))
            for row, line in zip(
                _rows(input_ids),
                roles(input_ids, labels, attention_mask, eos_token_id=tokenizer.eos_token_id),
                strict=True,
            )
        ]
    )


def roles(
    input_ids: Any, labels: Any = None, attention_mask: Any = None, *, eos_token_id: int
) -> list[list[str]]:
    """The role (a key of ROLES) of every token, row by row.

    input_ids, labels, attention_mask: (T,) or (B, T) integers (tensors or lists; rows of a list may differ in
    length). Without labels every real token counts as in the loss; without attention_mask nothing is padding.
    Raises ValueError if the shapes differ.
    """
    ids = _rows(input_ids)
    label_rows = ids if labels is None else _rows(labels)
    masks = [[1] * len(row) for row in ids] if attention_mask is None else _rows(attention_mask)
    for name, rows in (("labels", label_rows), ("attention_mask", masks)):
        if [len(row) for row in rows] != [len(row) for row in ids]:
            raise ValueError(
                f"{name} has rows of {[len(row) for row in rows]} entries, input_ids of "
                f"{[len(row) for row in ids]}: give one entry for each token"
            )
    return [
        [_role(token, label, mask, eos_token_id) for token, label, mask in zip(*triple, strict=True)]
        for triple in zip(ids, label_rows, masks, strict=True)
    ]


def _role(token: int, label: int, mask: int, eos_token_id: int) -> str:
    if not mask:
        return "padding" if label == IGNORED else "padding_in_loss"
    if token == eos_token_id:
        return "eos_ignored" if label == IGNORED else "eos"
    return "prompt" if label == IGNORED else "loss"


def token_texts(input_ids: Any, tokenizer: Any) -> list[str]:
    """The text of each token of input_ids (T,), with spaces and line ends that can be seen."""
    return [_visible(tokenizer.decode([token])) for token in _rows(input_ids)[0]]


def _visible(text: str) -> str:
    """Spaces and line ends that can be seen; no empty token."""
    return text.replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥") or "∅"


def _rows(values: Any) -> list[list[int]]:
    plain: Sequence = values.tolist() if hasattr(values, "tolist") else list(values)
    if plain and isinstance(plain[0], int):
        return [list(plain)]
    return [row.tolist() if hasattr(row, "tolist") else list(row) for row in plain]
