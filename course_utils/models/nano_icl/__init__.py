"""nano-icl, the embedded in-context learner: tokenizer, training, measured behaviour, card."""
