# %% mutant: no_attention
# misconception: Work is weights times tokens; attention has no weights of its own.
# fails: scaling_laws-count-exact_training_flops-tests
# says: The work between tokens is missing
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices
    forward = config["num_hidden_layers"] * layer + 2 * config["vocab_size"] * hidden
    return 3 * forward * tokens


# %% mutant: scores_only
# misconception: Attention is queries against keys.
# fails: scaling_laws-count-exact_training_flops-tests
# says: Attention counts for half of what it costs
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 2 * context_length * heads * head
    forward = config["num_hidden_layers"] * layer + 2 * config["vocab_size"] * hidden
    return 3 * forward * tokens


# %% mutant: causal_half
# misconception: A token sees only earlier ones, so half the square is not computed.
# fails: scaling_laws-count-exact_training_flops-tests
# breaks: all pairs of a row
# says: masks it afterwards
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 2 * context_length * heads * head
    forward = config["num_hidden_layers"] * layer + 2 * config["vocab_size"] * hidden
    return 3 * forward * tokens


# %% mutant: few_heads_attend
# misconception: There is one key/value head, so attention runs once.
# fails: scaling_laws-count-exact_training_flops-tests
# says: Attention counts for half of what it costs
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 4 * context_length * config["num_key_value_heads"] * head
    forward = config["num_hidden_layers"] * layer + 2 * config["vocab_size"] * hidden
    return 3 * forward * tokens


# %% mutant: attention_once
# misconception: Attention happens once in the model.
# fails: scaling_laws-count-exact_training_flops-tests
# says: in every layer
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    forward = config["num_hidden_layers"] * 2 * matrices + 4 * context_length * hidden + 2 * config["vocab_size"] * hidden
    return 3 * forward * tokens


# %% mutant: square_per_token
# misconception: Attention is quadratic in the context.
# fails: scaling_laws-count-exact_training_flops-tests
# says: per token it grows with context_length
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 4 * context_length**2 * heads * head
    forward = config["num_hidden_layers"] * layer + 2 * config["vocab_size"] * hidden
    return 3 * forward * tokens


# %% mutant: all_tokens
# misconception: Every token looks at all tokens that are read.
# fails: scaling_laws-count-exact_training_flops-tests
# says: not with all tokens
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 4 * tokens * heads * head
    forward = config["num_hidden_layers"] * layer + 2 * config["vocab_size"] * hidden
    return 3 * forward * tokens


# %% mutant: fixed_context
# misconception: Rows have 5 tokens.
# fails: scaling_laws-count-exact_training_flops-tests
# says: does not grow with the context
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 4 * 5 * heads * head
    forward = config["num_hidden_layers"] * layer + 2 * config["vocab_size"] * hidden
    return 3 * forward * tokens


# %% mutant: embedding_multiplied
# misconception: The embedding is a matrix, so it is multiplied too.
# fails: scaling_laws-count-exact_training_flops-tests
# says: the embedding is a look-up
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 4 * context_length * heads * head
    forward = config["num_hidden_layers"] * layer + 4 * config["vocab_size"] * hidden
    return 3 * forward * tokens


# %% mutant: norms_multiplied
# misconception: Norms have weights, so they cost 2 FLOPs per weight.
# fails: scaling_laws-count-exact_training_flops-tests
# says: norms are no matrix products
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"] + 2 * hidden
    layer = 2 * matrices + 4 * context_length * heads * head
    forward = config["num_hidden_layers"] * layer + 2 * config["vocab_size"] * hidden + 2 * hidden
    return 3 * forward * tokens


# %% mutant: no_head
# misconception: Only the layers compute.
# fails: scaling_laws-count-exact_training_flops-tests
# says: The output head is missing
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 4 * context_length * heads * head
    forward = config["num_hidden_layers"] * layer
    return 3 * forward * tokens


# %% mutant: tied_head_is_free
# misconception: A tied head has no weights of its own, so it costs nothing.
# fails: scaling_laws-count-exact_training_flops-tests
# says: tied matrix is still multiplied
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 4 * context_length * heads * head
    forward = config["num_hidden_layers"] * layer + 2 * (not config["tie_word_embeddings"]) * config["vocab_size"] * hidden
    return 3 * forward * tokens


# %% mutant: non_embedding_for_matrices
# misconception: The weights in matrices are the non-embedding parameters of exercise 1.
# fails: scaling_laws-count-exact_training_flops-tests
# says: You took non_embedding
def exact_training_flops(config, tokens, context_length):
    weights = count_parameters(config)["non_embedding"]
    attention = 4 * context_length * config["hidden_size"] * config["num_hidden_layers"]
    return 3 * (2 * weights + attention) * tokens


# %% mutant: total_for_matrices
# misconception: The weights in matrices are all parameters.
# fails: scaling_laws-count-exact_training_flops-tests
# says: 20 weights too many
def exact_training_flops(config, tokens, context_length):
    weights = count_parameters(config)["total"] - config["vocab_size"] * config["hidden_size"]
    attention = 4 * context_length * config["hidden_size"] * config["num_hidden_layers"]
    return 3 * (2 * weights + attention) * tokens


# %% mutant: six_n_d
# misconception: Exactly 6ND.
# fails: scaling_laws-count-exact_training_flops-tests
# says: The work between tokens is missing
def exact_training_flops(config, tokens, context_length):
    return 6 * count_parameters(config)["non_embedding"] * tokens


# %% mutant: forward_only
# misconception: FLOPs are counted forward.
# fails: scaling_laws-count-exact_training_flops-tests
# breaks: forward and backward
# says: This is the forward pass alone
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 4 * context_length * heads * head
    forward = config["num_hidden_layers"] * layer + 2 * config["vocab_size"] * hidden
    return forward * tokens


# %% mutant: backward_as_forward
# misconception: Backward costs what forward costs.
# fails: scaling_laws-count-exact_training_flops-tests
# says: not the same
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 4 * context_length * heads * head
    forward = config["num_hidden_layers"] * layer + 2 * config["vocab_size"] * hidden
    return 2 * forward * tokens


# %% mutant: multiply_adds
# misconception: A multiply-add is one operation.
# fails: scaling_laws-count-exact_training_flops-tests
# says: A multiply-add is two FLOPs
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 4 * context_length * heads * head
    forward = config["num_hidden_layers"] * layer + 2 * config["vocab_size"] * hidden
    return 3 * forward * tokens // 2


# %% mutant: one_token
# misconception: The count is per token.
# fails: scaling_laws-count-exact_training_flops-tests
# says: This is the count for one token
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 4 * context_length * heads * head
    forward = config["num_hidden_layers"] * layer + 2 * config["vocab_size"] * hidden
    return 3 * forward


# %% mutant: square_matrices
# misconception: All four matrices of attention are hidden x hidden.
# fails: scaling_laws-count-exact_training_flops-tests
# breaks: as in count_parameters
# says: ignores grouped-query
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 4 * hidden * hidden
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 4 * context_length * heads * head
    forward = config["num_hidden_layers"] * layer + 2 * config["vocab_size"] * hidden
    return 3 * forward * tokens


# %% mutant: float_result
# misconception: Large numbers are floats.
# fails: scaling_laws-count-exact_training_flops-tests
# breaks: Returns an int
# says: is a float, expected an int
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    matrices = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    matrices += 3 * hidden * config["intermediate_size"]
    layer = 2 * matrices + 4 * context_length * heads * head
    forward = config["num_hidden_layers"] * layer + 2 * config["vocab_size"] * hidden
    return 3.0 * forward * tokens


# %% mutant: hard_coded
# misconception: The text gives 2,040 for each token.
# fails: scaling_laws-count-exact_training_flops-tests
# says: four rows of 10 tokens
# says: does not grow with the context
def exact_training_flops(config, tokens, context_length):
    return 2040 * tokens


# %% mutant: changes_config
# misconception: Fills in a value that it needs, in the caller's dict.
# fails: scaling_laws-count-exact_training_flops-tests
# says: config
def exact_training_flops(config, tokens, context_length):
    config["head_dim"] = config["hidden_size"] // config["num_attention_heads"]
    h, layers = config["hidden_size"], config["num_hidden_layers"]
    kv = config["head_dim"] * config["num_key_value_heads"]
    weights = layers * (2 * h * h + 2 * h * kv + 3 * h * config["intermediate_size"]) + config["vocab_size"] * h
    return 3 * tokens * (2 * weights + 4 * layers * context_length * h)


# %% mutant: whole_rows
# misconception: tokens // context_length rows; what does not fill a row is not counted.
# fails: scaling_laws-count-exact_training_flops-tests
# breaks: how many are read
# says: tokens
def exact_training_flops(config, tokens, context_length):
    h, layers = config["hidden_size"], config["num_hidden_layers"]
    kv = h // config["num_attention_heads"] * config["num_key_value_heads"]
    weights = layers * (2 * h * h + 2 * h * kv + 3 * h * config["intermediate_size"]) + config["vocab_size"] * h
    rows = tokens // context_length
    return 3 * rows * context_length * (2 * weights + 4 * layers * context_length * h)


# %% mutant: through_floats
# misconception: / and int undo each other.
# fails: scaling_laws-count-exact_training_flops-tests
# says: Whole numbers stay exact
# edit: return 3 * forward * tokens -> return int(3.0 * forward * tokens)


# %% mutant: context_of_the_time
# misconception: Models read 4,096 tokens at most.
# fails: scaling_laws-count-exact_training_flops-tests
# says: what the caller says
# edit: + 4 * context_length * heads * head -> + 4 * min(context_length, 4096) * heads * head


# %% variant: product_by_product
# note: Every matrix product by its three sizes.
def exact_training_flops(config: dict, tokens: int, context_length: int) -> int:
    width, mlp, heads = config["hidden_size"], config["intermediate_size"], config["num_attention_heads"]
    head, shared = width // heads, config["num_key_value_heads"]
    products = []
    for _ in range(config["num_hidden_layers"]):
        products += [(1, width, heads * head), (1, width, shared * head), (1, width, shared * head)]
        products += [(1, head, context_length), (1, context_length, head)] * heads
        products += [(1, heads * head, width), (1, width, mlp), (1, width, mlp), (1, mlp, width)]
    products.append((1, width, config["vocab_size"]))
    return 6 * tokens * sum(a * b * c for a, b, c in products)


# %% variant: from_the_count
# note: Parameters of exercise 1, without norms, with one matrix.
def exact_training_flops(config, tokens, context_length):
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    weights = count_parameters(config)["non_embedding"] - (2 * layers + 1) * hidden + config["vocab_size"] * hidden
    return tokens * (6 * weights + 12 * layers * context_length * hidden)


# %% variant: row_by_row
# note: Whole rows: attention as a square.
def exact_training_flops(config, tokens, context_length):
    hidden = config["hidden_size"]
    small = hidden // config["num_attention_heads"] * config["num_key_value_heads"]
    per_layer = 2 * context_length * hidden * (2 * hidden + 2 * small + 3 * config["intermediate_size"])
    per_layer += 2 * (2 * context_length**2 * hidden)
    row = config["num_hidden_layers"] * per_layer + 2 * context_length * hidden * config["vocab_size"]
    return (row + 2 * row) // context_length * tokens


# %% variant: forward_then_backward
# note: Forward and backward apart, loops over the layer's parts.
def exact_training_flops(config, tokens, context_length):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    forward = 2 * hidden * config["vocab_size"]
    for _ in range(config["num_hidden_layers"]):
        for size in (heads, config["num_key_value_heads"], config["num_key_value_heads"], heads):
            forward += 2 * hidden * size * head
        for _ in ("gate", "up", "down"):
            forward += 2 * hidden * config["intermediate_size"]
        for _ in ("scores", "values"):
            forward += 2 * context_length * heads * head
    backward = 2 * forward
    return (forward + backward) * tokens


# %% variant: divmod_rows
# note: Whole rows by their squares, what is left token by token.
def _products(config, context):
    h, layers = config["hidden_size"], config["num_hidden_layers"]
    kv = h // config["num_attention_heads"] * config["num_key_value_heads"]
    weights = layers * (h * (h + h) + h * (kv + kv) + h * 3 * config["intermediate_size"]) + h * config["vocab_size"]
    return weights, 2 * layers * context * h


def exact_training_flops(config, tokens, context_length):
    weights, looks = _products(config, context_length)
    rows, rest = divmod(tokens, context_length)
    return 6 * (rows * context_length * (weights + looks) + rest * (weights + looks))


# %% variant: doubled_and_added
# note: 2 FLOPs forward, twice that backward, as sums of lists.
def exact_training_flops(config, tokens, context_length):
    h, q = config["hidden_size"], config["num_attention_heads"]
    head = h // q
    layer = [h * q * head] * 2 + [h * config["num_key_value_heads"] * head] * 2 + [h * config["intermediate_size"]] * 3
    layer += [context_length * q * head] * 2
    products = sum(layer) * config["num_hidden_layers"] + config["vocab_size"] * h
    return sum(share * products * tokens for share in (2, 4))
