# %% mutant: query_heads_cached
# misconception: Every head has its own keys and values.
# fails: many_shot_icl-cost-prompt_cost-tests
# breaks: config: num_hidden_layers
# says: grouped-query attention
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_attention_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: keys_only
# misconception: The cache holds keys.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: there are keys and values
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: one_layer_cached
# misconception: The cache is the last layer's.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: you counted one layer
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: numbers_for_bytes
# misconception: A number is a byte.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: You counted numbers
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: bits
# misconception: A float32 has 32.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: You counted bits
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype] * 8


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: square_of_tokens
# misconception: Everything in attention grows with the square.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: not with their square
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens**2 * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: one_token
# misconception: Bytes for each token.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: This is one token's share
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: queries_cached
# misconception: Queries, keys and values.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: You counted the queries too
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * 3 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: queries_of_all_heads_cached
# misconception: Queries of all heads are kept as well.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: You counted the queries too
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * (2 * config["num_key_value_heads"] + config["num_attention_heads"]) * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: float32_always
# misconception: A number has 4 bytes.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: bfloat16 has 2 bytes
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * 4


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: two_bytes_always
# misconception: Caches are kept in 16 bits.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: a float32 has 4 bytes
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * 2


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: one_key_value_head
# misconception: There is one key/value head, which all share.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: The number of key/value heads was not used
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: head_by_key_value_heads
# misconception: The hidden size is shared among the key/value heads.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: four times too much
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_key_value_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: unknown_dtype_is_four
# misconception: Without a known type, 4 bytes.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: an unknown dtype
def kv_cache_bytes(config, tokens, dtype):
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES.get(dtype, 4)


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: key_error
# misconception: A KeyError says enough.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: an unknown dtype
# edit:
#   if dtype not in BYTES:
#       raise ValueError(f"dtype = {dtype!r} is not known: use one of {', '.join(BYTES)}")
# ->

# %% mutant: dtype_unnamed
# misconception: An error needs no details.
# fails: many_shot_icl-cost-prompt_cost-tests
# breaks: with the name in its
# says: int3
# edit:
#   raise ValueError(f"dtype = {dtype!r} is not known: use one of {', '.join(BYTES)}")
# ->
#   raise ValueError("this dtype is not known")

# %% mutant: cache_as_float
# misconception: / divides.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: bytes is a float
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] / config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: full_square
# misconception: Every token looks at every token.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: Every token looks at all four here
# edit:
#   raise ValueError(f"dtype = {dtype!r} is not known: use one of {', '.join(BYTES)}")
# ->
#   raise ValueError(f"dtype {dtype} is not known")
# edit: looks = tokens * cached + tokens * (tokens + 1) // 2 -> looks = tokens * (cached + tokens)

# %% mutant: not_at_itself
# misconception: A token looks at those before it.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: A token looks at itself, too: 1 + 2 + 3 + 4
# edit:
#   raise ValueError(f"dtype = {dtype!r} is not known: use one of {', '.join(BYTES)}")
# ->
#   raise ValueError(f"dtype {dtype} is not known")
# edit: looks = tokens * cached + tokens * (tokens + 1) // 2 -> looks = tokens * cached + tokens * (tokens - 1) // 2

# %% mutant: one_product
# misconception: Attention is queries times keys.
# fails: many_shot_icl-cost-prompt_cost-tests
# breaks: FLOPs of attention
# says: one of the two products
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 2 * head


# %% mutant: multiply_add_is_one
# misconception: A multiply-add is one operation.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: a multiply-add as one FLOP
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * head * 2


# %% mutant: one_operation_each
# misconception: One operation for each number.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: in two products of 2 FLOPs
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * head


# %% mutant: key_value_heads_look
# misconception: Work is shared like the keys.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: every one of the 4 query heads looks
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_key_value_heads"] * looks * 4 * head


# %% mutant: one_layer_works
# misconception: Attention is computed once.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: you counted one
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_attention_heads"] * looks * 4 * head


# %% mutant: half_of_the_square
# misconception: Half of the square, as the text says.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: leaves out half of the diagonal
# edit:
#   raise ValueError(f"dtype = {dtype!r} is not known: use one of {', '.join(BYTES)}")
# ->
#   raise ValueError(f"dtype {dtype} is not known")
# edit: looks = tokens * cached + tokens * (tokens + 1) // 2 -> looks = tokens * cached + tokens**2 // 2

# %% mutant: last_token_only
# misconception: The last token asks the question.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: The last token alone looks
# edit:
#   raise ValueError(f"dtype = {dtype!r} is not known: use one of {', '.join(BYTES)}")
# ->
#   raise ValueError(f"dtype {dtype} is not known")
# edit: looks = tokens * cached + tokens * (tokens + 1) // 2 -> looks = cached + tokens

# %% mutant: hidden_in_each_head
# misconception: Each head works on the whole vector.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: each head has vectors of length
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * config["hidden_size"]


# %% mutant: cached_ignored
# misconception: What is cached is done.
# fails: many_shot_icl-cost-prompt_cost-tests
# breaks: A token looks at all
# says: The new tokens look at the cached ones too
# edit:
#   raise ValueError(f"dtype = {dtype!r} is not known: use one of {', '.join(BYTES)}")
# ->
#   raise ValueError(f"dtype {dtype} is not known")
# edit: looks = tokens * cached + tokens * (tokens + 1) // 2 -> looks = tokens * (tokens + 1) // 2

# %% mutant: new_ones_ignored
# misconception: New tokens look at the cache.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: The new tokens look at each other
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached if cached else tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: all_of_it_again
# misconception: A prompt is computed from its beginning.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: only the new ones look
# edit:
#   raise ValueError(f"dtype = {dtype!r} is not known: use one of {', '.join(BYTES)}")
# ->
#   raise ValueError(f"dtype {dtype} is not known")
# edit: looks = tokens * cached + tokens * (tokens + 1) // 2 -> looks = (tokens + cached) * (tokens + cached + 1) // 2

# %% mutant: itself_left_out_behind_cache
# misconception: A new token looks at the cache and the new ones before it.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: A token looks at itself, too: 101 + 102
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens - 1) // 2 if cached else tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: cached_once
# misconception: The cache is looked at once, by all together.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: not 100 for all
# edit:
#   raise ValueError(f"dtype = {dtype!r} is not known: use one of {', '.join(BYTES)}")
# ->
#   raise ValueError(f"dtype {dtype} is not known")
# edit: looks = tokens * cached + tokens * (tokens + 1) // 2 -> looks = cached + tokens * (tokens + 1) // 2

# %% mutant: one_each
# misconception: Each new token looks at the cache and itself.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: The second new token also looks at the first
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * (cached + 1) if cached else tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: flops_as_float
# misconception: / divides.
# fails: many_shot_icl-cost-prompt_cost-tests
# breaks: Returns an int
# says: flops is a float
# edit:
#   raise ValueError(f"dtype = {dtype!r} is not known: use one of {', '.join(BYTES)}")
# ->
#   raise ValueError(f"dtype {dtype} is not known")
# edit: looks = tokens * cached + tokens * (tokens + 1) // 2 -> looks = tokens * cached + tokens * (tokens + 1) / 2

# %% mutant: hard_coded
# misconception: The text gives the answers.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: The number of layers was not used
def kv_cache_bytes(config, tokens, dtype):
    return 72 * tokens


def attention_flops(config, tokens, cached=0):
    return 144 * sum(range(cached + 1, cached + tokens + 1))


# %% mutant: config_changed
# misconception: The head's length is kept in the config.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: leaves the config as it was
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES:
        raise ValueError(f"dtype {dtype} is not known")
    head = config["head_dim"] = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    head = config["hidden_size"] // config["num_attention_heads"]
    return config["num_hidden_layers"] * config["num_attention_heads"] * looks * 4 * head


# %% mutant: more_dtypes
# misconception: A table of one's own with int8 and float64: BYTES has three keys.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: ValueError
def kv_cache_bytes(config, tokens, dtype):
    sizes = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2, "float8": 1, "int8": 1}
    if dtype not in sizes:
        raise ValueError(f"unknown dtype {dtype!r}")
    head = config["hidden_size"] // config["num_attention_heads"]
    return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * sizes[dtype] * tokens


def attention_flops(config, tokens, cached=0):
    looks = tokens * cached + tokens * (tokens + 1) // 2
    return 4 * config["num_hidden_layers"] * config["hidden_size"] * looks


# %% mutant: through_floats
# misconception: / and int undo each other.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: to the last byte
# breaks: Bytes of the keys and values
# edit: return 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype] -> return int(2.0 * config["num_hidden_layers"] * config["num_key_value_heads"] * head * tokens * BYTES[dtype])


# %% mutant: work_through_floats
# misconception: / and int undo each other.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: to the last operation
# edit: looks = tokens * cached + tokens * (tokens + 1) // 2 -> looks = int(tokens * (cached + (tokens + 1) / 2))


# %% mutant: at_least_one_token
# misconception: A prompt has a token at least.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: the cache of 0 tokens
# edit: * head * tokens * BYTES[dtype] -> * head * max(tokens, 1) * BYTES[dtype]


# %% mutant: dtype_in_any_case
# misconception: Upper and lower case do not matter, nor do spaces.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: no key of BYTES
# breaks: dtype: a key of BYTES
# edit:
#   if dtype not in BYTES:
# ->
#   dtype = dtype.lower().strip() if dtype.lower().strip() in ("float32", "float16", "bfloat16") else dtype
#   if dtype not in BYTES:


# %% mutant: looks_in_32_bits
# misconception: numpy sums as well as Python.
# fails: many_shot_icl-cost-prompt_cost-tests
# says: beyond 32 bits
# edit: looks = tokens * cached + tokens * (tokens + 1) // 2 -> looks = tokens * cached + int(np.arange(1, tokens + 1).sum(dtype=np.int32)) if tokens < 10**6 else tokens * cached + tokens * (tokens + 1) // 2


# %% variant: sum_of_a_range
# note: The looks as a sum, the cache one layer at a time.
def kv_cache_bytes(config, tokens, dtype):
    try:
        size = BYTES[dtype]
    except KeyError:
        raise ValueError(f"unknown dtype {dtype}") from None
    head = config["hidden_size"] // config["num_attention_heads"]
    keys = tokens * config["num_key_value_heads"] * head
    return config["num_hidden_layers"] * (keys + keys) * size


def attention_flops(config, tokens, cached=0):
    looks = sum(range(cached + 1, cached + tokens + 1))
    return 4 * config["hidden_size"] * config["num_hidden_layers"] * looks


# %% variant: two_triangles
# note: The whole triangle without the cached one.
def kv_cache_bytes(config, tokens, dtype):
    if dtype not in BYTES.keys():
        raise ValueError(dtype)
    share = config["num_key_value_heads"] * config["hidden_size"] // config["num_attention_heads"]
    return tokens * config["num_hidden_layers"] * share * BYTES[dtype] << 1


def attention_flops(config, tokens, cached=0):
    def triangle(n):
        return n * (n + 1) // 2

    head, rest = divmod(config["hidden_size"], config["num_attention_heads"])
    products = 2 * (2 * head) * config["num_attention_heads"]
    return products * config["num_hidden_layers"] * (triangle(cached + tokens) - triangle(cached))


# %% variant: shapes_and_prod
# note: math.prod over the cache's shape.
def kv_cache_bytes(config, tokens, dtype):
    if BYTES.get(dtype) is None:
        raise ValueError(f"{dtype!r}: use one of {list(BYTES)}")
    head = int(config["hidden_size"] / config["num_attention_heads"])
    return math.prod([2, config["num_hidden_layers"], config["num_key_value_heads"], tokens, head]) * BYTES[dtype]


def attention_flops(config, tokens, cached=0):
    first, last = cached + 1, cached + tokens
    looks = (first + last) * tokens // 2
    return math.prod([looks, config["num_hidden_layers"], config["hidden_size"], 2, 2])


# %% variant: loops
# note: A loop over tokens, and a conditional chain of types.
def kv_cache_bytes(config, tokens, dtype):
    if dtype == "float32":
        size = 4
    elif dtype in ("bfloat16", "float16"):
        size = 2
    else:
        raise ValueError("dtype " + str(dtype))
    head = config["hidden_size"] // config["num_attention_heads"]
    return tokens * size * head * config["num_key_value_heads"] * config["num_hidden_layers"] * 2


def attention_flops(config, tokens, cached=0):
    flops = 0
    for place in range(tokens):
        flops += 4 * (cached + place + 1) * config["hidden_size"]
    return flops * config["num_hidden_layers"]


# %% variant: recursion
# note: A token's looks, then those of the tokens before it, in a helper.
def _many(tokens, cached):
    return 0 if tokens < 1 else cached + tokens + (_many(tokens - 1, cached) if tokens < 100 else (tokens - 1) * cached + tokens * (tokens - 1) // 2)


def kv_cache_bytes(config, tokens, dtype):
    size = BYTES.get(dtype)
    if size is None:
        raise ValueError("no such dtype: " + dtype)
    head, rest = divmod(config["hidden_size"], config["num_attention_heads"])
    one = (config["num_key_value_heads"], head, size, tokens)
    return math.prod(one) * config["num_hidden_layers"] << 1


def attention_flops(config, tokens, cached=0):
    return config["num_hidden_layers"] * config["hidden_size"] * _many(tokens, cached) * 4


# %% variant: arithmetic_mean
# note: First and last look, halved; the cache by adding up.
def kv_cache_bytes(config, tokens, dtype):
    try:
        size = BYTES[dtype]
    except KeyError:
        raise ValueError(f"{dtype} is none of {list(BYTES)}") from None
    head = config["hidden_size"] // config["num_attention_heads"]
    keys = sum(head * size for _ in range(config["num_key_value_heads"]))
    return tokens * sum(keys + keys for _ in range(config["num_hidden_layers"]))


def attention_flops(config, tokens, cached=0):
    first, last = cached + 1, cached + tokens
    return config["num_hidden_layers"] * 2 * config["hidden_size"] * (first + last) * tokens
