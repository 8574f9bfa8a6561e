"""The words of the in-context learning tasks: everything that nano-icl can read.

The list is short on purpose: a tiny model learns to look words up in its prompt only if there are few of them.
"""

from __future__ import annotations

# Two domains of three categories each. A document of words keeps to one domain, unless it says otherwise.
DOMAINS = {"nature": ("animal", "fish", "plant"), "people": ("body", "tool", "sport")}
CATEGORIES = tuple(name for names in DOMAINS.values() for name in names)

WORDS = {
    "animal": ("horse", "sheep", "tiger", "rabbit"),
    "fish": ("trout", "salmon", "tuna", "cod"),
    "plant": ("fern", "oak", "moss", "rose"),
    "body": ("knee", "elbow", "nose", "thumb"),
    "tool": ("hammer", "wrench", "chisel", "ladder"),
    "sport": ("tennis", "rugby", "golf", "hockey"),
}

# Words with two readings: (category in "nature", category in "people").
HOMOGRAPHS = {
    "calf": ("animal", "body"),
    "crane": ("animal", "tool"),
    "bat": ("animal", "sport"),
    "sole": ("fish", "body"),
    "pike": ("fish", "tool"),
    "skate": ("fish", "sport"),
    "palm": ("plant", "body"),
    "bulb": ("plant", "tool"),
    "squash": ("plant", "sport"),
}

NUMBERS = tuple(str(number) for number in range(16))
# Labels that mean nothing until a document gives them a meaning.
LABELS = ("zor", "kip", "dax", "wug", "fep", "tiv", "lun", "gam", "mib", "rus")
# Words of a written-out parity: the count of ones so far, and the word before the answer.
STATES = ("even", "odd")
THEREFORE = "so"

SEPARATORS = ("\n", ";", "|")
UNTRAINED_SEPARATOR = "/"

KEYS = tuple(word for words in WORDS.values() for word in words) + tuple(HOMOGRAPHS) + NUMBERS


def vocabulary() -> tuple[str, ...]:
    """Every word and separator, each once, without the special tokens."""
    return (*SEPARATORS, UNTRAINED_SEPARATOR, *KEYS, *CATEGORIES, *LABELS, *STATES, THEREFORE)
