"""PyTorch's side of `rewardflow bench`: idiomatic eager PyTorch on the CPU.

A Qwen2-style decoder (RMSNorm, rotary positions, biased q/k/v, SwiGLU, tied head) with the library's own fused
operations: scaled_dot_product_attention, rms_norm, cross_entropy, AdamW, clip_grad_norm_.

Reads one JSON request a line from standard input and answers each with a JSON line on standard output:
  {"do": "threads", "threads": 2}             -> {"name": "PyTorch 2.8.0"}; 0 threads leave the choice to PyTorch
  {"do": "prepare", "job": {"_tag": "train", "B", "T", "D", "H", "L", "V"}}         -> {}
  {"do": "prepare", "job": {"_tag": "sample", "B", "P", "T", "D", "H", "L", "V"}}   -> {}
  {"do": "prepare", "job": {"_tag": "matmul", "n"}}                                 -> {}
  {"do": "prepare", "job": {"_tag": "metrics", "B", "N", "draws"}}                  -> {}; NumPy's side
  {"do": "run", "times": 3}                   -> {"ms": time of one repetition, "peakBytes"}
What cannot be done is answered with {"failed": reason}.
"""

import json
import resource
import sys
import time

try:
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
except ImportError as error:
    print(json.dumps({"failed": f"{error}. Set REWARDFLOW_PYTHON to a Python that has torch."}), flush=True)
    sys.exit(0)


def rotate(x, cos, sin):
    """x [B, H, T, d]; cos and sin [T, d]."""
    half = x.shape[-1] // 2
    turned = torch.cat((-x[..., half:], x[..., :half]), dim=-1)
    return x * cos + turned * sin


class Attention(nn.Module):
    def __init__(self, D, H):
        super().__init__()
        self.H = H
        self.q_proj = nn.Linear(D, D, bias=True)
        self.k_proj = nn.Linear(D, D, bias=True)
        self.v_proj = nn.Linear(D, D, bias=True)
        self.o_proj = nn.Linear(D, D, bias=False)

    def forward(self, x, cos, sin, cache=None, at=0):
        B, T, D = x.shape
        heads = lambda y: y.view(B, T, self.H, D // self.H).transpose(1, 2)
        q = rotate(heads(self.q_proj(x)), cos, sin)
        k = rotate(heads(self.k_proj(x)), cos, sin)
        v = heads(self.v_proj(x))
        if cache is not None:
            keys, values = cache
            keys[:, :, at : at + T] = k
            values[:, :, at : at + T] = v
            k, v = keys[:, :, : at + T], values[:, :, : at + T]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=T > 1)
        return self.o_proj(y.transpose(1, 2).reshape(B, T, D))


class Block(nn.Module):
    def __init__(self, D, H):
        super().__init__()
        self.input_layernorm = nn.RMSNorm(D, eps=1e-6)
        self.self_attn = Attention(D, H)
        self.post_attention_layernorm = nn.RMSNorm(D, eps=1e-6)
        self.gate_proj = nn.Linear(D, 4 * D, bias=False)
        self.up_proj = nn.Linear(D, 4 * D, bias=False)
        self.down_proj = nn.Linear(4 * D, D, bias=False)

    def forward(self, x, cos, sin, cache=None, at=0):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, cache, at)
        y = self.post_attention_layernorm(x)
        return x + self.down_proj(F.silu(self.gate_proj(y)) * self.up_proj(y))


class Decoder(nn.Module):
    def __init__(self, D, H, L, V, longest):
        super().__init__()
        self.embed_tokens = nn.Embedding(V, D)
        self.layers = nn.ModuleList(Block(D, H) for _ in range(L))
        self.norm = nn.RMSNorm(D, eps=1e-6)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.02)
        d = D // H
        rates = 10000.0 ** (-torch.arange(0, d, 2).float() / d)
        angles = torch.outer(torch.arange(longest).float(), rates).repeat(1, 2)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, ids, caches=None, at=0, last=False):
        T = ids.shape[1]
        cos, sin = self.cos[at : at + T], self.sin[at : at + T]
        x = self.embed_tokens(ids)
        for i, layer in enumerate(self.layers):
            x = layer(x, cos, sin, None if caches is None else caches[i], at)
        if last:
            x = x[:, -1:]
        return F.linear(self.norm(x), self.embed_tokens.weight)


def train(B, T, D, H, L, V):
    model = Decoder(D, H, L, V, T)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    ids, targets = torch.randint(0, V, (B, T)), torch.randint(0, V, (B, T))

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(ids).view(-1, V), targets.view(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        return loss.item()

    return step


def sample(B, P, T, D, H, L, V):
    model = Decoder(D, H, L, V, P + T).eval()
    prompts = torch.randint(0, V, (B, P))

    @torch.inference_mode()
    def step():
        shape = (B, H, P + T, D // H)
        caches = [(torch.empty(shape), torch.empty(shape)) for _ in range(L)]
        tokens, log_probs, ids, at = [], [], prompts, 0
        for _ in range(T):
            rows = F.log_softmax(model(ids, caches, at, last=True)[:, -1], dim=-1)
            at += ids.shape[1]
            ids = torch.multinomial(rows.exp(), 1)
            tokens.append(ids)
            log_probs.append(rows.gather(1, ids))
        return torch.cat(tokens, 1).tolist(), torch.cat(log_probs, 1).tolist()

    return step


def matmul(n):
    a, b = torch.randn(n, n), torch.randn(n, n)

    def step():
        return torch.mm(a, b)

    return step


def metrics(B, N, draws):
    """pass@k, best-of-N and its gain, AUROC, ECE and Brier score with bootstrap intervals over prompts, in NumPy."""
    import numpy as np

    row = np.arange(B * N).reshape(B, N)
    correct = (row * 7919) % 1000 < 200 + 6 * ((np.arange(B)[:, None] * 31) % 100)
    scores = np.sin(row * 12.9898) + 0.5 * correct
    probabilities = (scores + 1) / 2.5

    def pass_at_k(m, k):
        j = np.arange(k)
        return 1 - np.prod(np.clip((N - m[:, None] - j) / (N - j), 0, None), axis=1)

    def step():
        rng = np.random.default_rng(42)
        counts = np.stack([np.bincount(rng.integers(0, B, B), minlength=B) for _ in range(draws)]).astype(float)
        m = correct.sum(axis=1)
        best = scores == scores.max(axis=1, keepdims=True)
        picked = (best & correct).sum(axis=1) / best.sum(axis=1)
        right = correct[:, :, None] & ~correct[:, None, :]
        wins = (scores[:, :, None] > scores[:, None, :]) + 0.5 * (scores[:, :, None] == scores[:, None, :])
        pairs = right.sum(axis=(1, 2))
        both = pairs > 0
        within = np.where(both, (right * wins).sum(axis=(1, 2)) / np.maximum(pairs, 1), 0)
        bins = np.clip(np.ceil(probabilities * 10).astype(int) - 1, 0, 9)
        gaps = np.zeros((B, 10))
        np.add.at(gaps, (np.arange(B)[:, None], bins), correct - probabilities)
        means = np.stack([pass_at_k(m, 1), pass_at_k(m, 5), picked, picked - m / N], axis=1)
        table = [counts @ means / B, (counts @ within) / (counts @ both)]
        table += [np.abs(counts @ gaps).sum(axis=1) / (B * N)]
        table += [counts @ ((probabilities - correct) ** 2).sum(axis=1) / (B * N)]
        flat = scores.ravel()
        order = np.argsort(-flat, kind="stable")
        prompt, positive = row.ravel()[order] // N, correct.ravel()[order]
        starts = np.flatnonzero(np.diff(flat[order], prepend=np.inf))
        auroc = np.empty(draws)
        for draw, weight in enumerate(counts):
            w = weight[prompt]
            up, down = np.add.reduceat(w * positive, starts), np.add.reduceat(w * ~positive, starts)
            before = np.cumsum(up) - up
            auroc[draw] = (down * (before + up / 2)).sum() / (up.sum() * down.sum())
        table += [auroc]
        return [np.percentile(t, [2.5, 97.5], axis=0) for t in table]

    return step


JOBS = {"train": train, "sample": sample, "matmul": matmul, "metrics": metrics}


def answer(request, state):
    what = request["do"]
    if what == "threads":
        if request["threads"] > 0:
            torch.set_num_threads(request["threads"])
        torch.manual_seed(0)
        return {"name": f"PyTorch {torch.__version__.split('+')[0]}"}
    if what == "prepare":
        job = {k: v for k, v in request["job"].items() if k not in ("_tag", "frozen")}
        state["once"] = JOBS[request["job"]["_tag"]](**job)
        return {}
    start = time.perf_counter()
    for _ in range(request["times"]):
        state["once"]()
    elapsed = (time.perf_counter() - start) * 1000
    return {"ms": elapsed / request["times"], "peakBytes": peak_bytes()}


def peak_bytes():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main():
    state = {}
    for line in sys.stdin:
        try:
            written = answer(json.loads(line), state)
        except Exception as error:
            written = {"failed": repr(error)}
        print(json.dumps(written), flush=True)


main()
