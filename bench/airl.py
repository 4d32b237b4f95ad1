"""A tokenizer, a chat template and short problems beside the checkpoint that `bench/checkpoint.py FOLDER` made, for a
whole adversarial run on it.

Run: python bench/airl.py FOLDER OUT   (tokenizers)
Writes OUT/model (the weights are linked) and OUT/data (train.jsonl, test.jsonl). Then: see docs/benchmarks.md.
"""

import json
import os
import random
import sys
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

source, out = Path(sys.argv[1]), Path(sys.argv[2])
model, data = out / "model", out / "data"
model.mkdir(parents=True, exist_ok=True)
data.mkdir(exist_ok=True)

rng = random.Random(0)
rows = []
for _ in range(80):
    a, b = rng.randint(2, 9), rng.randint(2, 9)
    question = f"Ann has {a} pens and buys {b} more. How many pens does Ann have?"
    rows.append({"question": question, "answer": f"{a} + {b} = {a + b}\n#### {a + b}"})
for name, part in {"train": rows[:64], "test": rows[64:]}.items():
    (data / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))

special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
words = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
    [
        pre_tokenizers.Split(Regex(words), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]
)
tokenizer.decoder = decoders.ByteLevel()
# Words as in the system prompt, so that prompts are about as long as with the published tokenizer.
frame = (
    "A conversation between a user and an assistant. The user asks a question, and the assistant solves it. The assistant "
    "first thinks about the reasoning process, then gives the answer. Reasoning and answer stand between tags, each on "
    "lines of their own:\n<think>\nreasoning\n</think>\n<answer>\nanswer\n</answer>\n"
)
texts = [row[key] for row in rows for key in row] + [frame] * 8
alphabet = pre_tokenizers.ByteLevel.alphabet()
tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=800, initial_alphabet=alphabet, show_progress=False))
tokenizer.add_special_tokens(special)
tokenizer.save(str(model / "tokenizer.json"))
ids = {token: tokenizer.token_to_id(token) for token in special}

turns = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
(model / "tokenizer_config.json").write_text(
    json.dumps(
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": "<|im_end|>",
            "pad_token": "<|endoftext|>",
            "chat_template": turns + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
        }
    )
)
config = json.loads((source / "config.json").read_text())
config |= {"eos_token_id": ids["<|endoftext|>"], "bos_token_id": None}
(model / "config.json").write_text(json.dumps(config))
generation = {"eos_token_id": [ids["<|im_end|>"], ids["<|endoftext|>"]], "pad_token_id": ids["<|endoftext|>"]}
(model / "generation_config.json").write_text(json.dumps(generation))
if not (model / "model.safetensors").exists():
    os.link(source / "model.safetensors", model / "model.safetensors")
