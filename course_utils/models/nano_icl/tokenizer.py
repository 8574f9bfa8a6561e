"""The in-context learner's tokenizer: one token for each word, number and separator."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from course_utils.data.icl_words import SEPARATORS, UNTRAINED_SEPARATOR, vocabulary

PAD, BOS, EOS, UNKNOWN = "[pad]", "[bos]", "[eos]", "[unk]"
SPECIAL_TOKENS = (PAD, BOS, EOS, UNKNOWN)


def build_tokenizer(context: int) -> PreTrainedTokenizerFast:
    """Text is cut at spaces; separators are words of their own even without spaces around them.

    [bos] is put in front unless add_special_tokens=False. A word that the model has never seen becomes [unk].
    context: the longest text in tokens that the model was trained on.
    """
    words = {word: number for number, word in enumerate((*SPECIAL_TOKENS, *vocabulary()))}
    backend = Tokenizer(models.WordLevel(words, unk_token=UNKNOWN))
    marks = (*SEPARATORS, UNTRAINED_SEPARATOR)
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(
                Regex("[" + "".join(f"\\x{ord(mark):02x}" for mark in marks) + "]"), "isolated"
            ),
            pre_tokenizers.Split(" ", "removed"),
        ]
    )
    # Words are joined by spaces, and a line break stands alone.
    backend.decoder = decoders.Sequence(
        [decoders.WordPiece(prefix="##", cleanup=False), decoders.Fuse(), decoders.Replace(" \n ", "\n")]
    )
    backend.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, words[BOS])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        unk_token=UNKNOWN,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        model_max_length=context,
    )


def save_tokenizer(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Save so that AutoTokenizer gives this very tokenizer, beside a model of the kind Qwen2 too.

    AutoTokenizer gives every Qwen2 model Qwen2's own tokenizer, whatever its files say, unless the files name
    code of their own; that name it then passes over, and takes the class that the files say. Ours is such a name.
    """
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    config["tokenizer_class"] = PreTrainedTokenizerFast.__name__
    config["auto_map"] = {"AutoTokenizer": [config["tokenizer_class"]] * 2}
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
