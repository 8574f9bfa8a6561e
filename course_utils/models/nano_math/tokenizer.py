"""The embedded model's tokenizer: byte-level BPE, digits one by one, a chat template."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from transformers import Qwen2Tokenizer

from course_utils.data.word_problems import PEOPLE

END_OF_TEXT = "<|endoftext|>"
IM_START = "<|im_start|>"
IM_END = "<|im_end|>"
PAD = "<|pad|>"
SPECIAL_TOKENS = (END_OF_TEXT, IM_START, IM_END, PAD)

# ChatML. The generation marks tell transformers (and trl's assistant_only_loss) which tokens the assistant
# writes: its text and the <|im_end|> that ends its turn, not the newline after it.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}"
    "{{ '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> Qwen2Tokenizer:
    """A byte-level BPE tokenizer of at most `vocab_size` tokens, of the class that transformers gives Qwen2.

    Digits are split one by one, so that a number's digits are always the same tokens. Each first name is one
    token too, the same at the start of a line as after a space: a small model that meets a name in two
    forms takes much longer to learn to repeat it.
    """
    names = [person.name for person in PEOPLE]
    bpe = Tokenizer(models.BPE())
    # Names are cut off only here, while merges are learned: AutoTokenizer gives every Qwen2 model Qwen2's own
    # way to cut text, whatever its files say. No merge joins a name with the space before it.
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(rf"\b({'|'.join(names)})\b"), behavior="isolated"),
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    learned = json.loads(bpe.to_str())["model"]
    merges = [tuple(merge) for merge in learned["merges"]]
    tokenizer = _build(learned["vocab"], merges)
    broken = [name for name in names if len(tokenizer.tokenize(f" {name}")) != 2]
    # " Hugo" would begin with the merge of " H", which other words need. Its own merges go first.
    merges.sort(key=lambda merge: not any(name.startswith("".join(merge)) for name in broken))
    return _build(learned["vocab"], merges)


def _build(vocab: dict[str, int], merges: list[tuple[str, str]]) -> Qwen2Tokenizer:
    tokenizer = Qwen2Tokenizer(
        vocab=vocab,
        merges=merges,
        unk_token=None,
        eos_token=IM_END,
        pad_token=PAD,
        additional_special_tokens=[IM_START, END_OF_TEXT],
        clean_up_tokenization_spaces=False,
        model_max_length=512,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer
