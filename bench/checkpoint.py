"""A random checkpoint with the exact shapes of Qwen2.5-0.5B, and the logits that transformers computes from it.

Run: python bench/checkpoint.py FOLDER [float32|bfloat16]   (torch, transformers; CPU; about 4 GiB)
Then: node bench/checkpoint.ts FOLDER
"""

import json
import resource
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, Qwen2Config

folder = Path(sys.argv[1])
dtype = getattr(torch, sys.argv[2] if len(sys.argv) > 2 else "float32")
torch.set_num_threads(2)
config = Qwen2Config(
    vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24, num_attention_heads=14,
    num_key_value_heads=2, max_position_embeddings=32768, rope_parameters={"rope_type": "default", "rope_theta": 1e6},
    tie_word_embeddings=True, eos_token_id=151643, bos_token_id=151643,
)  # fmt: skip
if not (folder / "config.json").exists():
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(config, dtype=dtype).save_pretrained(folder)
began = time.perf_counter()
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
loaded = time.perf_counter() - began
ids = torch.randint(0, 151646, (2, 32), generator=torch.Generator().manual_seed(1))
began = time.perf_counter()
with torch.no_grad():
    logits = model(input_ids=ids, use_cache=False).logits
first = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
(folder / "expected").mkdir(exist_ok=True)
save_file({"ids": ids.to(torch.int32), "logits": logits.contiguous()}, folder / "expected/logits.safetensors")
print(json.dumps({"loadSeconds": loaded, "firstBatchSeconds": first, "peakBytes": peak}))
