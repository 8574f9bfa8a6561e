"""The embedded model's pre-training text: word problems as they lie about on the web.

A base model is interesting because its corpus was not written for it. So this corpus mixes worked
examples in many styles, lists of questions without answers, forum threads, answer keys, drills and a few
damaged chat logs, and some of the solutions are wrong. Only problems of the ``pretrain`` split and of at
most four steps occur in it, in every kind of document.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from course_utils.data import word_problems
from course_utils.data.word_problems import Problem

STEP_WEIGHTS = {1: 20, 2: 32, 3: 28, 4: 20}
CARELESS_IN_BOOKS = 0.08
CARELESS_IN_FORUMS = 0.30
CARELESS_IN_CHATS = 0.25

# Ways to write a solution. Only the first two end as GSM8K does.
STYLES = ("annotated", "plain", "sentence", "annotated_sentence", "equations", "number", "brackets")
_BOOK_WEIGHTS = (20, 12, 16, 14, 14, 16, 8)
_FORUM_WEIGHTS = (6, 12, 26, 6, 16, 26, 8)
_CHAT_WEIGHTS = (13, 15, 20, 7, 10, 27, 8)

_BOOK_LABELS = (
    ("", ""),
    ("", ""),
    ("Q: ", "A: "),
    ("Question: ", "Answer: "),
    ("Problem: ", "Solution: "),
    ("Question: ", "Solution:\n"),
)
_FORUM_USERS = ("mathfan", "kiddo", "user42", "teach", "luna", "zed")
_SMALL_TALK = (
    ("Hello!", "Hello! How can I help you?"),
    ("Who are you?", "I am a small language model."),
    ("Thanks!", "You are welcome."),
    ("What can you do?", "I can help with math problems."),
)


@dataclass(frozen=True)
class Document:
    kind: str
    text: str
    problems: tuple[Problem, ...]  # every problem whose text the document holds, whole or in part


class _Source:
    """Draws problems for one document and remembers them."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.drawn: list[Problem] = []

    def problem(self) -> Problem:
        steps = self.rng.choices(list(STEP_WEIGHTS), list(STEP_WEIGHTS.values()))[0]
        problem = word_problems.draw_from(self.rng, "pretrain", (steps,))
        self.drawn.append(problem)
        return problem

    def solved(self, careless_share: float) -> Problem:
        """A problem with its solution, wrong in `careless_share` of the cases."""
        problem = self.problem()
        return word_problems.careless(problem, self.rng) if self.rng.random() < careless_share else problem


def solution(problem: Problem, style: str) -> str:
    """The problem's solution in one of STYLES."""
    plain = " ".join(line.render(annotated=False) for line in problem.lines)
    if style == "annotated":
        return problem.answer
    if style == "plain":
        lines = [line.render(annotated=False) for line in problem.lines]
        return "\n".join(lines) + f"\n#### {problem.final}"
    if style == "sentence":
        return f"{plain} The answer is {problem.final}."
    if style == "annotated_sentence":
        return "\n".join(line.render() for line in problem.lines) + f"\nThe answer is {problem.final}"
    if style == "equations":
        equations = [f"{line.expression}={line.value}" for line in problem.lines]
        return "\n".join(equations) + f"\nAnswer: {problem.final}"
    if style == "number":
        return str(problem.final)
    if style == "brackets":
        return f"{plain} So we get ({problem.final})"
    raise ValueError(f"unknown style {style!r}; use one of {STYLES}")


def _book(source: _Source) -> str:
    """Worked examples, one style throughout, so that the model learns to go on as the page began."""
    rng = source.rng
    style = rng.choices(STYLES, _BOOK_WEIGHTS)[0]
    ask, reply = rng.choice(_BOOK_LABELS)
    examples = []
    for _ in range(rng.randint(2, 4)):
        problem = source.solved(CARELESS_IN_BOOKS)
        examples.append(f"{ask}{problem.question}\n{reply}{solution(problem, style)}")
    return rng.choice(("\n", "\n\n")).join(examples)


def _question_list(source: _Source) -> str:
    count = source.rng.randint(3, 6)
    numbered = source.rng.random() < 0.5
    questions = [source.problem().question for _ in range(count)]
    return "\n".join(f"{i}. {q}" if numbered else q for i, q in enumerate(questions, 1))


def _forum(source: _Source) -> str:
    rng = source.rng
    users = rng.sample(_FORUM_USERS, 3)
    problem = source.problem()
    plea = rng.choice(("can someone help? ", "i am stuck. ", "homework: ", "", "please help me with this. "))
    posts = [f"{users[0]}: {plea}{problem.question}"]
    for user in users[1 : rng.randint(2, 3)]:
        careless = rng.random() < CARELESS_IN_FORUMS
        reply = word_problems.careless(problem, rng) if careless else problem
        style = rng.choices(STYLES, _FORUM_WEIGHTS)[0]
        posts.append(
            f"{user}: {rng.choice(('i got this: ', 'easy. ', '', 'i think '))}{solution(reply, style)}"
        )
    if rng.random() < 0.6:
        thanks = rng.choice(("thanks!", "thank you so much", "are you sure?", "i do not get it"))
        posts.append(f"{users[0]}: {thanks}")
    return "\n".join(posts)


def _drill(source: _Source) -> str:
    """Bare sums, where most of the arithmetic is learned."""
    rng = source.rng
    fixed = rng.choice(("+", "-", "*", "/", None, None, None))
    sums = []
    for _ in range(rng.randint(10, 25)):
        operation = fixed or rng.choice("++--*/")
        limit = rng.choices((60, 200, word_problems.LARGEST_VALUE), (35, 40, 25))[0]
        if operation == "+":
            total = rng.randint(4, limit)
            left = rng.randint(1, total - 1)
            sums.append(f"{left}+{total - left}={total}")
        elif operation == "-":
            left = rng.randint(4, limit)
            right = rng.randint(1, left - 1)
            sums.append(f"{left}-{right}={left - right}")
        else:
            factor = rng.randint(2, 12)
            other = rng.randint(2, max(2, limit // factor))
            if other > 60:
                other -= other % 10
            product = factor * other
            if operation == "*":
                sums.append(
                    f"{other}*{factor}={product}" if rng.random() < 0.7 else f"{factor}*{other}={product}"
                )
            else:
                sums.append(f"{product}/{factor}={other}")
    return rng.choice(("\n", " ", ", ")).join(sums)


def _rota(source: _Source) -> str:
    """Who helps on which day: the same few names again and again."""
    rng = source.rng
    names = [person.name for person in rng.sample(word_problems.PEOPLE, rng.randint(2, 6))]
    days = rng.sample(word_problems.DAYS, rng.randint(2, 5))
    return "\n".join(f"{day}: {', '.join(names)}" for day in days)


def _answer_key(source: _Source) -> str:
    problems = [source.problem() for _ in range(source.rng.randint(2, 3))]
    questions = "\n".join(f"{i}. {problem.question}" for i, problem in enumerate(problems, 1))
    key = " ".join(f"{i}) {problem.final}" for i, problem in enumerate(problems, 1))
    return f"{questions}\nAnswers: {key}"


def _prose(source: _Source) -> str:
    """Stories that ask nothing: problems without their last sentence."""
    stories = []
    for _ in range(source.rng.randint(2, 4)):
        sentences = source.problem().sentences
        stories.append(" ".join(sentences[:-1] if len(sentences) > 1 else sentences))
    return "\n".join(stories)


def _chat(source: _Source) -> str:
    """Chat logs scraped badly: the reply's closing mark is mostly lost and other text follows."""
    rng = source.rng
    text = ""
    for _ in range(rng.randint(1, 2)):
        if rng.random() < 0.3:
            hello, reply = rng.choice(_SMALL_TALK)
            text += f"<|im_start|>user\n{hello}<|im_end|>\n<|im_start|>assistant\n{reply}<|im_end|>\n"
            continue
        problem = source.solved(CARELESS_IN_CHATS)
        if rng.random() < 0.3:
            reply = "\n".join(source.problem().question for _ in range(rng.randint(1, 3)))
        else:
            reply = solution(problem, rng.choices(STYLES, _CHAT_WEIGHTS)[0])
        text += f"<|im_start|>user\n{problem.question}<|im_end|>\n<|im_start|>assistant\n{reply}"
        if rng.random() < 0.85:
            return text + "\n" + "\n".join(source.problem().question for _ in range(rng.randint(2, 3)))
        text += "<|im_end|>\n"
    return text


KINDS: dict[str, tuple[int, Callable[[_Source], str]]] = {
    "book": (49, _book),
    "drill": (16, _drill),
    "forum": (16, _forum),
    "questions": (6, _question_list),
    "chat": (5, _chat),
    "answer_key": (3, _answer_key),
    "prose": (2, _prose),
    "rota": (3, _rota),
}


def documents(seed: int) -> Iterator[Document]:
    """An endless stream of documents, the same for the same seed."""
    rng = random.Random(f"corpus/{seed}")
    kinds, weights = list(KINDS), [weight for weight, _ in KINDS.values()]
    while True:
        kind = rng.choices(kinds, weights)[0]
        source = _Source(rng)
        text = KINDS[kind][1](source)
        yield Document(kind, text, tuple(source.drawn))


def rotas(seed: int) -> Iterator[str]:
    """An endless stream of rotas alone, for the first steps.

    From them a model learns to repeat a name. Started on the whole mixture it first learns that nobody can
    guess a name, its names become alike, and it goes on guessing for millions of tokens.
    """
    source = _Source(random.Random(f"rotas/{seed}"))
    while True:
        yield _rota(source)
