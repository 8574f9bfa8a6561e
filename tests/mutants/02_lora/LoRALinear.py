# %% mutant: alpha_forgotten
# misconception: The update is B A x.
# fails: lora-layer-LoRALinear-tests
# says: The scaling alpha / r is missing
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + update.to(result.dtype)


# %% mutant: alpha_not_divided
# misconception: alpha is the scaling.
# fails: lora-layer-LoRALinear-tests
# says: did not divide by the rank
# breaks: alpha: the numerator
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: alpha_times_rank
# misconception: A larger rank deserves a larger factor: alpha times r.
# fails: lora-layer-LoRALinear-tests
# says: multiplied by alpha and by the rank
# breaks: rank_stabilised: scaling is alpha
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha * rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: upside_down
# misconception: The scaling is rank over alpha.
# fails: lora-layer-LoRALinear-tests
# says: The scaling is upside down
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = rank / alpha
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: always_stabilised
# misconception: alpha over the square root of the rank is the better scaling.
# fails: lora-layer-LoRALinear-tests
# says: rank-stabilised option, off by default
# breaks: instead of alpha / rank
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank)
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: never_stabilised
# misconception: rank_stabilised is an option that can be left for later.
# fails: lora-layer-LoRALinear-tests
# says: what rank_stabilised changes
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: without_base
# misconception: The layer returns the adapter's output.
# fails: lora-layer-LoRALinear-tests
# says: The base layer is missing
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return (self.scaling * update).to(result.dtype)


# %% mutant: bias_lost
# misconception: W x is x times W transposed.
# fails: lora-layer-LoRALinear-tests
# says: bias got lost
# breaks: with or without bias
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = x @ self.base.weight.T
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: bias_twice
# misconception: The bias has to be added at the end.
# fails: lora-layer-LoRALinear-tests
# says: The bias came in twice
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        result = result if self.base.bias is None else result + self.base.bias
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: whole_result_scaled
# misconception: The scaling is applied to the layer's result.
# fails: lora-layer-LoRALinear-tests
# says: You scaled the whole result
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return self.scaling * (result + update.to(result.dtype))


# %% mutant: scaled_twice
# misconception: delta_weight is the update, and an update is scaled.
# fails: lora-layer-LoRALinear-tests
# says: scaled by alpha / rank twice
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.delta_weight().T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: subtracted
# misconception: A gradient step is subtracted, so the update is too.
# fails: lora-layer-LoRALinear-tests
# says: You subtracted the adapter
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result - (self.scaling * update).to(result.dtype)


# %% mutant: adapter_not_used
# misconception: The adapter is there as soon as it is created.
# fails: lora-layer-LoRALinear-tests
# says: This is the base alone
# breaks: base(x) + scaling * B A dropout(x)
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result


# %% mutant: base_trains
# misconception: Only what the optimizer gets is trained, so nothing needs to be frozen.
# fails: lora-layer-LoRALinear-tests
# says: weight and bias are not frozen
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: bias_trains
# misconception: The weight W is frozen.
# fails: lora-layer-LoRALinear-tests
# says: The base layer's bias is not frozen
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        base.weight.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: exchanged
# misconception: A is the first factor of the product, so it has d_out rows.
# fails: lora-layer-LoRALinear-tests
# says: A and B are transposed
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(base.in_features, rank, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(rank, base.out_features, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * (self.A @ self.B).T

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A @ self.B
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: linear_submodules
# misconception: A and B are linear layers.
# fails: lora-layer-LoRALinear-tests
# says: A and B are nn.Parameter
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Linear(base.in_features, rank, bias=False)
        self.B = nn.Linear(rank, base.out_features, bias=False)
        nn.init.zeros_(self.B.weight)
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B.weight @ self.A.weight

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.B(self.A(self.dropout(x.float())))
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: b_random
# misconception: Random starts break the symmetry, so both are random.
# fails: lora-layer-LoRALinear-tests
# says: If both are random
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        nn.init.kaiming_uniform_(self.B, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: both_zero
# misconception: The adapter must do nothing at the start, so both are zero.
# fails: lora-layer-LoRALinear-tests
# says: A is not zero at the start
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: a_zero_b_random
# misconception: One of the two is zero; which one does not matter.
# fails: lora-layer-LoRALinear-tests
# says: A the one that starts random
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.B, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: bound_from_rank
# misconception: A was made as (d_in, rank) and turned round afterwards.
# fails: lora-layer-LoRALinear-tests
# says: reads the second dimension
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        self.A.data = nn.init.kaiming_uniform_(torch.empty(base.in_features, rank), a=math.sqrt(5)).T.contiguous()
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: bound_from_d_out
# misconception: The bound follows from the output size.
# fails: lora-layer-LoRALinear-tests
# says: reads the second dimension
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.uniform_(self.A, -1 / math.sqrt(base.out_features), 1 / math.sqrt(base.out_features))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: kaiming_default
# misconception: kaiming_uniform_ as it is.
# fails: lora-layer-LoRALinear-tests
# says: entries of A lie within
# breaks: [-1/sqrt(d_in), 1/sqrt(d_in)]
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A)
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: normal_start
# misconception: Random means a normal distribution.
# fails: lora-layer-LoRALinear-tests
# says: A normal distribution has no bound
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.normal_(self.A, std=1 / math.sqrt(base.in_features))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: small_start
# misconception: Weights start small: a standard deviation of 0.005.
# fails: lora-layer-LoRALinear-tests
# says: are spread evenly
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.normal_(self.A, std=0.005)
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: from_zero_up
# misconception: torch.rand gives numbers between 0 and 1; scaled down they are within the bound.
# fails: lora-layer-LoRALinear-tests
# says: are spread evenly
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        self.A.data = torch.rand(rank, base.in_features) / math.sqrt(base.in_features)
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: signs_only
# misconception: Plus or minus the bound, by chance.
# fails: lora-layer-LoRALinear-tests
# says: are spread evenly
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        self.A.data = (torch.randint(0, 2, self.A.shape) * 2.0 - 1) / math.sqrt(base.in_features)
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: fixed_seed
# misconception: An initialisation has to be repeatable.
# fails: lora-layer-LoRALinear-tests
# says: A fixed seed inside the layer
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        torch.manual_seed(0)
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: merged_at_start
# misconception: The layer has the base in it, so it is merged.
# fails: lora-layer-LoRALinear-tests
# says: (scaling, merged)
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = True

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: dropout_on_base
# misconception: Dropout belongs to the input of the layer.
# fails: lora-layer-LoRALinear-tests
# says: Dropout belongs to the adapter's input only
# breaks: on the adapter's input only
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        x = self.dropout(x)
        result = self.base(x)
        if self.merged:
            return result
        update = x.float() @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: dropout_on_result
# misconception: Dropout stands at the end of a layer.
# fails: lora-layer-LoRALinear-tests
# says: Dropout belongs to the adapter's input only
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = x.float() @ self.A.T @ self.B.T
        return self.dropout(result + (self.scaling * update).to(result.dtype))


# %% mutant: dropout_after_a
# misconception: Dropout acts on the r numbers in the middle.
# fails: lora-layer-LoRALinear-tests
# says: Dropout stands after A
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float() @ self.A.T) @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: dropout_on_update
# misconception: Dropout acts on what the adapter adds.
# fails: lora-layer-LoRALinear-tests
# says: Dropout stands after A
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float() @ self.A.T @ self.B.T)
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: no_dropout
# misconception: Dropout is for large layers.
# fails: lora-layer-LoRALinear-tests
# says: There is no dropout in training mode
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = x.float() @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: dense_update
# misconception: base(x) with W plus the change is the same thing.
# fails: lora-layer-LoRALinear-tests
# says: There is no dropout in training mode
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = x.float() @ (self.B @ self.A).T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: dropout_in_evaluation
# misconception: F.dropout does what nn.Dropout does.
# fails: lora-layer-LoRALinear-tests
# says: In evaluation mode dropout does nothing
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = F.dropout(x.float(), self.dropout.p) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: dropout_without_doubling
# misconception: Dropout sets numbers to zero, and that is all.
# fails: lora-layer-LoRALinear-tests
# says: each number doubled
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = (x.float() * (torch.rand(x.shape) >= self.dropout.p * self.training)) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: a_detached
# misconception: The gradient of A is zero anyway.
# fails: lora-layer-LoRALinear-tests
# says: gradient['A'] is None
# breaks: Gradients reach A
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.detach().T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: no_gradient
# misconception: The forward pass of a frozen layer needs no gradient.
# fails: lora-layer-LoRALinear-tests
# says: Detaching, or building B A under no_grad
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    @torch.no_grad()
    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: data_used
# misconception: .data gives the numbers of a parameter.
# fails: lora-layer-LoRALinear-tests
# says: Detaching, or building B A under no_grad
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.data.T @ self.B.data.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: vectors_only
# misconception: B times A times x, as in the formula.
# fails: lora-layer-LoRALinear-tests
# says: cannot be multiplied
# breaks: x: (..., d_in)
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.B @ (self.A @ self.dropout(x.float()))
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: two_dimensions_only
# misconception: The input is a batch of vectors.
# fails: lora-layer-LoRALinear-tests
# says: leading dimensions
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        x = x.reshape(-1, x.shape[-1])
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: adapter_in_base_dtype
# misconception: Everything in a layer has the dtype of its weight.
# fails: lora-layer-LoRALinear-tests
# says: dtypes on a bfloat16 base
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, dtype=base.weight.dtype, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: float32_out
# misconception: float32 is more exact, so the result stays float32.
# fails: lora-layer-LoRALinear-tests
# says: dtypes on a bfloat16 base
# says: torch.float32
# breaks: in the dtype of base(x)
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update)


# %% mutant: adapter_rounded
# misconception: A and B are cast to the dtype of x, then it works.
# fails: lora-layer-LoRALinear-tests
# says: computes in float32
# says: Use x.float()
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x) @ self.A.T.to(x.dtype) @ self.B.T.to(x.dtype)
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: base_to_float32
# misconception: A layer has one dtype, and the adapter needs float32.
# fails: lora-layer-LoRALinear-tests
# says: (output, A, B, base)[3]
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base.float()
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        kind = x.dtype
        result = self.base(x.float()).to(kind)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: delta_not_scaled
# misconception: delta_weight is B A.
# fails: lora-layer-LoRALinear-tests
# says: scaling is missing from delta_weight
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: delta_transposed
# misconception: x is multiplied from the left, so the change is A.T B.T.
# fails: lora-layer-LoRALinear-tests
# says: This is transposed
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.A.T @ self.B.T

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: delta_with_base
# misconception: delta_weight is the weight that the layer amounts to.
# fails: lora-layer-LoRALinear-tests
# says: without the base's weight
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.base.weight + self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: merged_ignored
# misconception: The flag is only for information.
# fails: lora-layer-LoRALinear-tests
# says: while merged is True
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: base_copied
# misconception: The model given must not be changed, so the layer takes a copy.
# fails: lora-layer-LoRALinear-tests
# says: A copy of the base would double
# breaks: kept, not copied
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base = copy.deepcopy(base)
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: device_forgotten
# misconception: New tensors go where they are needed.
# fails: lora-layer-LoRALinear-tests
# says: A and B are on the device of the base's weight
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: rank_not_checked
# misconception: torch complains by itself.
# fails: lora-layer-LoRALinear-tests
# says: rank 5 on a layer from 9 to 4
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: rank_only_positive
# misconception: A rank above the sides is only a waste.
# fails: lora-layer-LoRALinear-tests
# says: rank 5 on a layer from 9 to 4
# breaks: Raises ValueError
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if rank < 1:
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: larger_side
# misconception: The rank may go up to the larger side.
# fails: lora-layer-LoRALinear-tests
# says: rank 5 on a layer from 9 to 4
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= max(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: base_lost_in_a_list
# misconception: The frozen base is no part of what is trained, so it must not be a submodule.
# fails: lora-layer-LoRALinear-tests
# says: parameters lacks the key 'base.weight'
# breaks: as self.base
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.hold = [base]
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.hold[0](x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: plain_tensors
# misconception: A tensor with requires_grad is a parameter.
# fails: lora-layer-LoRALinear-tests
# says: parameters lacks the key 'A'
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = torch.zeros(rank, base.in_features)
        self.B = torch.zeros(base.out_features, rank)
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.A.requires_grad_()
        self.B.requires_grad_()
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        return result + (self.scaling * update).to(result.dtype)


# %% mutant: asked_peft
# misconception: The library has such a layer.
# fails: lora-layer-LoRALinear-tests
# says: peft has such a layer
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        from peft import LoraConfig
        from peft.tuners.lora import Linear

        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        config = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=dropout, use_rslora=rank_stabilised)
        self.base = base.requires_grad_(False)
        layer = Linear(base, "default", config=config, r=rank, lora_alpha=alpha).float() if base.weight.dtype == torch.float32 else None
        if layer is None:
            layer = Linear(copy.deepcopy(base).float(), "default", config=config, r=rank, lora_alpha=alpha)
        self.A, self.B = layer.lora_A["default"].weight, layer.lora_B["default"].weight
        self.scaling, self.merged = layer.scaling["default"], False
        self.layer = [layer]

    def delta_weight(self):
        return self.layer[0].get_delta_weight("default")

    def forward(self, x):
        if self.merged:
            return self.base(x)
        self.layer[0].train(self.training)
        update = self.layer[0].lora_B["default"](self.layer[0].lora_A["default"](self.layer[0].lora_dropout["default"](x.float())))
        return self.base(x) + (self.scaling * update).to(self.base.weight.dtype)


# %% variant: functional
# note: F.linear twice, F.dropout with the module's mode, an even start.
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if rank < 1 or rank > min(base.weight.shape):
            raise ValueError("rank out of range")
        self.base, self.p, self.merged = base, dropout, False
        self.base.requires_grad_(False)
        limit, place = base.in_features**-0.5, base.weight.device
        self.A = nn.Parameter((torch.rand(rank, base.in_features) * 2 * limit - limit).to(place))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank).to(place))
        self.scaling = alpha / rank ** (0.5 if rank_stabilised else 1)

    def delta_weight(self):
        return (self.B @ self.A).mul(self.scaling)

    def forward(self, x):
        y = self.base(x)
        if not self.merged:
            low = F.linear(F.dropout(x.float(), self.p, self.training), self.A)
            y = y + (F.linear(low, self.B) * self.scaling).to(y.dtype)
        return y


# %% variant: einsum
# note: einsum over any leading dimensions; the scaling goes to the input.
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return torch.einsum("or,ri->oi", self.B, self.A) * self.scaling

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        low = torch.einsum("...i,ri->...r", self.dropout(self.scaling * x.float()), self.A)
        update = torch.einsum("...r,or->...o", low, self.B)
        return result + update.to(result.dtype)


# %% variant: delta_in_forward
# note: The dense change is built in every pass, then applied to the dropped input.
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / math.sqrt(rank) if rank_stabilised else alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        update = self.dropout(x.float()) @ self.delta_weight().T
        return result + update.to(result.dtype)


# %% variant: one_return
# note: The merged case by an if at the end; the scaling as a 0-dimensional tensor's item.
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.zeros(rank, base.in_features, device=base.weight.device))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        self.A.data.uniform_(-1, 1).div_(math.sqrt(base.in_features))
        self.scaling = torch.tensor(alpha / [rank, rank**0.5][rank_stabilised], dtype=torch.float64).item()
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return self.scaling * self.B @ self.A

    def forward(self, x):
        result = self.base(x)
        update = self.dropout(x.float()) @ self.A.T @ self.B.T
        update = (update * self.scaling).to(result.dtype)
        return result if self.merged else torch.add(result, update)


# %% variant: subclass_free_names
# note: Annotated, with other attribute names beside the five; dropout only when asked for.
class LoRALinear(torch.nn.Module):
    def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float = 0.0, rank_stabilised: bool = False):
        super().__init__()
        d_out, d_in = base.weight.shape
        lora_parameter_count(d_out, d_in, rank)  # refuses a rank that does not fit
        self.base = base
        for p in self.base.parameters():
            p.requires_grad_(False)
        self.A = torch.nn.Parameter(nn.init.uniform_(base.weight.new_empty((rank, d_in), dtype=torch.float32), -(d_in**-0.5), d_in**-0.5))
        self.B = torch.nn.Parameter(base.weight.new_zeros((d_out, rank), dtype=torch.float32))
        self.rank, self.alpha = rank, alpha
        self.scaling = alpha / (rank if not rank_stabilised else math.sqrt(rank))
        self.drop = nn.Dropout(dropout) if dropout > 0 else nn.Identity()
        self.merged = False

    def delta_weight(self):
        return self.B @ (self.A * self.scaling)

    def forward(self, x):
        if self.merged:
            return self.base(x)
        y = self.base(x)
        z = self.drop(x).to(torch.float32)
        return y + (z @ self.A.transpose(0, 1) @ self.B.transpose(0, 1) * self.scaling).type_as(y)
# %% mutant: delta_in_the_dtype_of_the_base
# misconception: A change of a weight has the dtype of the weight.
# fails: lora-layer-LoRALinear-tests
# says: float32
# breaks: float32, scaling included
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(f"rank {rank} does not fit")
        self.base = base.requires_grad_(False)
        bound = 1 / math.sqrt(base.in_features)
        self.A = nn.Parameter(torch.empty(rank, base.in_features, device=base.weight.device).uniform_(-bound, bound))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        self.scaling = alpha / (math.sqrt(rank) if rank_stabilised else rank)
        self.dropout = nn.Dropout(dropout)
        self.merged = False

    def delta_weight(self):
        return (self.scaling * self.B @ self.A).to(self.base.weight.dtype)

    def forward(self, x):
        result = self.base(x)
        if self.merged:
            return result
        adapter = F.linear(F.linear(self.dropout(x).float(), self.A), self.B)
        return result + (self.scaling * adapter).to(result.dtype)


# %% mutant: input_detached
# misconception: The adapter's input is data, so it needs no gradient.
# fails: lora-layer-LoRALinear-tests
# says: A, B and x get one
# breaks: Gradients reach A, B and x
# edit: self.dropout(x).float() -> self.dropout(x.detach()).float()

# %% mutant: dropout_in_place
# misconception: Dropout in place saves memory.
# fails: lora-layer-LoRALinear-tests
# says: equals its base
# breaks: stays as it was
# edit: nn.Dropout(dropout) -> nn.Dropout(dropout, inplace=True)

# %% mutant: dropout_at_most_one_half
# misconception: More than half of the input is never dropped.
# fails: lora-layer-LoRALinear-tests
# says: keeps about one number in four
# breaks: dropout: probability
# edit: nn.Dropout(dropout) -> nn.Dropout(min(dropout, 0.5))

# %% mutant: whole_scaling
# misconception: alpha is a multiple of the rank.
# fails: lora-layer-LoRALinear-tests
# says: a random layer
# breaks: alpha: the numerator of the scaling
# edit: alpha / (math.sqrt(rank) if rank_stabilised else rank) -> alpha // (math.sqrt(rank) if rank_stabilised else rank)

# %% mutant: scaling_tensor
# misconception: Everything in a module is a tensor.
# fails: lora-layer-LoRALinear-tests
# says: scaling is a float
# breaks: scaling, a float
# edit: alpha / (math.sqrt(rank) if rank_stabilised else rank) -> torch.tensor(alpha / (math.sqrt(rank) if rank_stabilised else rank))

# %% variant: helpers_and_keywords
# note: einsum, properties and a helper of the class; everything is called by keyword.
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        nn.Module.__init__(self)
        d_out, d_in = base.weight.shape
        if rank < 1 or rank > d_out or rank > d_in:
            raise ValueError(f"rank {rank}")
        self.base, self.merged, self.scaling = base.requires_grad_(False), False, alpha * rank ** (-0.5 if rank_stabilised else -1.0)
        start = (2 * torch.rand(size=(rank, d_in), device=base.weight.device, dtype=torch.float32) - 1) * d_in**-0.5
        self.register_parameter(name="A", param=nn.Parameter(data=start))
        self.register_parameter(name="B", param=nn.Parameter(data=start.new_zeros(d_out, rank)))
        self.p = dropout

    def delta_weight(self):
        return torch.einsum("or,ri->oi", self.B, self.A) * self.scaling

    def _tail(self, x):
        x = F.dropout(input=x.to(torch.float32), p=self.p, training=self.training)
        return torch.einsum("...i,ri,or->...o", x, self.A, self.B) * self.scaling

    def forward(self, x):
        y = self.base(x)
        return y if self.merged else (y + self._tail(x=x).to(y.dtype))


# %% variant: two_products
# note: Matrix products with transposes, the scaling put into B; A starts with kaiming_uniform_.
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0, rank_stabilised=False):
        super().__init__()
        lora_parameter_count(d_out=base.out_features, d_in=base.in_features, rank=rank)
        [p.requires_grad_(False) for p in base.parameters()]
        self.add_module("base", base)
        self.drop = nn.Dropout(p=dropout)
        self.scaling = float(alpha) / float(rank**0.5 if rank_stabilised else rank)
        _kept = dict(device=base.weight.device, dtype=torch.float)
        self.A = nn.Parameter(torch.empty(rank, base.in_features, **_kept))
        nn.init.kaiming_uniform_(self.A, a=5**0.5)
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, **_kept))
        self.merged = False

    def delta_weight(self):
        return (self.B * self.scaling).matmul(self.A)

    def forward(self, x):
        parts = [self.base(x)]
        if not self.merged:
            parts.append((self.drop(x).float() @ self.A.T @ (self.B * self.scaling).T).to(parts[0].dtype))
        return sum(parts[1:], start=parts[0])
