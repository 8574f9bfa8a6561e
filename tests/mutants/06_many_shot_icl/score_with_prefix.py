# %% mutant: cache_grows
# misconception: The cache belongs to the prefix and stays as it is.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: it grows with every call
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=cache, use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: shallow_copy
# misconception: copy.copy copies.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: it grows with every call
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.copy(cache), use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: use_cache_false
# misconception: use_cache=False leaves the cache as it is.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: it grows with every call
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=cache, use_cache=False).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: cache_replaced
# misconception: The newest cache is the right one.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: it grows with every call
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            output = model(input_ids=ids, past_key_values=cache, use_cache=True)
            logits, cache = output.logits[0, -1], output.past_key_values
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: cropped_by_one
# misconception: A query is one token.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: by the number of its own tokens
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=cache, use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
            cache.crop(-1)
    return torch.stack(rows)


# %% mutant: cropped_before
# misconception: The cache is cropped before the query.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: by the number of its own tokens
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            cache.crop(-ids.shape[1])
            logits = model(input_ids=ids, past_key_values=cache, use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: start_token_again
# misconception: Each text is tokenized as it is.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: A start token stands between prefix and query
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: no_start_token
# misconception: Special tokens are for chat models.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: The start token of the prefix is missing
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, add_special_tokens=False, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: no_prefix
# misconception: The query is what is asked.
# fails: many_shot_icl-cost-score_with_prefix-tests
# breaks: demonstrations, each with its end
# says: The prefix was not used
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: cache_not_passed
# misconception: The model remembers what it read.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: The cache was not passed on
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: first_query_for_all
# misconception: The loop's variable is not used.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: the scores after the first query, for all
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(queries[0], add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: prefix_read_each_time
# misconception: The prompt is prefix and query.
# fails: many_shot_icl-cost-score_with_prefix-tests
# breaks: reading the prefix once
# says: the prefix's 10 tokens are read once
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids, rows = tokenizer.convert_tokens_to_ids(list(labels)), []
    for query in queries:
        ids = tokenizer(prefix + query, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            rows.append(torch.log_softmax(model(input_ids=ids).logits[0, -1], -1)[label_ids])
    return torch.stack(rows)


# %% mutant: new_cache_for_each_query
# misconception: A fresh cache for each query is safe.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: If every call reads the prefix again
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids, rows = tokenizer.convert_tokens_to_ids(list(labels)), []
    with torch.no_grad():
        for query in queries:
            cache = model(input_ids=tokenizer(prefix, return_tensors="pt")["input_ids"], use_cache=True).past_key_values
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            rows.append(torch.log_softmax(model(input_ids=ids, past_key_values=cache).logits[0, -1], -1)[label_ids])
    return torch.stack(rows)


# %% mutant: batch_of_prompts
# misconception: A batch is one call.
# fails: many_shot_icl-cost-score_with_prefix-tests
# breaks: called with the prefix's tokens once
# says: the padding is read too
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    prompts = [tokenizer(prefix + query)["input_ids"] for query in queries]
    longest = max(map(len, prompts))
    ids = torch.tensor([p + [p[-1]] * (longest - len(p)) for p in prompts])
    with torch.no_grad():
        logits = model(input_ids=ids).logits
    rows = logits[range(len(prompts)), [len(p) - 1 for p in prompts]]
    return torch.log_softmax(rows, -1)[:, tokenizer.convert_tokens_to_ids(list(labels))]


# %% mutant: queries_in_one_text
# misconception: All queries stand in one text, and each is asked at its place.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: The queries before it stand in the prompt
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    places, text = [], prefix
    for query in queries:
        text += query
        places.append(len(tokenizer(text)["input_ids"]) - 1)
        text += "\n"
    with torch.no_grad():
        logits = model(input_ids=tokenizer(text, return_tensors="pt")["input_ids"]).logits[0, places]
    return torch.log_softmax(logits, -1)[:, tokenizer.convert_tokens_to_ids(list(labels))]


# %% mutant: positions_from_zero
# misconception: The query's positions begin at 0.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: position_ids
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True, position_ids=torch.arange(ids.shape[1])[None]).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: first_token_of_the_query
# misconception: The query's first position answers.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: the query's first token
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True).logits[0, 0]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: logits_returned
# misconception: The model gives log-probabilities.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: These are logits
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True).logits[0, -1]
            rows.append(logits[label_ids])
    return torch.stack(rows)


# %% mutant: probabilities_returned
# misconception: A score is a probability.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: These are probabilities
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True).logits[0, -1]
            rows.append(torch.softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: normalised_over_labels
# misconception: Only the labels can come next.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: Normalise over all words
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits[label_ids], dim=-1))
    return torch.stack(rows)


# %% mutant: transposed
# misconception: A column for each query.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: Rows and columns are exchanged
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows, dim=1)


# %% mutant: reversed_queries
# misconception: The stack is read from the top.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: they are reversed
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows[::-1])


# %% mutant: sorted_queries
# misconception: Sorted queries are faster.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: they are sorted
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in sorted(queries):
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: line_break_after_query
# misconception: A query ends with a line break.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: Something stands behind the query
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query + "\n", add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: list_of_rows
# misconception: A list of rows is a table.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: It returned a list
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return rows


# %% mutant: hard_coded_zero
# misconception: Shapes are all that matters.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: scores[0, 0] is 0
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    model(input_ids=tokenizer(prefix, return_tensors="pt")["input_ids"])
    return torch.zeros(len(queries), len(labels))


# %% mutant: queries_popped
# misconception: pop takes the queries one by one.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: leaves its arguments as they were
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        while queries:
            query = queries.pop(0)
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits, dim=-1)[label_ids])
    return torch.stack(rows)


# %% mutant: with_a_gradient
# misconception: No torch.no_grad(): the prefix's activations are kept for every question.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: gradient
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    ids = [tokenizer(" " + label, add_special_tokens=False)["input_ids"][0] for label in labels]
    rows = []
    cache = model(input_ids=tokenizer(prefix, return_tensors="pt")["input_ids"], use_cache=True).past_key_values
    for query in queries:
        own = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
        rows.append(torch.log_softmax(model(input_ids=own, past_key_values=cache, use_cache=True).logits[0, -1].float(), -1)[ids])
        cache.crop(-own.shape[1])
    return torch.stack(rows)


# %% mutant: in_the_models_dtype
# misconception: The scores have the dtype that the model computes in.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: float32 also from a bfloat16 model
# breaks: float32 on the CPU
# edit: .logits[0, -1].float().cpu() -> .logits[0, -1].cpu()


# %% mutant: softmax_underflows
# misconception: The logarithm of a softmax is a log_softmax.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: minus infinity
# edit: torch.log_softmax(logits, dim=-1)[label_ids] -> torch.softmax(logits, dim=-1)[label_ids].log()


# %% mutant: label_ids_without_the_space
# misconception: A label's id is that of its word.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: ' ' + label
# breaks: L single tokens
# edit: tokenizer(" " + label, add_special_tokens=False) -> tokenizer(label, add_special_tokens=False)


# %% mutant: first_token_dropped
# misconception: The tokenizer puts a start token in front, which is cut off the query.
# fails: many_shot_icl-cost-score_with_prefix-tests
# says: has a start token
# breaks: at least one token each
# edit: ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"].to( -> ids = tokenizer(query, return_tensors="pt")["input_ids"][:, 1:].to(


# %% variant: deepcopy
# note: A copy of the cache for each query.
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = [tokenizer(" " + label, add_special_tokens=False)["input_ids"][0] for label in labels]
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=copy.deepcopy(cache), use_cache=True).logits[0, -1]
            rows.append(torch.log_softmax(logits.float(), dim=-1)[label_ids])
    return torch.stack(rows)


# %% variant: crop_to_the_prefix
# note: The cache cropped by what it has grown, told by its length.
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = [tokenizer(" " + label, add_special_tokens=False)["input_ids"][0] for label in labels]
    rows = []
    with torch.no_grad():
        ids = tokenizer(prefix, return_tensors="pt")["input_ids"]
        cache = model(input_ids=ids, use_cache=True).past_key_values
        size = ids.shape[1]
        for query in queries:
            ids = tokenizer(query, add_special_tokens=False, return_tensors="pt")["input_ids"]
            logits = model(input_ids=ids, past_key_values=cache, use_cache=True).logits[0, -1]
            cache.crop(size - cache.get_seq_length())
            rows.append(torch.log_softmax(logits.float(), dim=-1)[label_ids])
    return torch.stack(rows)


# %% variant: explicit_positions
# note: Mask and positions given, logits_to_keep=1.
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = [tokenizer.encode(" " + label, add_special_tokens=False)[0] for label in labels]
    start = torch.tensor([tokenizer.encode(prefix)])
    scores = torch.empty(len(queries), len(labels))
    with torch.inference_mode():
        kept = model(start, use_cache=True).past_key_values
        for i, query in enumerate(queries):
            own = torch.tensor([tokenizer.encode(query, add_special_tokens=False)])
            places = torch.arange(start.shape[1], start.shape[1] + own.shape[1])[None]
            mask = torch.ones(1, start.shape[1] + own.shape[1], dtype=torch.long)
            output = model(own, past_key_values=copy.deepcopy(kept), position_ids=places, attention_mask=mask, logits_to_keep=1)
            scores[i] = output.logits[0, 0].float().log_softmax(0)[label_ids]
    return scores.clone()


# %% variant: expanded_cache
# note: Queries of one length share a batch, on a cache that was repeated.
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    label_ids = tokenizer([" " + label for label in labels], add_special_tokens=False, return_tensors="pt")["input_ids"][:, 0]
    own = tokenizer(list(queries), add_special_tokens=False)["input_ids"]
    scores = torch.zeros(len(queries), len(labels))
    with torch.no_grad():
        cache = model(**{"input_ids": torch.tensor([tokenizer(prefix)["input_ids"]])}, use_cache=True).past_key_values
        for length in {len(ids) for ids in own}:
            which = [i for i, ids in enumerate(own) if len(ids) == length]
            shared = copy.deepcopy(cache)
            shared.batch_repeat_interleave(len(which))
            logits = model(input_ids=torch.tensor([own[i] for i in which]), past_key_values=shared).logits[:, -1].float()
            scores[which] = F.log_softmax(logits, -1)[:, label_ids]
    return scores


# %% variant: own_cache_for_each_layer
# note: The cache built anew for every query from the prefix's keys and values.
def _rows(logits, columns):
    return (logits - torch.logsumexp(logits, -1, keepdim=True))[..., columns]


def score_with_prefix(model, tokenizer, prefix, queries, labels):
    from transformers import DynamicCache

    columns = [tokenizer.encode(f" {label}", add_special_tokens=False)[-1] for label in labels]
    with torch.inference_mode():
        first = model(tokenizer(prefix, return_tensors="pt").input_ids.to(model.device), use_cache=True).past_key_values
        kept = [(layer.keys, layer.values) for layer in first.layers]
        out = torch.zeros(len(queries), len(labels))
        for i, query in enumerate(queries):
            cache = DynamicCache()
            for layer, (keys, values) in enumerate(kept):
                cache.update(keys, values, layer)
            ids = torch.tensor([tokenizer.encode(query, add_special_tokens=False)], device=model.device)
            out[i] = _rows(model(input_ids=ids, past_key_values=cache).logits[0, -1].float(), columns)
    return out.clone()


# %% variant: remembered_queries
# note: A query that is asked twice is read once.
def score_with_prefix(model, tokenizer, prefix, queries, labels):
    ids = sum((tokenizer(" " + label, add_special_tokens=False)["input_ids"] for label in labels), [])
    with torch.no_grad():
        cache = model(input_ids=tokenizer([prefix], return_tensors="pt")["input_ids"], use_cache=True).past_key_values

        @functools.cache
        def row(query):
            own = tokenizer([query], return_tensors="pt", add_special_tokens=False)["input_ids"]
            logits = model(input_ids=own, past_key_values=copy.deepcopy(cache), use_cache=True).logits
            return F.log_softmax(logits[0, -1].float(), 0)[ids]

        return torch.cat([row(query)[None] for query in queries]).cpu()
