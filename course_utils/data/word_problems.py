"""Arithmetic word problems in GSM8K's schema, made from templates: any number, seeded, 1 to 6 steps.

A problem is a short story about one person's quantity (things, money, distance or time). Each sentence
changes the quantity and each line of the solution computes one step, annotated as in GSM8K:
``Mia has 12+5 = <<12+5=17>>17 apples.`` The last line is ``#### 17``.

Every problem belongs to exactly one split, decided by a hash of its question (`split_of`): the corpus of
the embedded model uses ``pretrain`` problems only, the labs use ``train`` and ``test``. So a test problem
cannot have been seen in pre-training or in fine-tuning, whatever the seed.
"""

from __future__ import annotations

import hashlib
import operator
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from course_utils.errors import CourseError

LARGEST_VALUE = 1000
MAX_STEPS = 6
SPLITS = ("pretrain", "train", "test")
# Of 100 hash buckets: 60 for pre-training, 20 for fine-tuning, 20 for testing.
_SPLIT_ENDS = (60, 80, 100)
_OPERATIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.floordiv}


@dataclass(frozen=True)
class Person:
    name: str
    pronoun: str


_SHE = "Anna Clara Emma Grace Ivy Julia Lena Maria Nina Olga Rosa Tina"
_HE = "Ben David Felix Hugo Jack Kevin Leo Noah Oscar Paul Sam Victor"
_ITEMS = (
    "apples books cards coins cookies eggs flowers marbles oranges pencils "
    "shells stamps stickers toys candies balloons beads buttons muffins pears"
)
PEOPLE = (*(Person(name, "she") for name in _SHE.split()), *(Person(name, "he") for name in _HE.split()))
ITEMS = tuple(_ITEMS.split())
BOXES = ("boxes", "bags", "baskets", "jars", "trays")
GOALS = ("bicycle", "guitar", "camera", "tent", "tablet", "sofa")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MULTIPLES = {2: "twice", 3: "three times", 4: "four times", 5: "five times"}


@dataclass(frozen=True)
class Line:
    """One step of a solution: `text` holds ``{calc}`` where the calculation goes."""

    text: str
    left: int
    operation: str
    right: int
    value: int
    money: bool = False

    @property
    def expression(self) -> str:
        return f"{self.left}{self.operation}{self.right}"

    def render(self, annotated: bool = True) -> str:
        note = f"<<{self.expression}={self.value}>>" if annotated else ""
        sign = "$" if self.money else ""
        return self.text.replace("{calc}", f"{self.expression} = {sign}{note}{self.value}")


@dataclass(frozen=True)
class Problem:
    sentences: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def question(self) -> str:
        return " ".join(self.sentences)

    @property
    def final(self) -> int:
        return self.lines[-1].value

    @property
    def steps(self) -> int:
        return len(self.lines)

    @property
    def answer(self) -> str:
        """The solution as GSM8K writes it: annotated lines, then ``#### `` and the number."""
        return "\n".join(line.render() for line in self.lines) + f"\n#### {self.final}"


@dataclass(frozen=True)
class Phrase:
    """Wordings of one step; the question's and the solution's wording are drawn independently."""

    question: tuple[str, ...]
    solution: tuple[str, ...] = ()
    hands_over: bool = False  # the story goes on with the friend's quantity, and the friend gets a new friend


@dataclass(frozen=True)
class Theme:
    """The wordings of one kind of quantity. `ask` adds no step; every other field adds one."""

    units: tuple[str, ...]
    money: bool
    has: Phrase
    product: Phrase
    total: Phrase
    add: Phrase
    subtract: Phrase
    half: Phrase
    times: Phrase
    ask: Phrase
    endings: dict[str, Phrase]
    share: Phrase | None = None


_MORE = Phrase(
    ("{friend} has {b} more {unit} than {name}. How many {unit} does {friend} have?",),
    ("{friend} has {calc} {unit}.",),
)
_FEWER = Phrase(
    ("{friend} has {b} fewer {unit} than {name}. How many {unit} does {friend} have?",),
    ("{friend} has {calc} {unit}.",),
)

THINGS = Theme(
    units=tuple(ITEMS),
    money=False,
    has=Phrase(
        (
            "{name} has {a} {unit}.",
            "{name} starts with {a} {unit}.",
            "There are {a} {unit} in {name}'s room.",
            "{name} collected {a} {unit}.",
        )
    ),
    product=Phrase(
        (
            "{name} has {a} {box} with {b} {unit} in each.",
            "{name} buys {a} {box} of {unit}. Each one holds {b} {unit}.",
            "{name} gets {b} {unit} a day for {a} days.",
            "Every day {name} collects {b} {unit}. {Pronoun} does this for {a} days.",
        ),
        ("{name} has {calc} {unit}.", "{name} gets {calc} {unit}."),
    ),
    total=Phrase(
        (
            "{name} finds {a} {unit} on {day1} and {b} on {day2}.",
            "On {day1} {name} got {a} {unit}, and on {day2} {pronoun} got {b} more.",
            "{name} has {a} red {unit} and {b} blue {unit}.",
        ),
        ("{name} has {calc} {unit}.", "In all {name} has {calc} {unit}."),
    ),
    add=Phrase(
        (
            "{Subject} buys {b} more.",
            "{Subject} finds {b} more {unit}.",
            "A friend gives {name} {b} more {unit}.",
            "Then {subject} gets {b} more {unit} as a present.",
        ),
        ("Then {name} has {calc} {unit}.", "Now {name} has {calc} {unit}."),
    ),
    subtract=Phrase(
        (
            "{Subject} gives {b} of them to a friend.",
            "{Subject} loses {b} {unit}.",
            "{Subject} sells {b} of the {unit}.",
            "Then {subject} gives away {b} {unit}.",
        ),
        ("Then {name} has {calc} {unit}.", "{name} has {calc} {unit} left."),
    ),
    half=Phrase(
        ("{Subject} gives half of them to a friend.", "{Subject} sells half of the {unit}."),
        ("{name} keeps {calc} {unit}.", "{name} has {calc} {unit} left."),
    ),
    share=Phrase(
        (
            "{Subject} puts them equally into {b} {box} and keeps one of the {box}.",
            "{Subject} shares them equally among {b} people and is one of them.",
        ),
        ("{name} keeps {calc} {unit}.", "{name} has {calc} {unit}."),
    ),
    times=Phrase(
        ("{friend} has {multiple} as many {unit} as {name}.",),
        ("{friend} has {calc} {unit}.",),
        hands_over=True,
    ),
    ask=Phrase(("How many {unit} does {name} have now?", "How many {unit} does {name} have in the end?")),
    endings={
        "more": _MORE,
        "fewer": _FEWER,
        "need": Phrase(
            ("How many more {unit} does {name} need to have {b}?",), ("{name} needs {calc} more {unit}.",)
        ),
        "price": Phrase(
            (
                "{Subject} sells all of them for ${b} each. How much money does {name} get?",
                "Each one costs ${b}. How many dollars are all of {name}'s {unit} worth?",
            ),
            ("{name}'s {unit} are worth {calc}.",),
        ),
        "each": Phrase(
            (
                "{Subject} shares all of them equally among {b} children. How many {unit} does each child get?",
                "If {name} puts them equally in {b} {box}, how many {unit} are in each?",
            ),
            ("There are {calc} {unit} in each part.",),
        ),
    },
)

MONEY = Theme(
    units=("dollars",),
    money=True,
    has=Phrase(
        (
            "{name} has ${a}.",
            "{name} starts with ${a}.",
            "{name} saved ${a}.",
            "There is ${a} in {name}'s wallet.",
        )
    ),
    product=Phrase(
        (
            "{name} earns ${b} an hour and works for {a} hours.",
            "{name} saves ${b} a week for {a} weeks.",
            "{name} sells {a} cakes for ${b} each.",
        ),
        ("{name} has {calc}.", "{name} gets {calc}."),
    ),
    total=Phrase(
        (
            "{name} earns ${a} on {day1} and ${b} on {day2}.",
            "On {day1} {name} got ${a}, and on {day2} {pronoun} got ${b} more.",
        ),
        ("{name} has {calc}.", "In all {name} has {calc}."),
    ),
    add=Phrase(
        (
            "{Subject} earns ${b} more.",
            "A friend gives {name} ${b}.",
            "Then {subject} gets ${b} as a present.",
            "{Subject} finds ${b}.",
        ),
        ("Then {name} has {calc}.", "Now {name} has {calc}."),
    ),
    subtract=Phrase(
        (
            "{Subject} spends ${b} on a present.",
            "{Subject} pays ${b} for a ticket.",
            "{Subject} gives ${b} to a friend.",
            "{Subject} loses ${b}.",
        ),
        ("Then {name} has {calc}.", "{name} has {calc} left."),
    ),
    half=Phrase(
        ("{Subject} spends half of it.", "{Subject} gives half of it to a friend."),
        ("{name} keeps {calc}.", "{name} has {calc} left."),
    ),
    times=Phrase(
        ("{friend} has {multiple} as much money as {name}.",), ("{friend} has {calc}.",), hands_over=True
    ),
    ask=Phrase(("How much money does {name} have now?", "How many dollars does {name} have in the end?")),
    endings={
        "more": Phrase(
            ("{friend} has ${b} more than {name}. How much money does {friend} have?",),
            ("{friend} has {calc}.",),
        ),
        "fewer": Phrase(
            ("{friend} has ${b} less than {name}. How much money does {friend} have?",),
            ("{friend} has {calc}.",),
        ),
        "need": Phrase(
            (
                "{Subject} wants a {goal} that costs ${b}. How many more dollars does {name} need?",
                "A {goal} costs ${b}. How much more money does {name} need to buy it?",
            ),
            ("{name} needs {calc} more.",),
        ),
        "each": Phrase(
            (
                "{Subject} shares it equally among {b} children. How many dollars does each child get?",
                "If {name} spends all of it in {b} days, the same every day, how much is that a day?",
            ),
            ("Each part is {calc}.",),
        ),
    },
)

DISTANCE = Theme(
    units=("km", "miles"),
    money=False,
    has=Phrase(
        ("{name} walks {a} {unit}.", "{name} rides a bike for {a} {unit}.", "{name} drives {a} {unit}.")
    ),
    product=Phrase(
        (
            "{name} rides {b} {unit} a day for {a} days.",
            "{name} drives for {a} hours at {b} {unit} an hour.",
            "{name} runs {a} laps of {b} {unit} each.",
        ),
        ("{name} goes {calc} {unit}.", "That is {calc} {unit}."),
    ),
    total=Phrase(
        (
            "{name} walks {a} {unit} on {day1} and {b} {unit} on {day2}.",
            "On {day1} {name} goes {a} {unit}, and on {day2} {pronoun} goes {b} {unit}.",
        ),
        ("{name} goes {calc} {unit}.", "In all {name} goes {calc} {unit}."),
    ),
    add=Phrase(
        ("Then {subject} goes {b} {unit} more.", "{Subject} goes on for {b} more {unit}."),
        ("Then {name} has gone {calc} {unit}.", "Now {name} has gone {calc} {unit}."),
    ),
    subtract=Phrase(
        ("{friend} goes {b} {unit} less than {name}.",), ("{friend} goes {calc} {unit}.",), hands_over=True
    ),
    half=Phrase(
        ("{friend} goes half as far as {name}.",), ("{friend} goes {calc} {unit}.",), hands_over=True
    ),
    times=Phrase(
        ("{friend} goes {multiple} as far as {name}.",), ("{friend} goes {calc} {unit}.",), hands_over=True
    ),
    ask=Phrase(("How many {unit} does {name} go?", "How far does {name} go in the end?")),
    endings={
        "more": Phrase(
            ("{friend} goes {b} {unit} more than {name}. How many {unit} does {friend} go?",),
            ("{friend} goes {calc} {unit}.",),
        ),
        "fewer": Phrase(
            ("On the way back {name} stops after {b} {unit}. How many {unit} is {name} from home?",),
            ("{name} is {calc} {unit} from home.",),
        ),
        "need": Phrase(
            (
                "The whole way is {b} {unit}. How many {unit} are left for {name}?",
                "{Subject} wants to go {b} {unit} in all. How many more {unit} does {name} need?",
            ),
            ("{name} needs {calc} more {unit}.",),
        ),
        "each": Phrase(
            ("This takes {name} {b} hours. How many {unit} is that an hour?",),
            ("That is {calc} {unit} an hour.",),
        ),
    },
)

TIME = Theme(
    units=("minutes",),
    money=False,
    has=Phrase(
        ("{name} reads for {a} minutes.", "{name} works for {a} minutes.", "{name} plays for {a} minutes.")
    ),
    product=Phrase(
        (
            "{name} reads for {b} minutes a day for {a} days.",
            "{name} cleans {a} rooms and needs {b} minutes for each.",
            "{name} has {a} lessons of {b} minutes each.",
        ),
        ("{name} needs {calc} minutes.", "That is {calc} minutes."),
    ),
    total=Phrase(
        (
            "{name} reads for {a} minutes on {day1} and {b} minutes on {day2}.",
            "On {day1} {name} works for {a} minutes, and on {day2} {pronoun} works for {b} minutes.",
        ),
        ("{name} needs {calc} minutes.", "In all {name} needs {calc} minutes."),
    ),
    add=Phrase(
        ("Then {subject} goes on for {b} more minutes.", "{Subject} needs {b} minutes more to finish."),
        ("Then {name} has used {calc} minutes.", "Now {name} has used {calc} minutes."),
    ),
    subtract=Phrase(
        ("{friend} needs {b} minutes less than {name}.",),
        ("{friend} needs {calc} minutes.",),
        hands_over=True,
    ),
    half=Phrase(
        ("{friend} needs half as much time as {name}.",), ("{friend} needs {calc} minutes.",), hands_over=True
    ),
    times=Phrase(
        ("{friend} needs {multiple} as much time as {name}.",),
        ("{friend} needs {calc} minutes.",),
        hands_over=True,
    ),
    ask=Phrase(("How many minutes does {name} need?", "How many minutes is that for {name} in the end?")),
    endings={
        "more": Phrase(
            ("{friend} needs {b} more minutes than {name}. How many minutes does {friend} need?",),
            ("{friend} needs {calc} minutes.",),
        ),
        "fewer": Phrase(
            ("{friend} needs {b} fewer minutes than {name}. How many minutes does {friend} need?",),
            ("{friend} needs {calc} minutes.",),
        ),
        "need": Phrase(
            ("{Subject} has {b} minutes in all. How many minutes are left for {name}?",),
            ("{name} has {calc} minutes left.",),
        ),
        "each": Phrase(
            ("This was spread equally over {b} days. How many minutes is that a day?",),
            ("That is {calc} minutes a day.",),
        ),
    },
)

THEMES = (THINGS, MONEY, DISTANCE, TIME)
_THEME_WEIGHTS = (45, 25, 15, 15)


@dataclass
class Story:
    """A problem being told: whose quantity is followed, what it is now, and the text so far."""

    rng: random.Random
    theme: Theme
    unit: str
    cast: list[Person]  # in order of appearance, so that nobody is given two different quantities
    value: int = 0
    pronoun_is_clear: bool = False
    sentences: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def person(self) -> Person:
        return self.cast[0]

    @property
    def friend(self) -> Person:
        return self.cast[1]

    def _fill(self, text: str, **numbers: object) -> str:
        pronoun = self.person.pronoun
        # After a sentence about the friend, "she" could be either of them: use the name again.
        subject = pronoun if self.pronoun_is_clear and self.rng.random() < 0.3 else self.person.name
        day1, day2 = self.rng.sample(DAYS, 2)
        return text.format(
            name=self.person.name,
            friend=self.friend.name,
            pronoun=pronoun,
            Pronoun=pronoun.capitalize(),
            subject=subject,
            Subject=subject if subject == self.person.name else subject.capitalize(),
            unit=self.unit,
            box=self.rng.choice(BOXES),
            goal=self.rng.choice(GOALS),
            day1=day1,
            day2=day2,
            **numbers,
        )

    def tell(self, phrase: Phrase, **numbers: object) -> None:
        """Add a sentence to the question."""
        text = self.rng.choice(phrase.question)
        self.sentences.append(self._fill(text, **numbers))
        self.pronoun_is_clear = "{friend}" not in text

    def compute(
        self, phrase: Phrase, left: int, operation: str, right: int, money: bool | None = None
    ) -> None:
        """Add a line to the solution and take its value."""
        text = self._fill(self.rng.choice(phrase.solution), calc="{calc}")
        value = _OPERATIONS[operation](left, right)
        self.lines.append(
            Line(text, left, operation, right, value, self.theme.money if money is None else money)
        )
        self.value = value
        if phrase.hands_over:
            self.cast.pop(0)


def _amount(rng: random.Random, low: int, high: int) -> int:
    """A number in [low, high]: mostly below 60, sometimes to 1,000; large ones are mostly round."""
    limit = rng.choices((60, 200, LARGEST_VALUE), (82, 12, 6))[0]
    value = rng.randint(low, min(high, max(limit, low)))
    unit = 50 if value > 200 else 10
    if value > 100 and rng.random() < 0.8 and value - value % unit >= low:
        value -= value % unit
    return value


def _factors(value: int, largest: int = 9) -> list[int]:
    """Numbers of equal parts, at least 2 in each: any up to 100, round parts above."""
    parts = [k for k in range(2, largest + 1) if value % k == 0 and value // k >= 2]
    return [k for k in parts if value <= 100 or value // k % 10 == 0]


def _can_be_multiplied(value: int) -> bool:
    """What a person multiplies in the head: any number up to 40, round ones above."""
    return value <= 40 or (value <= 200 and value % 10 == 0)


def _multipliers(value: int) -> list[int]:
    return [k for k in MULTIPLES if _can_be_multiplied(value) and value * k <= LARGEST_VALUE]


def _begin(story: Story) -> None:
    """The opening sentence: no step (a number is given) or one (a product or a sum)."""
    rng, theme = story.rng, story.theme
    opening = rng.choices(("has", "product", "total"), (3, 2, 1))[0]
    if opening == "has":
        story.value = _amount(rng, 4, LARGEST_VALUE - 100)
        story.tell(theme.has, a=story.value)
        return
    if opening == "product":
        a, b = rng.randint(2, 9), rng.randint(2, 12)
        if rng.random() < 0.25:
            b *= rng.choice((5, 10))
        story.tell(theme.product, a=a, b=b)
        story.compute(theme.product, a, "*", b)
    else:
        a = _amount(rng, 3, LARGEST_VALUE // 2)
        b = _amount(rng, 3, LARGEST_VALUE // 2)
        story.tell(theme.total, a=a, b=b)
        story.compute(theme.total, a, "+", b)


def _continue(story: Story) -> None:
    """One sentence that changes the quantity, one step."""
    rng, theme, value = story.rng, story.theme, story.value
    choices = {
        "add": 3 if value <= LARGEST_VALUE - 10 else 0,
        "subtract": 3 if value >= 6 else 0,
        "half": 1 if _factors(value, 2) and value >= 6 else 0,
        "share": 2 if theme.share and _factors(value) else 0,
        "times": 2 if _multipliers(value) else 0,
    }
    kind = rng.choices(list(choices), list(choices.values()))[0]
    phrase: Phrase = getattr(theme, kind)
    if kind == "add":
        b = _amount(rng, 2, LARGEST_VALUE - value)
        story.tell(phrase, b=b)
        story.compute(phrase, value, "+", b)
    elif kind == "subtract":
        b = _amount(rng, 2, value - 2)
        story.tell(phrase, b=b)
        story.compute(phrase, value, "-", b)
    elif kind == "half":
        story.tell(phrase)
        story.compute(phrase, value, "/", 2)
    elif kind == "share":
        b = rng.choice(_factors(value))
        story.tell(phrase, b=b)
        story.compute(phrase, value, "/", b)
    else:
        k = rng.choice(_multipliers(value))
        story.tell(phrase, multiple=MULTIPLES[k])
        story.compute(phrase, value, "*", k)


def _end(story: Story) -> None:
    """A closing question that needs one more step."""
    rng, value = story.rng, story.value
    possible = {
        "more": value <= LARGEST_VALUE - 10,
        "fewer": value >= 8,
        "need": value <= LARGEST_VALUE - 10,
        "price": value <= 100 and _can_be_multiplied(value),
        "each": bool(_factors(value)),
    }
    kind = rng.choice([name for name in story.theme.endings if possible[name]])
    phrase = story.theme.endings[kind]
    if kind == "more":
        b = _amount(rng, 2, LARGEST_VALUE - value)
        story.tell(phrase, b=b)
        story.compute(phrase, value, "+", b)
    elif kind == "fewer":
        b = _amount(rng, 2, value - 3)
        story.tell(phrase, b=b)
        story.compute(phrase, value, "-", b)
    elif kind == "need":
        b = value + _amount(rng, 2, LARGEST_VALUE - value)
        story.tell(phrase, b=b)
        story.compute(phrase, b, "-", value)
    elif kind == "price":
        b = rng.randint(2, 9)
        story.tell(phrase, b=b)
        story.compute(phrase, value, "*", b, money=True)
    else:
        b = rng.choice(_factors(value))
        story.tell(phrase, b=b)
        story.compute(phrase, value, "/", b)


def _chain(rng: random.Random, steps: int) -> Problem | None:
    """One person's quantity through `steps` changes. None if the draw has another number of steps."""
    theme = rng.choices(THEMES, _THEME_WEIGHTS)[0]
    story = Story(rng, theme, rng.choice(theme.units), rng.sample(PEOPLE, steps + 2))
    _begin(story)
    ends_with_step = rng.random() < 0.5
    while len(story.lines) < steps - ends_with_step:
        _continue(story)
    if ends_with_step and len(story.lines) == steps - 1:
        _end(story)
    else:
        story.tell(theme.ask)
    if len(story.lines) != steps:
        return None
    return Problem(tuple(story.sentences), tuple(story.lines))


def _together(rng: random.Random) -> Problem:
    """Two people compared, then their sum: 2 steps."""
    first, second = (person.name for person in rng.sample(PEOPLE, 2))
    item = rng.choice(ITEMS)
    kind = rng.choice(("times", "more", "fewer"))
    has = f"{second} has {{calc}} {item}."
    if kind == "times":
        k = rng.choice(list(MULTIPLES))
        a = _amount(rng, 3, LARGEST_VALUE // 10)
        line = Line(has, a, "*", k, a * k)
        comparison = f"{second} has {MULTIPLES[k]} as many {item} as {first}."
    elif kind == "more":
        a, b = _amount(rng, 3, 400), _amount(rng, 2, 200)
        line = Line(has, a, "+", b, a + b)
        comparison = f"{second} has {b} more {item} than {first}."
    else:
        a = _amount(rng, 8, 500)
        b = _amount(rng, 2, a - 3)
        line = Line(has, a, "-", b, a - b)
        comparison = f"{second} has {b} fewer {item} than {first}."
    ask = rng.choice(
        (f"How many {item} do they have together?", f"How many {item} do {first} and {second} have in total?")
    )
    total = Line(f"Together they have {{calc}} {item}.", a, "+", line.value, a + line.value)
    return Problem((f"{first} has {a} {item}.", comparison, ask), (line, total))


def _shopping(rng: random.Random, with_change: bool) -> Problem:
    """Two kinds of things bought: 3 steps, 4 with the change."""
    buyer = rng.choice(PEOPLE)
    items = rng.sample(ITEMS, 2)
    counts = [rng.randint(2, 12) for _ in items]
    prices = [rng.randint(2, 9) for _ in items]
    if rng.random() < 0.2:
        prices = [10 * price for price in prices]
        counts = [min(count, 5) for count in counts]
    sentences = [
        rng.choice(
            (
                f"{buyer.name} buys {counts[0]} {items[0]} at ${prices[0]} each and {counts[1]} {items[1]} "
                f"at ${prices[1]} each.",
                f"In a shop {items[0]} cost ${prices[0]} each and {items[1]} cost ${prices[1]} each. "
                f"{buyer.name} buys {counts[0]} {items[0]} and {counts[1]} {items[1]}.",
            )
        )
    ]
    costs = [count * price for count, price in zip(counts, prices, strict=True)]
    lines = [
        Line(f"The {item} cost {{calc}}.", count, "*", price, cost, money=True)
        for item, count, price, cost in zip(items, counts, prices, costs, strict=True)
    ]
    total = sum(costs)
    lines.append(Line(f"In total {buyer.name} pays {{calc}}.", costs[0], "+", costs[1], total, money=True))
    if with_change:
        budget = total + rng.randint(1, 20) if rng.random() < 0.6 else -(-(total + 1) // 50) * 50
        sentences.append(
            f"{buyer.pronoun.capitalize()} had ${budget}. How much money does {buyer.name} have left?"
        )
        lines.append(Line(f"{buyer.name} has {{calc}} left.", budget, "-", total, budget - total, money=True))
    else:
        sentences.append(f"How many dollars does {buyer.name} pay in total?")
    return Problem(tuple(sentences), tuple(lines))


def draw(rng: random.Random, steps: int) -> Problem:
    """One problem with exactly `steps` lines, of any split."""
    if steps == 2 and rng.random() < 0.2:
        return _together(rng)
    if steps in (3, 4) and rng.random() < 0.2:
        return _shopping(rng, with_change=steps == 4)
    while True:
        if (problem := _chain(rng, steps)) is not None:
            return problem


def split_of(question: str) -> str:
    """The split a question belongs to: a hash of its text decides, so it never depends on a seed."""
    bucket = int.from_bytes(hashlib.blake2b(question.encode(), digest_size=8).digest(), "big") % 100
    return next(split for split, end in zip(SPLITS, _SPLIT_ENDS, strict=True) if bucket < end)


def draw_from(rng: random.Random, split: str, steps: Sequence[int]) -> Problem:
    """One problem of `split`, its number of steps drawn uniformly from `steps`."""
    wanted = rng.choice(steps)
    while True:
        problem = draw(rng, wanted)
        if split_of(problem.question) == split:
            return problem


def problems(seed: int, split: str, steps: tuple[int, int]) -> Iterator[Problem]:
    """An endless stream of different problems."""
    rng = random.Random(f"word_problems/{split}/{seed}")
    seen: set[str] = set()
    while True:
        problem = draw_from(rng, split, range(steps[0], steps[1] + 1))
        if problem.question not in seen:
            seen.add(problem.question)
            yield problem


def generate(
    n: int, seed: int = 0, steps: tuple[int, int] = (1, 4), split: str = "train"
) -> list[dict[str, str | int]]:
    """`n` different problems, the same for the same arguments.

    steps: smallest and largest number of solution steps, both included, within 1 to 6; each number of
        steps is equally likely.
    split: "pretrain" (what the embedded model's corpus is made of), "train" or "test".
    Returns dicts with `question` and `answer` (GSM8K's format, each step annotated) and `steps`.
    The first problems of a larger `n` are the problems of a smaller one.
    Raises CourseError for an unknown split, a bad range or a negative n.
    """
    if split not in SPLITS:
        raise CourseError(f"there is no split {split!r} of word_problems; use one of {', '.join(SPLITS)}")
    low, high = steps
    if not 1 <= low <= high <= MAX_STEPS:
        raise CourseError(f"steps={steps} is not a range within 1 to {MAX_STEPS}, such as (1, 4)")
    if n < 0:
        raise CourseError(f"n={n} problems cannot be made; ask for 0 or more")
    stream = problems(seed, split, (low, high))
    return [
        {"question": problem.question, "answer": problem.answer, "steps": problem.steps}
        for problem, _ in zip(stream, range(n), strict=False)
    ]


def careless(problem: Problem, rng: random.Random) -> Problem:
    """The problem with a wrong solution, as people post them: a skipped last step, a wrong operation or a slip.

    Only the corpus of the embedded model uses this; `generate` never does.
    """
    lines = list(problem.lines)
    kind = rng.choices(("skip", "operation", "slip"), (35, 30, 35))[0]
    if kind == "skip" and len(lines) > 1:
        return replace(problem, lines=tuple(lines[:-1]))
    spot = rng.randrange(len(lines))
    line = lines[spot]
    if kind == "operation":
        other = {"+": "-" if line.left > line.right else "*", "-": "+", "*": "+", "/": "-"}[line.operation]
        wrong = replace(line, operation=other, value=_OPERATIONS[other](line.left, line.right))
    else:
        slips = [slip for slip in (-10, -2, -1, 1, 2, 10) if line.value + slip > 0]
        wrong = replace(line, value=line.value + rng.choice(slips))
    lines[spot] = wrong
    if rng.random() < 0.6:
        lines = lines[: spot + 1]
    return replace(problem, lines=tuple(lines))
