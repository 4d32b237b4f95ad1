"""transformers' and peft's side of `bench/qwen.ts`, on the checkpoint that `bench/checkpoint.py FOLDER` made.

Speaks the protocol of bench/peer.py: a JSON request a line, a JSON answer a line. Jobs:
  {"_tag": "load", "folder"}                       opens the checkpoint and computes the logits of 2 x 32 tokens
  {"_tag": "sample", "folder", "B", "P", "T"}      draws T tokens greedily after each of B prompts of P, end ids ignored
  {"_tag": "train", "folder", "B", "T", "rank"}    one AdamW step of LoRA on all linear modules, mean cross-entropy
"""

import json
import resource
import sys
import time

import torch
import transformers
from transformers import AutoModelForCausalLM


def opened(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def tokens(B, T):
    return torch.randint(0, 151643, (B, T), generator=torch.Generator().manual_seed(1))


def load(folder):
    ids = tokens(2, 32)

    @torch.inference_mode()
    def once():
        return opened(folder).eval()(input_ids=ids, use_cache=False).logits.sum().item()

    return once


def sample(folder, B, P, T):
    model, ids = opened(folder).eval(), tokens(B, P)

    def once():
        drawn = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, min_new_tokens=T, max_new_tokens=T,
            eos_token_id=None, pad_token_id=0,
        )  # fmt: skip
        assert drawn.shape == (B, P + T)

    return once


def train(folder, B, T, rank):
    from peft import LoraConfig, get_peft_model

    lora = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(opened(folder), lora).train()
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    ids = tokens(B, T)

    def once():
        optimiser.zero_grad(set_to_none=True)
        loss = model(input_ids=ids, labels=ids, use_cache=False).loss
        loss.backward()
        optimiser.step()
        return loss.item()

    return once


JOBS = {"load": load, "sample": sample, "train": train}


def answer(request, state):
    what = request["do"]
    if what == "threads":
        torch.set_num_threads(request["threads"] or 2)
        transformers.logging.set_verbosity_error()
        return {"name": f"transformers {transformers.__version__}"}
    if what == "prepare":
        job = {k: v for k, v in request["job"].items() if k not in ("_tag", "weights")}
        state["once"] = JOBS[request["job"]["_tag"]](**job)
        return {}
    began = time.perf_counter()
    for _ in range(request["times"]):
        state["value"] = state["once"]()
    elapsed = (time.perf_counter() - began) * 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"ms": elapsed / request["times"], "peakBytes": peak, "value": state["value"]}


state = {}
for line in sys.stdin:
    try:
        written = answer(json.loads(line), state)
    except Exception as error:
        written = {"failed": repr(error)}
    print(json.dumps(written), flush=True)
