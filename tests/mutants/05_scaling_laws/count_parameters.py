# %% mutant: four_square_matrices
# misconception: Attention has four matrices of hidden x hidden.
# fails: scaling_laws-count-count_parameters-tests
# says: ignores grouped-query
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 4 * hidden * hidden
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: few_heads_everywhere
# misconception: All matrices of attention have the size that the key/value heads give.
# fails: scaling_laws-count-count_parameters-tests
# says: small number of heads
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 4 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: no_output_matrix
# misconception: Attention is query, key and value.
# fails: scaling_laws-count-count_parameters-tests
# says: (o_proj)
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: full_length_heads
# misconception: Every head looks at the whole vector, so it has length hidden.
# fails: scaling_laws-count-count_parameters-tests
# breaks: Heads have length
# says: Each head has length hidden // heads
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: two_mlp_matrices
# misconception: An MLP is one matrix up and one down.
# fails: scaling_laws-count-count_parameters-tests
# says: three matrices (gate, up and down); you counted two
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 2 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: no_norms
# misconception: Norms have no parameters that matter.
# fails: scaling_laws-count-count_parameters-tests
# breaks: norms count
# says: The norms are missing, two in each layer and one at the end
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp)
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: no_layer_norms
# misconception: The only norm is the last one.
# fails: scaling_laws-count-count_parameters-tests
# says: The norms inside the layers are missing
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: one_norm_a_layer
# misconception: A layer has one norm.
# fails: scaling_laws-count-count_parameters-tests
# says: A layer has two norms
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + hidden) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: no_last_norm
# misconception: Norms are in the layers.
# fails: scaling_laws-count-count_parameters-tests
# says: The norm after the last layer is missing
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden)
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: last_norm_in_each_layer
# misconception: The last norm belongs to the layer.
# fails: scaling_laws-count-count_parameters-tests
# says: multiplied the last norm
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 3 * hidden)
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: norms_with_bias
# misconception: A norm has a scale and a shift, as in GPT-2.
# fails: scaling_laws-count-count_parameters-tests
# says: one vector each and no bias
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 4 * hidden) + 2 * hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: matrices_with_bias
# misconception: Every matrix comes with a bias, as in GPT-2.
# fails: scaling_laws-count-count_parameters-tests
# breaks: of Llama's form
# says: no biases
def count_parameters(config):
    hidden, heads, mlp = config["hidden_size"], config["num_attention_heads"], config["intermediate_size"]
    head = hidden // heads
    small = config["num_key_value_heads"] * head
    attention = hidden * (heads * head) + heads * head + 2 * (hidden * small + small) + heads * head * hidden + hidden
    layer = attention + 2 * (hidden * mlp + mlp) + mlp * hidden + hidden + 2 * hidden
    non_embedding = config["num_hidden_layers"] * layer + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: one_layer
# misconception: The layers share their weights.
# fails: scaling_laws-count-count_parameters-tests
# says: You counted one layer only
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = (attention + mlp + 2 * hidden) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: head_is_no_embedding
# misconception: The output head is a matrix like any other.
# fails: scaling_laws-count-count_parameters-tests
# says: The output head is a matrix with a row per word
def count_parameters(config):
    hidden, matrix = config["hidden_size"], config["vocab_size"] * config["hidden_size"]
    head = hidden // config["num_attention_heads"]
    attention = 2 * hidden * config["num_attention_heads"] * head + 2 * hidden * config["num_key_value_heads"] * head
    layer = attention + 3 * hidden * config["intermediate_size"] + 2 * hidden
    body = config["num_hidden_layers"] * layer + hidden + (0 if config["tie_word_embeddings"] else matrix)
    return {"non_embedding": body, "total": body + matrix}


# %% mutant: embedding_counted
# misconception: Parameters are parameters: non_embedding is all of them.
# fails: scaling_laws-count-count_parameters-tests
# says: non_embedding leaves out the two matrices
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding + matrices * config["vocab_size"] * hidden, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: total_is_the_matrices
# misconception: total is what comes on top of non_embedding.
# fails: scaling_laws-count-count_parameters-tests
# says: total is everything
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": matrices * config["vocab_size"] * hidden}


# %% mutant: exchanged
# misconception: non_embedding is the larger number.
# fails: scaling_laws-count-count_parameters-tests
# says: The two are exchanged
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"total": non_embedding, "non_embedding": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: always_tied
# misconception: The head is the embedding, used backwards.
# fails: scaling_laws-count-count_parameters-tests
# says: total holds two matrices
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 1
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: never_tied
# misconception: There is an embedding and a head, so there are two matrices.
# fails: scaling_laws-count-count_parameters-tests
# breaks: a tied matrix counts once
# says: one matrix and count once
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: tied_is_free
# misconception: A tied matrix is shared, so it adds nothing.
# fails: scaling_laws-count-count_parameters-tests
# says: still a parameter
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 0 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: true_division
# misconception: / divides integers too.
# fails: scaling_laws-count-count_parameters-tests
# says: is a float, expected an int
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden / heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: head_of_two
# misconception: Heads have length 2, as in the toy.
# fails: scaling_laws-count-count_parameters-tests
# says: belongs to the toy
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = 2
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: toy_answer
# misconception: The toy has 260 and 300, and that is what the test wants.
# fails: scaling_laws-count-count_parameters-tests
# says: three layers of 144
def count_parameters(config):
    return {"non_embedding": 260, "total": 300}


# %% mutant: pair
# misconception: Two numbers are a tuple.
# fails: scaling_laws-count-count_parameters-tests
# breaks: Returns {"non_embedding"
# says: a dict with the keys non_embedding and total
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return non_embedding, non_embedding + matrices * config["vocab_size"] * hidden


# %% mutant: library
# misconception: The library knows its own sizes best.
# fails: scaling_laws-count-count_parameters-tests
# says: You let the library build the model
def count_parameters(config):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    with torch.device("meta"):
        model = LlamaForCausalLM(LlamaConfig(**config))
    total = sum(weight.numel() for weight in model.parameters())
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": total - matrices * config["vocab_size"] * config["hidden_size"], "total": total}


# %% mutant: writes_into_config
# misconception: The configuration is a good place for intermediate results.
# fails: scaling_laws-count-count_parameters-tests
# says: leaves the configuration as it was
def count_parameters(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = config["head_dim"] = hidden // heads
    attention = 2 * hidden * heads * head + 2 * hidden * config["num_key_value_heads"] * head
    mlp = 3 * hidden * config["intermediate_size"]
    non_embedding = config["num_hidden_layers"] * (attention + mlp + 2 * hidden) + hidden
    matrices = 1 if config["tie_word_embeddings"] else 2
    return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden}


# %% mutant: through_floats
# misconception: / and int undo each other.
# fails: scaling_laws-count-count_parameters-tests
# says: to the last one
# edit: return {"non_embedding": non_embedding, "total": non_embedding + matrices * config["vocab_size"] * hidden} -> return {"non_embedding": non_embedding, "total": int(float(non_embedding) + matrices * config["vocab_size"] * hidden)}


# %% mutant: numbers_by_position
# misconception: The numbers come in the order of the docstring.
# fails: scaling_laws-count-count_parameters-tests
# says: look numbers up by name
# breaks: config: vocab_size
# edit: hidden = config["hidden_size"] -> hidden = list(config.values())[1]


# %% variant: list_of_shapes
# note: Every tensor by its shape.
def count_parameters(config: dict) -> dict[str, int]:
    width, mlp = config["hidden_size"], config["intermediate_size"]
    head = width // config["num_attention_heads"]
    shapes = []
    for _ in range(config["num_hidden_layers"]):
        for heads in (config["num_attention_heads"], config["num_key_value_heads"]):
            shapes += [(width, heads * head)] * 2
        shapes += [(width, mlp), (width, mlp), (mlp, width), (width,), (width,)]
    shapes.append((width,))
    body = sum(math.prod(shape) for shape in shapes)
    matrices = 2 - config["tie_word_embeddings"]
    return {"total": body + matrices * config["vocab_size"] * width, "non_embedding": body}


# %% variant: total_first
# note: The whole first, then the matrices away.
def count_parameters(config):
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    matrices = config["vocab_size"] * hidden * (1 if config["tie_word_embeddings"] else 2)
    share = config["num_key_value_heads"] * (hidden // config["num_attention_heads"])
    total = matrices + hidden + layers * hidden * (2 * hidden + 2 * share + 3 * config["intermediate_size"] + 2)
    return {"non_embedding": total - matrices, "total": total}


# %% variant: numpy_integers
# note: Products of numpy; its integers are integers too.
def count_parameters(config):
    hidden, mlp = config["hidden_size"], config["intermediate_size"]
    small = hidden // config["num_attention_heads"] * config["num_key_value_heads"]
    layer = np.array([hidden * hidden, hidden * hidden, hidden * small, hidden * small, 3 * hidden * mlp, 2 * hidden])
    body = config["num_hidden_layers"] * layer.sum() + hidden
    return {"non_embedding": body, "total": body + (2 - int(config["tie_word_embeddings"])) * config["vocab_size"] * hidden}


# %% variant: helpers
# note: A function for a layer; an if for the head.
def layer_size(hidden, mlp, heads, shared):
    head = hidden // heads
    query = key = 0
    for _ in range(heads):
        query += hidden * head
    for _ in range(shared):
        key += hidden * head
    return query + key + key + query + hidden * mlp * 3 + hidden + hidden


def count_parameters(config):
    size = layer_size(
        config["hidden_size"], config["intermediate_size"], config["num_attention_heads"], config["num_key_value_heads"]
    )
    non_embedding = size * config["num_hidden_layers"] + config["hidden_size"]
    total = non_embedding + config["vocab_size"] * config["hidden_size"]
    if not config["tie_word_embeddings"]:
        total += config["vocab_size"] * config["hidden_size"]
    return dict(non_embedding=non_embedding, total=total)


# %% variant: weights_as_tensors
# note: Empty tensors made by hand on the meta device, counted; no model of the library.
def count_parameters(config):
    import torch

    hidden, mlp = config["hidden_size"], config["intermediate_size"]
    small = hidden // config["num_attention_heads"] * config["num_key_value_heads"]
    shapes = [(hidden, hidden), (small, hidden), (small, hidden), (hidden, hidden), (3, mlp, hidden), (2, hidden)]
    layer = sum(torch.empty(shape, device="meta").numel() for shape in shapes)
    body = layer * config["num_hidden_layers"] + hidden
    matrices = {True: 1, False: 2}[config["tie_word_embeddings"]]
    return {"non_embedding": body, "total": body + matrices * config["vocab_size"] * hidden}


# %% variant: recursive_layers
# note: A layer and the rest of them; a Counter for the parts.
def _listed(layers, one):
    return one + _listed(layers - 1, one) if layers else 0


def count_parameters(config):
    from collections import Counter

    get = config.__getitem__
    h, q, kv = get("hidden_size"), get("num_attention_heads"), get("num_key_value_heads")
    one = Counter(attention=2 * h * (h // q) * (q + kv), mlp=3 * h * get("intermediate_size"), norms=h + h)
    body = _listed(get("num_hidden_layers"), sum(one.values())) + h
    return dict(non_embedding=body, total=body + h * get("vocab_size") * (1 + (not get("tie_word_embeddings"))))
