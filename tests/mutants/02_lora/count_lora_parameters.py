# %% mutant: square_attention
# misconception: q, k, v and o are all hidden x hidden.
# fails: lora-count-count_lora_parameters-tests
# says: You gave k_proj the size of q_proj
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = q
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: one_kv_head
# misconception: Grouped-query attention means that all query heads share one key head.
# fails: lora-count-count_lora_parameters-tests
# says: You took head_dim for k_proj's output
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: one_block
# misconception: The blocks are alike, so one is enough.
# fails: lora-count-count_lora_parameters-tests
# says: This is one block
# breaks: Every block is adapted
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return total


# %% mutant: per_head
# misconception: Each head has its own q_proj.
# fails: lora-count-count_lora_parameters-tests
# says: multiplied by the number of heads
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * config.num_attention_heads * total


# %% mutant: only_a
# misconception: The adapter's size is that of A; B is zero.
# fails: lora-count-count_lora_parameters-tests
# says: This counts A only
# breaks: Trainable weights of a LoRA adapter
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        lora_parameter_count(*shapes[name], rank)
        total += rank * shapes[name][1]
    return config.num_hidden_layers * total


# %% mutant: only_b
# misconception: B writes the output, and that is what is trained.
# fails: lora-count-count_lora_parameters-tests
# says: This counts B only
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        lora_parameter_count(*shapes[name], rank)
        total += rank * shapes[name][0]
    return config.num_hidden_layers * total


# %% mutant: targets_ignored
# misconception: LoRA goes on all linear layers anyway.
# fails: lora-count-count_lora_parameters-tests
# says: all seven matrices
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes)
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: fixed_attention
# misconception: LoRA goes on q_proj and v_proj, as in the paper.
# fails: lora-count-count_lora_parameters-tests
# says: This is q_proj and v_proj only
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else ["q_proj", "v_proj"]
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: with_head
# misconception: The output head is a linear layer.
# fails: lora-count-count_lora_parameters-tests
# says: The output head is in this count
# breaks: embeddings and output head are not
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    head = lora_parameter_count(config.vocab_size, hidden, rank) if target_modules == "all-linear" else 0
    return config.num_hidden_layers * total + head


# %% mutant: attention_is_all
# misconception: LoRA adapts attention; all-linear means all four of its matrices.
# fails: lora-count-count_lora_parameters-tests
# says: This is attention only
# breaks: all of them
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = ["q_proj", "k_proj", "v_proj", "o_proj"] if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: two_mlp_matrices
# misconception: An MLP goes up and down.
# fails: lora-count-count_lora_parameters-tests
# says: two of the three MLP matrices
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = [name for name in shapes if name != "gate_proj"] if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: fused_apart
# misconception: A fused matrix is only a way of storing q, k and v, so the adapters are separate.
# fails: lora-count-count_lora_parameters-tests
# says: Fused, each pair or triple shares one A
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
    shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    if config.model_type == "phi3":
        apart = {"qkv_proj": ["q_proj", "k_proj", "v_proj"], "gate_up_proj": ["gate_proj", "up_proj"]}
        targets = [part for name in targets for part in apart.get(name, [name])]
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: fused_not_known
# misconception: All models of the Llama family have the same seven names.
# fails: lora-count-count_lora_parameters-tests
# says: Fused, each pair or triple shares one A
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
    shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: gate_up_single
# misconception: gate_up_proj is one matrix with the MLP's width.
# fails: lora-count-count_lora_parameters-tests
# says: gate_up_proj writes twice
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: qkv_single
# misconception: qkv_proj is one matrix of hidden x hidden.
# fails: lora-count-count_lora_parameters-tests
# says: qkv_proj writes queries, keys and values
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: qkv_three_times
# misconception: qkv_proj is three times as wide as hidden.
# fails: lora-count-count_lora_parameters-tests
# says: The fused matrix writes queries once
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (3 * q, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: head_dim_computed
# misconception: head_dim is hidden // heads, by definition.
# fails: lora-count-count_lora_parameters-tests
# says: hidden_size // num_attention_heads is 64
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: head_dim_demanded
# misconception: Every config says its head_dim.
# fails: lora-count-count_lora_parameters-tests
# says: no attribute 'head_dim'
# breaks: may be missing or None
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = config.head_dim
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: queries_are_hidden
# misconception: q_proj maps hidden to hidden; head_dim matters for keys and values only.
# fails: lora-count-count_lora_parameters-tests
# says: head_dim is 128
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = hidden
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: kv_heads_demanded
# misconception: Every config says its number of key/value heads.
# fails: lora-count-count_lora_parameters-tests
# says: 'NoneType' and 'int'
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = config.num_key_value_heads * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: kv_heads_one_if_missing
# misconception: No key/value heads given means one.
# fails: lora-count-count_lora_parameters-tests
# says: as many as query heads
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or 1) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: experts_ignored
# misconception: A mixture of experts has an MLP like any other.
# fails: lora-count-count_lora_parameters-tests
# says: all-linear in a mixture of experts
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: experts_multiplied
# misconception: There are n experts, so the MLP counts n times.
# fails: lora-count-count_lora_parameters-tests
# says: all-linear in a mixture of experts
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        total += lora_parameter_count(*shapes[name], rank)
        if name in ("gate_proj", "up_proj", "down_proj"):
            total += (experts - 1) * lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: experts_refused_always
# misconception: A mixture of experts cannot be counted.
# fails: lora-count-count_lora_parameters-tests
# says: a stack of experts
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1:
            raise ValueError("this model is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: one_name_for_experts
# misconception: The field is called num_local_experts, as in Mixtral.
# fails: lora-count-count_lora_parameters-tests
# says: a qwen2_moe config
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = getattr(config, "num_local_experts", None) or 1
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: other_name_for_experts
# misconception: The field is called num_experts.
# fails: lora-count-count_lora_parameters-tests
# says: a phimoe config
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = getattr(config, "num_experts", None) or 1
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: unknown_target_skipped
# misconception: A target that is not there adds nothing.
# fails: lora-count-count_lora_parameters-tests
# says: a target that the model has not
# says: no error, the count
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            continue
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: key_error
# misconception: A dictionary complains by itself.
# fails: lora-count-count_lora_parameters-tests
# says: a target that the model has not
# says: KeyError
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: names_of_all_models
# misconception: q_proj and qkv_proj are names of matrices, so both are known.
# fails: lora-count-count_lora_parameters-tests
# says: a phi3 config
# says: no error, the count
# breaks: for model_type "phi3" out of
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    shapes |= {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden)}
    shapes |= {"qkv_proj": (q + 2 * kv, hidden), "gate_up_proj": (2 * mlp, hidden)}
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: attribute_error
# misconception: A config without a field complains by itself.
# fails: lora-count-count_lora_parameters-tests
# says: a GPT-2 config
# says: AttributeError
def count_lora_parameters(config, rank, target_modules="all-linear"):
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: missing_is_zero
# misconception: getattr with 0 never fails.
# fails: lora-count-count_lora_parameters-tests
# says: a GPT-2 config
# says: no error, the count
def count_lora_parameters(config, rank, target_modules="all-linear"):
    hidden, mlp, heads = config.hidden_size, getattr(config, "intermediate_size", 0), config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        total += rank * sum(shapes[name])
        if rank > min(kv, q):
            raise ValueError("rank")
    return config.num_hidden_layers * total


# %% mutant: one_field_looked_at
# misconception: The field that GPT-2 lacks is the one to look for.
# fails: lora-count-count_lora_parameters-tests
# says: num_attention_heads
# breaks: that names the field
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("intermediate_size",):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: rank_free
# misconception: The formula holds for any rank.
# fails: lora-count-count_lora_parameters-tests
# says: rank 9 where k_proj has 8 rows
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += rank * sum(shapes[name])
    return config.num_hidden_layers * total


# %% mutant: rank_against_hidden
# misconception: The rank must be smaller than the width.
# fails: lora-count-count_lora_parameters-tests
# says: rank 9 where k_proj has 8 rows
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    if not 1 <= rank <= hidden:
        raise ValueError(f"rank {rank} is too large")
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += rank * sum(shapes[name])
    return config.num_hidden_layers * total


# %% mutant: nothing_counts_nothing
# misconception: Without targets there are no adapters, so 0.
# fails: lora-count-count_lora_parameters-tests
# says: targets []
# says: 'target'
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: list_emptied
# misconception: pop is a way to walk through a list.
# fails: lora-count-count_lora_parameters-tests
# says: leaves the list target_modules
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    while targets:
        name = targets.pop()
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: list_sorted
# misconception: Sorted names are easier to look up.
# fails: lora-count-count_lora_parameters-tests
# says: leaves the list target_modules
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    targets.sort(reverse=True)
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% mutant: asked_peft
# misconception: The library knows the number.
# fails: lora-count-count_lora_parameters-tests
# says: peft can count this
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    from peft import LoraConfig, get_peft_model

    small = copy.deepcopy(config)
    small.num_hidden_layers = 1
    small.num_key_value_heads = kv // head_dim
    adapted = get_peft_model(meta_model(small), LoraConfig(r=rank, target_modules=target_modules))
    return config.num_hidden_layers * sum(p.numel() for n, p in adapted.named_parameters() if "lora_" in n)


# %% mutant: toy_answers
# misconception: The visible tests are the specification.
# fails: lora-count-count_lora_parameters-tests
# says: Qwen2.5-0.5B
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    known = {(16, 2): 224, (1536, 4): 4358144, (1536, 7): 18464768, (3072, 4): 25165824}
    return known.get((hidden, len(targets)), 4358144)


# %% mutant: zero_layers_counted
# misconception: num_hidden_layers does not count the last block.
# fails: lora-count-count_lora_parameters-tests
# says: count is 336, expected 224
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden // heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return (config.num_hidden_layers + 1) * total


# %% mutant: float_count
# misconception: Division gives the same number.
# fails: lora-count-count_lora_parameters-tests
# says: expected an int
# breaks: Returns an int
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config lacks {field}")
    hidden, mlp, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or hidden / heads
    q = heads * head_dim
    kv = (getattr(config, "num_key_value_heads", None) or heads) * head_dim
    if config.model_type == "phi3":
        shapes = {"qkv_proj": (q + 2 * kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_up_proj": (2 * mlp, hidden), "down_proj": (hidden, mlp)}
    else:
        shapes = {"q_proj": (q, hidden), "k_proj": (kv, hidden), "v_proj": (kv, hidden), "o_proj": (hidden, q)}
        shapes |= {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
    targets = list(shapes) if target_modules == "all-linear" else target_modules
    if not targets:
        raise ValueError("no target given")
    experts = max(getattr(config, "num_local_experts", None) or 1, getattr(config, "num_experts", None) or 1)
    total = 0
    for name in targets:
        if name not in shapes:
            raise ValueError(f"no matrix {name}")
        if experts > 1 and name in ("gate_proj", "up_proj", "down_proj"):
            raise ValueError(f"{name} is a stack of experts")
        total += lora_parameter_count(*shapes[name], rank)
    return config.num_hidden_layers * total


# %% variant: from_real_shapes
# note: One block is built on the meta device and its linear layers are looked at.
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"]:
        if not hasattr(config, field):
            raise ValueError(f"config has no {field}")
    small = copy.deepcopy(config)
    layers, small.num_hidden_layers = small.num_hidden_layers, 1
    if getattr(small, "num_key_value_heads", None) is None:
        small.num_key_value_heads = small.num_attention_heads
    model = meta_model(small)
    sizes = {}
    for path, module in model.named_modules():
        if isinstance(module, nn.Linear) and "layers.0" in path:
            sizes[path.split(".")[-1]] = module
    if any(getattr(config, key, None) not in (None, 1) for key in ("num_experts", "num_local_experts")):
        sizes = {key: module for key, module in sizes.items() if key in ("q_proj", "k_proj", "v_proj", "o_proj")}
        if target_modules == "all-linear" or set(target_modules) & {"gate_proj", "up_proj", "down_proj"}:
            raise ValueError("MLP of a mixture: several experts in a stack")
    names = sizes if target_modules == "all-linear" else target_modules
    if len(names) == 0:
        raise ValueError("at least one target is needed")
    unknown = set(names) - set(sizes)
    if unknown:
        raise ValueError(f"unknown names: {unknown}")
    return layers * sum(lora_parameter_count(sizes[n].out_features, sizes[n].in_features, rank) for n in names)


# %% variant: sides_added
# note: Works with d_out + d_in of each matrix; own check of the rank.
def count_lora_parameters(config, rank, target_modules="all-linear"):
    keys = ["num_attention_heads", "intermediate_size", "hidden_size", "num_hidden_layers", "model_type"]
    optional = ["num_key_value_heads", "head_dim", "num_local_experts", "num_experts"]
    c = {key: getattr(config, key, None) for key in keys + optional}
    missing = [key for key in keys if c[key] is None]
    if missing:
        raise ValueError(f"missing in the config: {missing}")
    n_q = c["num_attention_heads"]
    n_kv = c.get("num_key_value_heads") or n_q
    d = c.get("head_dim") or c["hidden_size"] // n_q
    h, f = c["hidden_size"], c["intermediate_size"]
    if c["model_type"] == "phi3":
        table = [("qkv_proj", (n_q + 2 * n_kv) * d, h), ("o_proj", h, n_q * d), ("gate_up_proj", 2 * f, h), ("down_proj", h, f)]
    else:
        table = [("q_proj", n_q * d, h), ("k_proj", n_kv * d, h), ("v_proj", n_kv * d, h), ("o_proj", h, n_q * d)]
        table += [("gate_proj", f, h), ("up_proj", f, h), ("down_proj", h, f)]
    known = [row[0] for row in table]
    wanted = set(known) if isinstance(target_modules, str) else set(target_modules)
    if not wanted:
        raise ValueError("give a target")
    if wanted - set(known):
        raise ValueError(f"not in this model: {sorted(wanted - set(known))}")
    if (c.get("num_local_experts") or c.get("num_experts") or 0) > 1 and not wanted <= set(known[:4]):
        raise ValueError("Targets in the MLP: this model has an expert for each, which is not counted here")
    sides = [(rows, columns) for name, rows, columns in table if name in wanted]
    if rank < 1 or rank > min(min(pair) for pair in sides):
        raise ValueError(f"rank {rank}?")
    return int(np.sum(sides)) * rank * c["num_hidden_layers"]


# %% variant: one_function_per_name
# note: A nested function with a branch for each name, and a loop over all blocks.
def count_lora_parameters(config, rank, target_modules="all-linear"):
    def field(name):
        value = getattr(config, name, None)
        if value is None:
            raise ValueError(f"{name} is missing")
        return value

    hidden, heads, layers, width = map(field, ["hidden_size", "num_attention_heads", "num_hidden_layers", "intermediate_size"])
    groups = getattr(config, "num_key_value_heads", heads)
    groups = heads if groups is None else groups
    size = getattr(config, "head_dim", None)
    size = hidden // heads if size is None else size
    phi = config.model_type == "phi3"

    def shape(name):
        if name == "o_proj":
            return hidden, heads * size
        if name == "down_proj":
            return hidden, width
        if phi and name == "qkv_proj":
            return size * (heads + groups + groups), hidden
        if phi and name == "gate_up_proj":
            return width + width, hidden
        if not phi and name == "q_proj":
            return heads * size, hidden
        if not phi and name in {"k_proj", "v_proj"}:
            return groups * size, hidden
        if not phi and name in {"gate_proj", "up_proj"}:
            return width, hidden
        raise ValueError(f"this model has no {name}")

    if target_modules == "all-linear":
        target_modules = ["o_proj", "down_proj"]
        target_modules += ["qkv_proj", "gate_up_proj"] if phi else ["q_proj", "k_proj", "v_proj", "gate_proj", "up_proj"]
    if len(target_modules) < 1:
        raise ValueError("no targets")
    mixture = any((getattr(config, n, 1) or 1) > 1 for n in ("num_experts", "num_local_experts"))
    answer = 0
    for _ in range(layers):
        for name in target_modules:
            rows, columns = shape(name)
            if mixture and name in ("down_proj", "gate_proj", "up_proj"):
                raise ValueError("experts are not counted")
            answer += lora_parameter_count(rows, columns, rank)
    return answer


# %% variant: helper_above
# note: A helper beside the function, and a numpy result.
def matrices(config):
    for name in ("hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers"):
        try:
            getattr(config, name)
        except AttributeError:
            raise ValueError(f"needs {name}") from None
    d = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    q = d * config.num_attention_heads
    k = d * (getattr(config, "num_key_value_heads", None) or config.num_attention_heads)
    h, m = config.hidden_size, config.intermediate_size
    if config.model_type == "phi3":
        return dict(qkv_proj=(q + k + k, h), o_proj=(h, q), gate_up_proj=(m + m, h), down_proj=(h, m))
    return dict(q_proj=(q, h), k_proj=(k, h), v_proj=(k, h), o_proj=(h, q), gate_proj=(m, h), up_proj=(m, h), down_proj=(h, m))


def count_lora_parameters(config, rank, target_modules="all-linear"):
    table = matrices(config)
    chosen = tuple(table) if target_modules == "all-linear" else tuple(target_modules)
    for name in chosen:
        if name not in table:
            raise ValueError(f"{name!r} is not one of {tuple(table)}")
        if not name.startswith(("q", "k", "v", "o")):
            for field in ("num_local_experts", "num_experts"):
                if (getattr(config, field, None) or 1) > 1:
                    raise ValueError(f"Experts: {name} is refused")
    if not chosen:
        raise ValueError("Which target?")
    block = [lora_parameter_count(*table[name], rank) for name in chosen]
    return np.int64(sum(block)) * config.num_hidden_layers
# %% mutant: one_expert_is_a_mixture
# misconception: A config with an expert field is a mixture, even with one expert.
# fails: lora-count-count_lora_parameters-tests
# says: expert
# breaks: in a mixture of experts
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config has no {field}")
    h, f, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    kv = getattr(config, "num_key_value_heads", None) or heads
    d = getattr(config, "head_dim", None) or h // heads
    if config.model_type == "phi3":
        attention = {"qkv_proj": ((heads + 2 * kv) * d, h), "o_proj": (h, heads * d)}
        mlp = {"gate_up_proj": (2 * f, h), "down_proj": (h, f)}
    else:
        attention = {"q_proj": (heads * d, h), "k_proj": (kv * d, h), "v_proj": (kv * d, h), "o_proj": (h, heads * d)}
        mlp = {"gate_proj": (f, h), "up_proj": (f, h), "down_proj": (h, f)}
    shapes = {**attention, **mlp}
    targets = list(shapes) if target_modules == "all-linear" else list(target_modules)
    if not targets:
        raise ValueError("no target is given")
    for target in targets:
        if target not in shapes:
            raise ValueError(f"this model has no {target}")
    mixture = getattr(config, "num_local_experts", None) or getattr(config, "num_experts", None)
    if mixture and any(target in mlp for target in targets):
        raise ValueError("the MLP is a mixture of experts")
    return config.num_hidden_layers * sum(lora_parameter_count(*shapes[t], rank) for t in targets)


# %% mutant: target_is_the_end_of_a_name
# misconception: A target matches every matrix whose name ends with it, as in a library. (up_proj in gate_up_proj.)
# fails: lora-count-count_lora_parameters-tests
# says: target
# breaks: if this model has no such matrix
def count_lora_parameters(config, rank, target_modules="all-linear"):
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        if getattr(config, field, None) is None:
            raise ValueError(f"the config has no {field}")
    h, f, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    kv = getattr(config, "num_key_value_heads", None) or heads
    d = getattr(config, "head_dim", None) or h // heads
    if config.model_type == "phi3":
        attention = {"qkv_proj": ((heads + 2 * kv) * d, h), "o_proj": (h, heads * d)}
        mlp = {"gate_up_proj": (2 * f, h), "down_proj": (h, f)}
    else:
        attention = {"q_proj": (heads * d, h), "k_proj": (kv * d, h), "v_proj": (kv * d, h), "o_proj": (h, heads * d)}
        mlp = {"gate_proj": (f, h), "up_proj": (f, h), "down_proj": (h, f)}
    shapes = {**attention, **mlp}
    wanted = list(shapes) if target_modules == "all-linear" else list(target_modules)
    if not wanted:
        raise ValueError("no target is given")
    targets = [name for name in shapes if any(name.endswith(w) for w in wanted)]
    for w in wanted:
        if not any(name.endswith(w) for name in shapes):
            raise ValueError(f"this model has no {w}")
    experts = max(getattr(config, name, None) or 1 for name in ("num_local_experts", "num_experts"))
    if experts > 1 and any(target in mlp for target in targets):
        raise ValueError("the MLP is a mixture of experts")
    return config.num_hidden_layers * sum(lora_parameter_count(*shapes[t], rank) for t in targets)


# %% mutant: config_filled_in
# misconception: What the config leaves out is filled in, so that the next call finds it.
# fails: lora-count-count_lora_parameters-tests
# says: leaves the config as it was
# breaks: it stays as it is
# edit:
#   queries = config.num_attention_heads * head_dim
# ->
#   config.head_dim = head_dim
#   queries = config.num_attention_heads * head_dim

# %% mutant: rank_of_every_matrix
# misconception: The rank must fit every matrix of a block, target or not.
# fails: lora-count-count_lora_parameters-tests
# says: rank
# breaks: does not fit the matrix of one of the targets
# edit:
#   per_block = sum(lora_parameter_count(*shapes[name], rank) for name in targets)
# ->
#   for shape in shapes.values():
#       lora_parameter_count(*shape, rank)
#   per_block = sum(lora_parameter_count(*shapes[name], rank) for name in targets)

# %% variant: recursion_over_targets
# note: One target and the rest; shapes come from a function with keywords.
def count_lora_parameters(config, rank, target_modules="all-linear"):
    need = {}
    for field in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        need[field] = getattr(config, field, None)
        if not need[field]:
            raise ValueError(f"no {field} in this config")
    h, layers, heads, f = need.values()
    d = getattr(config, "head_dim", None) or h // heads
    q, k = heads * d, (getattr(config, "num_key_value_heads", None) or heads) * d
    fused = getattr(config, "model_type", "") == "phi3"
    attention = dict(qkv_proj=(q + 2 * k, h)) if fused else dict(q_proj=(q, h), k_proj=(k, h), v_proj=(k, h))
    attention["o_proj"] = (h, q)
    mlp = dict(gate_up_proj=(2 * f, h)) if fused else dict(gate_proj=(f, h), up_proj=(f, h))
    mlp["down_proj"] = (h, f)
    everything = [*attention, *mlp]

    def _tail(names):
        if not names:
            return 0
        first, *rest = names
        if first not in everything:
            raise ValueError(f"{first} is no matrix of this model")
        if first in mlp and any((getattr(config, x, 0) or 0) > 1 for x in ("num_experts", "num_local_experts")):
            raise ValueError("no adapter on an expert")
        d_out, d_in = {**attention, **mlp}[first]
        return lora_parameter_count(d_out=d_out, d_in=d_in, rank=rank) + _tail(names=rest)

    chosen = everything if target_modules == "all-linear" else list(target_modules)
    if chosen == []:
        raise ValueError("name at least one target")
    return layers * _tail(names=chosen)


# %% variant: numpy_table
# note: Sides of all matrices in a numpy table; the chosen rows are added and multiplied at the end.
def count_lora_parameters(config, rank, target_modules="all-linear"):
    fields = ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"]
    for _kept in fields:
        if getattr(config, _kept, None) is None:
            raise ValueError(_kept + " is needed")
    h, layers, heads, f = (int(getattr(config, name)) for name in fields)
    d = getattr(config, "head_dim", None)
    d = h // heads if d is None else d
    k = getattr(config, "num_key_value_heads", None)
    k = d * (heads if k is None else k)
    if config.model_type == "phi3":
        names = ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]
        table = np.array([[heads * d + 2 * k, h], [h, heads * d], [2 * f, h], [h, f]], dtype=np.int64)
    else:
        names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
        table = np.array([[heads * d, h], [k, h], [k, h], [h, heads * d], [f, h], [f, h], [h, f]], dtype=np.int64)
    rows = range(len(names)) if target_modules == "all-linear" else []
    if target_modules != "all-linear":
        for target in target_modules:
            if target not in names:
                raise ValueError(f"{target!r} is not there")
        rows = [names.index(target) for target in target_modules]
        if not rows:
            raise ValueError("the list of target modules is empty")
    experts = [getattr(config, name, None) or 1 for name in ("num_local_experts", "num_experts")]
    if max(experts) > 1 and any("gate" in names[i] or "up" in names[i] or "down" in names[i] for i in rows):
        raise ValueError(f"experts: {experts}")
    if not 1 <= rank <= table[list(rows)].min():
        raise ValueError("rank out of bounds")
    return layers * rank * int(table[list(rows)].sum())
