"""GSM8K's calculator annotations ``<<12*3=36>>``, worked out exactly and without running any code.

The arithmetic is that of fractions: with floats 54 of the real annotations, such as ``0.4-0.25=0.15``, would
look wrong.
"""

from __future__ import annotations

import ast
import operator
import re
from fractions import Fraction
from typing import NamedTuple

# Longer than any real annotation. Without powers a short text cannot ask for much work.
_MAX_CHARACTERS = 200

_ANNOTATION = re.compile(r"<<([^<>]*)>>")
_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    # Two of the real annotations write // and mean /: 560//10.
    ast.FloorDiv: operator.truediv,
}


class Annotation(NamedTuple):
    """One ``<<expression=result>>``. text: what stands between the brackets. right: whether it is true."""

    text: str
    right: bool


def calculate(expression: str) -> Fraction:
    """The exact value of ``+ - * / //``, brackets and decimal numbers. ``//`` means ``/``.

    Raises ValueError that quotes the text for everything else: names, calls, powers (``9**9**9`` would fill
    the memory), a division by zero, a text of more than 200 characters.
    """
    if len(expression) > _MAX_CHARACTERS:
        raise ValueError(f"an expression of {len(expression)} characters is too long: {expression[:30]!r}…")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError(f"{expression!r} is not arithmetic") from None
    try:
        return _value(tree.body, expression.strip())
    except ZeroDivisionError:
        raise ValueError(f"{expression!r} divides by zero") from None


def _value(node: ast.expr, source: str) -> Fraction:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        # The text, not the float: 0.1 means one tenth.
        text = ast.get_source_segment(source, node) or ""
        if re.fullmatch(r"\d+\.?\d*|\.\d+", text):
            return Fraction(text)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _value(node.operand, source)
        return -value if isinstance(node.op, ast.USub) else value
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_value(node.left, source), _value(node.right, source))
    raise ValueError(f"{source!r} holds more than numbers, + - * / and brackets")


def check_calculator(answer: str) -> list[Annotation]:
    """Every annotation of `answer`, in order, and whether its two sides are equal.

    What cannot be calculated, and what has not exactly one ``=``, is not right.
    """
    return [Annotation(text, _is_right(text)) for text in _ANNOTATION.findall(answer)]


def _is_right(text: str) -> bool:
    sides = text.split("=")
    if len(sides) != 2:
        return False
    try:
        return calculate(sides[0]) == calculate(sides[1])
    except ValueError:
        return False
