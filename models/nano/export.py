"""Hands a checkpoint over to the project's own GGUF writer, and makes the windows that both are compared on.

`export()` writes `model.safetensors` (F32, tensors under llama.cpp's names) and `tokenizer.json`;
`npx tsx models/nano/export-gguf.ts` makes the GGUF of them. `fixture()` writes what PyTorch tokenises and
says for 50 windows of ours with the weights rounded as in the file.
"""
import json
import random
import struct
from pathlib import Path
from typing import Dict, List

import torch
from torch import Tensor

from decode import prompt
from model import LanguageModel, causal_mask
from synthetic import Writer
from tokenizer import BOS, EOS, TASK_SEVEN, Tokenizer
from train import load_model
from windows import windows


def named_tensors(model: LanguageModel) -> Dict[str, Tensor]:
    """Under llama.cpp's names: fused matrices apart."""
    tensors = {"token_embd.weight": model.embedding.weight}
    for number, block in enumerate(model.blocks):
        name = f"blk.{number}."
        tensors[name + "attn_norm.weight"] = block.attn_norm.weight
        for part, matrix in zip("qkv", block.qkv.weight.chunk(3, 0)):
            tensors[f"{name}attn_{part}.weight"] = matrix
        tensors[name + "attn_output.weight"] = block.out.weight
        tensors[name + "ffn_norm.weight"] = block.ffn_norm.weight
        gate, up = block.gate_up.weight.chunk(2, 0)
        tensors[name + "ffn_gate.weight"] = gate
        tensors[name + "ffn_up.weight"] = up
        tensors[name + "ffn_down.weight"] = block.down.weight
    tensors["output_norm.weight"] = model.norm.weight
    tensors["output.weight"] = model.head.weight
    return {name: tensor.detach().float().cpu().contiguous() for name, tensor in tensors.items()}


def export(checkpoint: Path, work: Path, out: Path) -> None:
    model = load_model(checkpoint)
    tokenizer = Tokenizer(json.loads((work / "tokenizer.json").read_text("utf-8"))["chars"])
    out.mkdir(parents=True, exist_ok=True)
    shape = model.shape
    (out / "tokenizer.json").write_text(
        json.dumps(
            {
                "pieces": tokenizer.pieces, "types": tokenizer.types(), "bos": BOS, "eos": EOS,
                "shape": {
                    "embedding": shape.width, "blocks": shape.blocks, "heads": shape.heads,
                    "feedForward": shape.feed_forward, "context": shape.context,
                },
            },
            ensure_ascii=False,
        ),
        "utf-8",
    )
    header, data, place = {}, [], 0
    for name, tensor in named_tensors(model).items():
        raw = tensor.numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [place, place + len(raw)]}
        data.append(raw)
        place += len(raw)
    encoded = json.dumps(header).encode("utf-8")
    with (out / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(encoded)))
        file.write(encoded)
        for raw in data:
            file.write(raw)


def rounded(model: LanguageModel, kind: str) -> LanguageModel:
    """The model with its matrices as the file holds them (F16 or Q8_0)."""
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim != 2:
                continue
            if kind == "F16":
                weight.copy_(weight.half().float())
            else:
                blocks = weight.reshape(-1, 32)
                scale = blocks.abs().amax(1, keepdim=True) / 127
                steps = torch.where(scale > 0, blocks / scale, torch.zeros_like(blocks))
                whole = torch.sign(steps) * torch.floor(steps.abs() + 0.5)
                weight.copy_((whole * scale.half().float()).reshape(weight.shape))
    return model


@torch.no_grad()
def fixture(checkpoint: Path, work: Path, out: Path, kind: str, count: int = 50) -> None:
    """Windows of records made from our own templates and words: nothing of the data sets is in them."""
    model = rounded(load_model(checkpoint), kind)
    tokenizer = Tokenizer(json.loads((work / "tokenizer.json").read_text("utf-8"))["chars"])
    rng = random.Random("fixture")
    writer = Writer({})
    cases: List[dict] = []
    while len(cases) < count:
        text = writer.record(rng).record.text
        start, end = rng.choice(windows(text, 120))
        if end - start < 20:
            continue
        asked = prompt(tokenizer, TASK_SEVEN, text[start:end])
        cases.append({"task": TASK_SEVEN, "text": text[start:end], "prompt": asked, "answer": greedy(model, asked)})
    out.write_text(json.dumps({"weights": kind, "windows": cases}, ensure_ascii=False) + "\n", "utf-8")


def greedy(model: LanguageModel, asked: List[int], most: int = 260) -> List[int]:
    """The most likely token of the whole vocabulary each time, without any constraint."""
    device = model.head.weight.device
    cache: list = [None] * model.shape.blocks
    states = model.hidden(torch.tensor([asked], device=device), causal_mask(len(asked), device), cache)[:, -1]
    answer: List[int] = []
    while len(answer) < most:
        token = int(model.head(states)[0].argmax())
        answer.append(token)
        if token == EOS:
            break
        states = model.hidden(
            torch.tensor([[token]], device=device), torch.zeros(1, 1, device=device), cache,
            len(asked) + len(answer) - 1,
        )[:, -1]
    return answer
