"""nano-math, the embedded mathematics model: corpus, tokenizer, training, measured behaviour, card."""
