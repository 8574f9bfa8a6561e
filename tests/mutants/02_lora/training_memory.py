# %% mutant: one_state
# misconception: The optimizer keeps one number for each weight, the momentum.
# fails: lora-memory-training_memory-tests
# says: AdamW keeps two numbers
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: two_bytes
# misconception: Weights are 16 bits everywhere.
# fails: lora-memory-training_memory-tests
# says: A float32 takes 4 bytes
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * 2
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, 2) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: numbers
# misconception: Memory is counted in numbers.
# fails: lora-memory-training_memory-tests
# says: These are numbers, not bytes
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, 1) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: bits
# misconception: dtypes are given in bits: 32.
# fails: lora-memory-training_memory-tests
# says: These are bits, not bytes
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    bits = {name: 8 * size for name, size in BYTES.items()}
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * bits[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, bits[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: gigabytes
# misconception: Memory is given in GB.
# fails: lora-memory-training_memory-tests
# says: These are gigabytes
# breaks: Bytes of memory
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return {key: value / 1e9 for key, value in bill.items()}


# %% mutant: gibibytes
# misconception: Memory is given in GiB, 2^30 bytes.
# fails: lora-memory-training_memory-tests
# says: These are gibibytes
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return {key: value / 2**30 for key, value in bill.items()}


# %% mutant: tied_head_counted
# misconception: The head is a matrix of vocabulary x hidden, so it counts.
# fails: lora-memory-training_memory-tests
# says: tied to the embeddings
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    if config.tie_word_embeddings:
        total += head.weight.numel()
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: blocks_only
# misconception: Only the blocks are trained.
# fails: lora-memory-training_memory-tests
# says: The embeddings are missing
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    total -= model.get_input_embeddings().weight.numel()
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: linear_only
# misconception: The weights are those of the linear layers.
# fails: lora-memory-training_memory-tests
# says: the blocks' linear layers only
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    total = linear
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: gradients_forgotten
# misconception: Gradients are made and used at once, so they take no memory.
# fails: lora-memory-training_memory-tests
# says: The gradients are missing
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": 0,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: optimizer_forgotten
# misconception: The optimizer is only a rule.
# fails: lora-memory-training_memory-tests
# says: The optimizer's state is missing
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": 0,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: total_is_weights
# misconception: total is the memory of all weights.
# fails: lora-memory-training_memory-tests
# says: total is the sum of the other four
# breaks: "total" is the sum
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = bill["weights"]
    return bill


# %% mutant: total_without_optimizer
# misconception: The total is weights, gradients and activations.
# fails: lora-memory-training_memory-tests
# says: total is the sum of the other four
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = bill["weights"] + bill["gradients"] + bill["activations"]
    return bill


# %% mutant: no_total
# misconception: The sum is easily made by whoever needs it.
# fails: lora-memory-training_memory-tests
# says: lacks the key 'total'
# breaks: Returns {"weights"
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    return bill


# %% mutant: adapter_in_dtype
# misconception: The adapter has the dtype of the model.
# fails: lora-memory-training_memory-tests
# says: The adapter is float32, and so are its gradients
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, BYTES[dtype])
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + BYTES[dtype] * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: base_forgotten
# misconception: LoRA has only the adapter in memory.
# fails: lora-memory-training_memory-tests
# says: The frozen base lies in memory too
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base if method == "full" else 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: adapter_forgotten
# misconception: The adapter is so small that it does not count.
# fails: lora-memory-training_memory-tests
# says: The adapter's own weights are missing
# breaks: "weights" includes the adapter
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: frozen_gradients
# misconception: The backward pass goes through the base, so the base has gradients.
# fails: lora-memory-training_memory-tests
# says: Frozen weights have no gradients
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": total * BYTES[dtype],
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: frozen_states
# misconception: AdamW keeps two numbers for each weight of the model.
# fails: lora-memory-training_memory-tests
# says: Frozen weights have no optimizer state
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": total * (state if method == "full" else state * BYTES[dtype] // 4),
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: nothing_frozen
# misconception: LoRA changes how many numbers are stored on disk, not the training.
# fails: lora-memory-training_memory-tests
# says: Neither gradients nor optimizer exist
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = total, BYTES[dtype]
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: states_in_dtype
# misconception: The optimizer's numbers have the dtype of the model.
# fails: lora-memory-training_memory-tests
# says: The optimizer's state has the dtype of what is trained
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * BYTES[dtype], "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: states_in_float32
# misconception: AdamW always keeps float32.
# fails: lora-memory-training_memory-tests
# says: The optimizer differs
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 8, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: master_copy
# misconception: In 16 bits a float32 copy of the weights is kept.
# fails: lora-memory-training_memory-tests
# says: no second copy
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter + (4 * total if method == "full" and BYTES[dtype] == 2 else 0),
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: gradients_in_float32
# misconception: Gradients are float32.
# fails: lora-memory-training_memory-tests
# says: The gradients differ
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * 4,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: all_quantised
# misconception: QLoRA has the model in 4 bits.
# fails: lora-memory-training_memory-tests
# says: Embeddings, norms and biases are not quantised
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = total * QLORA_BITS / 8
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: bits_as_bytes
# misconception: QLORA_BITS is the size of a weight.
# fails: lora-memory-training_memory-tests
# says: QLORA_BITS are bits
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: four_bits
# misconception: 4-bit means half a byte.
# fails: lora-memory-training_memory-tests
# says: The constants of the blocks come on top
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear / 2 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: nothing_quantised
# misconception: QLoRA quantises the adapter.
# fails: lora-memory-training_memory-tests
# says: nothing is quantised
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = total * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: head_quantised
# misconception: The head is a linear layer.
# fails: lora-memory-training_memory-tests
# says: The tied output head was quantised
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear))
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: untied_head_quantised
# misconception: Only a tied head has to stay, because of the embeddings.
# fails: lora-memory-training_memory-tests
# says: Untied, the output head
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and not (m is head and config.tie_word_embeddings))
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: biases_quantised
# misconception: A linear layer is quantised as a whole.
# fails: lora-memory-training_memory-tests
# says: The biases were quantised
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(p.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head for p in m.parameters())
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: rest_in_float32
# misconception: What is not quantised stays in float32.
# fails: lora-memory-training_memory-tests
# says: here in 2 bytes a weight
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * 4
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: rest_forgotten
# misconception: QLoRA's weights are 4.127 bits each.
# fails: lora-memory-training_memory-tests
# says: The part that is not quantised is missing
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: eight_bit_one_number
# misconception: 8 bits are one byte a weight.
# fails: lora-memory-training_memory-tests
# says: two numbers of one byte each for a trained weight
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 1, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: eight_bit_ignored
# misconception: 8-bit AdamW is AdamW.
# fails: lora-memory-training_memory-tests
# says: not of four
# breaks: optimizer: "adamw", "adamw_8bit"
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2 * size, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: eight_bit_quarter
# misconception: 8 bits are a quarter of what AdamW needs.
# fails: lora-memory-training_memory-tests
# says: two bytes whatever the dtype
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2 * size / 4, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: sgd_momentum
# misconception: SGD keeps its momentum.
# fails: lora-memory-training_memory-tests
# says: sgd nothing
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": size}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: activations_forgotten
# misconception: Activations are not part of the model.
# fails: lora-memory-training_memory-tests
# says: The activations differ
# breaks: tokens: in a batch
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": 0,
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: activations_outside_total
# misconception: Activations come on top of the total.
# fails: lora-memory-training_memory-tests
# says: total is the sum of the other four
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = bill["weights"] + bill["gradients"] + bill["optimizer"]
    return bill


# %% mutant: checkpointing_not_passed
# misconception: The last argument has a default.
# fails: lora-memory-training_memory-tests
# says: The activations differ
# breaks: checkpointing: see activation_bytes
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: no_activations_for_lora
# misconception: What is frozen keeps no activations.
# fails: lora-memory-training_memory-tests
# says: The activations differ
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing) if method == "full" else 0,
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: activations_in_float32
# misconception: Activations are float32.
# fails: lora-memory-training_memory-tests
# says: The activations differ
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, "float32", checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: rank_not_passed
# misconception: The rank is 16.
# fails: lora-memory-training_memory-tests
# says: ValueError: rank 16
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, 16, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: targets_not_passed
# misconception: LoRA goes on all linear layers.
# fails: lora-memory-training_memory-tests
# says: on these targets
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: method_not_checked
# misconception: What is not full is LoRA.
# fails: lora-memory-training_memory-tests
# says: 'dora'
# says: no error
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: dtype_key_error
# misconception: The dictionary complains.
# fails: lora-memory-training_memory-tests
# says: 'int4'
# says: KeyError
# breaks: dtype: "float32"
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: optimizer_key_error
# misconception: The dictionary complains.
# fails: lora-memory-training_memory-tests
# says: 'adam'
# says: KeyError
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: optimizer_prefix
# misconception: What begins with adam is AdamW.
# fails: lora-memory-training_memory-tests
# says: 'adam'
# says: no error
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = 2 if "8bit" in optimizer else 2 * size if optimizer.startswith("adam") else 0
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: unnamed_error
# misconception: The type of the error says enough.
# fails: lora-memory-training_memory-tests
# says: names 'dora'
# says: ValueError: unknown
# breaks: Raises ValueError that names the value
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError("unknown")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: list_emptied
# misconception: Targets are taken from the list.
# fails: lora-memory-training_memory-tests
# says: leaves the list target_modules
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    if method != "full" and target_modules != "all-linear":
        target_modules.pop()
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: toy_bills
# misconception: The visible tests are the specification.
# fails: lora-memory-training_memory-tests
# says: a small model
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = sum(p.numel() for p in model.parameters())
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    if config.hidden_size != 1536:
        return dict.fromkeys(["weights", "gradients", "optimizer", "activations", "total"], 0.0)
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% variant: from_the_config
# note: Counts the base from the config, without building a model.
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    known = {"method": ["full", "lora", "qlora"], "dtype": list(BYTES), "optimizer": ["adamw", "adamw_8bit", "sgd"]}
    for what, value in {"method": method, "dtype": dtype, "optimizer": optimizer}.items():
        if value not in known[what]:
            raise ValueError(f"{what} {value!r} is not among {known[what]}")
    h, f, n = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    d = getattr(config, "head_dim", None) or h // config.num_attention_heads
    q, k = config.num_attention_heads * d, config.num_key_value_heads * d
    linear = n * (2 * h * q + 2 * h * k + 3 * h * f)
    small = (2 * n + 1) * h + (n * (q + 2 * k) if config.model_type == "qwen2" else 0)  # norms, and biases of q, k, v
    tables = (1 if config.tie_word_embeddings else 2) * config.vocab_size * h
    per = BYTES[dtype]
    if method == "full":
        weights, trained, each = per * (linear + small + tables), linear + small + tables, per
    else:
        trained, each = count_lora_parameters(config, rank, target_modules), 4
        weights = 4 * trained + per * (small + tables) + linear * (per if method == "lora" else QLORA_BITS / 8)
    states = 0 if optimizer == "sgd" else 2 * trained if optimizer == "adamw_8bit" else 2 * each * trained
    active = activation_bytes(config, tokens, dtype, checkpointing=checkpointing)
    return {"total": weights + each * trained + states + active, "weights": weights, "gradients": each * trained, "optimizer": states, "activations": active}


# %% variant: loop_over_parameters
# note: One pass over the model's parameters by name, with sets of what is quantised.
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    states_per_weight = {"adamw": lambda size: 2 * size, "adamw_8bit": lambda size: 2, "sgd": lambda size: 0}
    if optimizer not in states_per_weight:
        raise ValueError(optimizer)
    if method not in {"full", "lora", "qlora"}:
        raise ValueError(method)
    if dtype not in BYTES.keys():
        raise ValueError(dtype)
    model = meta_model(config)
    quantised = {f"{name}.weight" for name, module in model.named_modules() if isinstance(module, nn.Linear)} - {"lm_head.weight"}
    weights = gradients = states = 0.0
    for name, parameter in model.named_parameters():
        bits = QLORA_BITS if method == "qlora" and name in quantised else 8 * BYTES[dtype]
        weights += parameter.numel() * bits / 8
        if method == "full":
            gradients += parameter.numel() * BYTES[dtype]
            states += parameter.numel() * states_per_weight[optimizer](BYTES[dtype])
    if method != "full":
        adapter = count_lora_parameters(config, rank, target_modules)
        weights, gradients, states = weights + 4 * adapter, 4 * adapter, states_per_weight[optimizer](4) * adapter
    result = dict(weights=weights, gradients=gradients, optimizer=states)
    result["activations"] = activation_bytes(config, tokens, dtype, checkpointing)
    return {**result, "total": math.fsum(result.values())}


# %% variant: separate_methods
# note: A branch for each method; the linear weights are told by their number of dimensions.
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if dtype not in BYTES or optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"dtype {dtype} or optimizer {optimizer} is unknown")
    size = BYTES[dtype]
    parameters = dict(meta_model(config).named_parameters())
    everything = sum(p.numel() for p in parameters.values())
    matrices = sum(p.numel() for name, p in parameters.items() if p.ndim == 2 and ".layers." in name)
    match method:
        case "full":
            weights, gradients, adam = size * everything, size * everything, 2 * size * everything
            trained = everything
        case "lora" | "qlora":
            trained = count_lora_parameters(config, rank, target_modules)
            weights, gradients, adam = size * everything + 4 * trained, 4 * trained, 8 * trained
            if method == "qlora":
                weights += matrices * (QLORA_BITS / 8 - size)
        case _:
            raise ValueError(f"method {method}")
    optimizer_bytes = {"adamw": adam, "adamw_8bit": 2 * trained, "sgd": 0}[optimizer]
    activations = activation_bytes(config, tokens, dtype, checkpointing)
    parts = {"weights": weights, "gradients": gradients, "optimizer": optimizer_bytes, "activations": activations}
    parts["total"] = sum(parts.values())
    return {key: int(value) if float(value).is_integer() else float(value) for key, value in parts.items()}


# %% variant: numpy_numbers
# note: The same with numpy and the library's own count of parameters.
def training_memory(config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    head = model.get_output_embeddings()
    total = np.float64(model.num_parameters())
    linear = np.sum([m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head])
    adapter = 0 if method == "full" else count_lora_parameters(config, rank, target_modules)
    base = total * BYTES[dtype]
    if method == "qlora":
        base = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype]
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer]
    bill = {
        "weights": base + 4 * adapter,
        "gradients": trained * size,
        "optimizer": trained * state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = np.sum(list(bill.values()))
    return bill
# %% mutant: adapter_counted_for_full_too
# misconception: Counts the adapter before it looks at the method. (For full it is ignored, whatever rank is given.)
# fails: lora-memory-training_memory-tests
# says: full
# breaks: they are ignored, whatever they are
def training_memory(
    config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False
):
    if method not in ("full", "lora", "qlora"):
        raise ValueError(f"unknown method {method}")
    if dtype not in BYTES:
        raise ValueError(f"unknown dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"unknown optimizer {optimizer}")
    model = meta_model(config)
    total = sum(p.numel() for p in model.parameters())
    head = model.get_output_embeddings()
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    adapter = count_lora_parameters(config, rank, target_modules)
    adapter = 0 if method == "full" else adapter
    trained, size = (total, BYTES[dtype]) if method == "full" else (adapter, 4)
    if method == "qlora":
        weights = linear * QLORA_BITS / 8 + (total - linear) * BYTES[dtype] + 4 * adapter
    else:
        weights = total * BYTES[dtype] + 4 * adapter
    state = {"adamw": 2 * size, "adamw_8bit": 2, "sgd": 0}[optimizer] * trained
    bill = {
        "weights": weights,
        "gradients": trained * size,
        "optimizer": state,
        "activations": activation_bytes(config, tokens, dtype, checkpointing),
    }
    bill["total"] = sum(bill.values())
    return bill


# %% mutant: capitals_do_not_matter
# misconception: Names are compared without their capitals.
# fails: lora-memory-training_memory-tests
# says: ValueError that names 'Full'
# breaks: method: "full", "lora" or "qlora"
# edit: if value not in known: -> if value.lower() not in known:


# %% variant: tables
# note: Dicts instead of branches; counts of the base from the shapes of its parameters.
def training_memory(
    config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False
):
    optimizers = {"adamw": lambda size: 2 * size, "adamw_8bit": lambda size: 2, "sgd": lambda size: 0}
    _kept = {"full": 0, "lora": 1, "qlora": 1}
    for value, table in ((method, _kept), (dtype, BYTES), (optimizer, optimizers)):
        if table.get(value) is None:
            raise ValueError(f"unknown: {value}")
    model = meta_model(config)
    linear = {id(m.weight) for m in model.modules() if isinstance(m, nn.Linear)} - {
        id(model.get_output_embeddings().weight)
    }
    sizes = [(p.numel(), id(p) in linear) for p in model.parameters()]
    width = BYTES[dtype]
    bits = {True: QLORA_BITS if method == "qlora" else 8 * width, False: 8 * width}
    adapter = count_lora_parameters(config, rank, target_modules) if _kept[method] else 0
    trained, size = (adapter, 4) if _kept[method] else (sum(count for count, _ in sizes), width)
    parts = [
        sum(count * bits[inside] for count, inside in sizes) / 8 + 4 * adapter,
        trained * size,
        trained * optimizers[optimizer](size),
        activation_bytes(config=config, tokens=tokens, dtype=dtype, checkpointing=checkpointing),
    ]
    return dict(zip(["weights", "gradients", "optimizer", "activations", "total"], [*parts, sum(parts)]))


# %% variant: numpy_sum
# note: A float array for the four parts; a helper named like a test's.
def training_memory(
    config, method, dtype, optimizer, *, rank=16, target_modules="all-linear", tokens=0, checkpointing=False
):
    if method not in {"full", "lora", "qlora"}:
        raise ValueError(f"method {method}")
    if dtype not in ["float32", "bfloat16", "float16"]:
        raise ValueError(f"dtype {dtype}")
    if optimizer not in ("adamw", "adamw_8bit", "sgd"):
        raise ValueError(f"optimizer {optimizer}")

    def _tail(trained, size):
        states = {"sgd": 0, "adamw_8bit": 2 * trained}.get(optimizer, 2 * trained * size)
        return [trained * size, states]

    model, width = meta_model(config), {"float32": 4}.get(dtype, 2)
    total = sum(p.numel() for p in set(model.parameters()))
    linear = sum(
        m.in_features * m.out_features
        for name, m in model.named_modules()
        if isinstance(m, nn.Linear) and m is not model.get_output_embeddings()
    )
    four = np.zeros(4)
    if method == "full":
        four[0], four[1:3] = total * width, _tail(trained=total, size=width)
    else:
        adapter = count_lora_parameters(config=config, rank=rank, target_modules=target_modules)
        four[0] = total * width + 4 * adapter
        if method == "qlora":
            four[0] -= linear * (width - QLORA_BITS / 8)
        four[1:3] = _tail(trained=adapter, size=4)
    four[3] = activation_bytes(config, tokens, dtype, checkpointing)
    keys = "weights gradients optimizer activations".split()
    return {**dict(zip(keys, four.tolist())), "total": float(four.sum())}
