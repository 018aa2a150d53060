"""A Llama-architecture language model, as llama.cpp computes it (interleaved RoPE, RMSNorm, SwiGLU)."""
import math
from dataclasses import dataclass
from typing import List, Optional, Tuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

TAG_WEIGHT = 0.3

Cache = List[Optional[Tuple[Tensor, Tensor]]]


@dataclass(frozen=True)
class Shape:
    vocabulary: int
    width: int = 256
    blocks: int = 6
    heads: int = 4
    feed_forward: int = 704
    context: int = 512
    rope_base: float = 10_000.0
    norm_eps: float = 1e-5
    # Kinds of tags that are predicted beside the tokens while training; 0 for none. Not exported.
    tags: int = 0


class RMSNorm(nn.Module):
    def __init__(self, width: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        x = x.float()
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


def rope_table(length: int, head: int, base: float) -> Tensor:
    """[length, head / 2] complex: the rotation of each pair at each place."""
    frequencies = base ** (-torch.arange(0, head, 2).float() / head)
    angles = torch.arange(length).float()[:, None] * frequencies[None]
    return torch.polar(torch.ones_like(angles), angles)


def rotate(x: Tensor, rope: Tensor) -> Tensor:
    """x: [batch, heads, time, head]; neighbours are a pair, so q and k need no permutation at export."""
    pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * rope).flatten(-2)


def channel_dropout(x: Tensor, p: float) -> Tensor:
    """Drops whole channels of a sequence: as a regulariser akin to dropout, at no cost in random numbers."""
    keep = torch.empty(x.shape[0], 1, x.shape[2], device=x.device).bernoulli_(1 - p)
    return x * (keep / (1 - p)).to(x.dtype)


class Block(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        d, ff = shape.width, shape.feed_forward
        self.attn_norm = RMSNorm(d, shape.norm_eps)
        self.ffn_norm = RMSNorm(d, shape.norm_eps)
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.out = nn.Linear(d, d, bias=False)
        self.gate_up = nn.Linear(d, 2 * ff, bias=False)
        self.down = nn.Linear(ff, d, bias=False)

    def forward(
        self,
        x: Tensor,
        rope: Tensor,
        mask: Tensor,
        past: Optional[Tuple[Tensor, Tensor]],
        dropout: float,
    ) -> Tuple[Tensor, Tuple[Tensor, Tensor]]:
        batch, time, d = x.shape
        heads = self.shape.heads
        q, k, v = (
            self.qkv(self.attn_norm(x)).view(batch, time, 3, heads, d // heads).permute(2, 0, 3, 1, 4)
        )
        q, k = rotate(q, rope).to(v.dtype), rotate(k, rope).to(v.dtype)
        if past is not None:
            k, v = torch.cat((past[0], k), 2), torch.cat((past[1], v), 2)
        scores = torch.matmul(q * (d // heads) ** -0.5, k.transpose(-1, -2)).float() + mask
        mixed = torch.matmul(F.softmax(scores, -1).to(v.dtype), v)
        attended = self.out(mixed.transpose(1, 2).reshape(batch, time, d))
        if dropout:
            attended = channel_dropout(attended, dropout)
        x = x + attended
        gate, up = self.gate_up(self.ffn_norm(x)).chunk(2, -1)
        fed = self.down(F.silu(gate) * up)
        if dropout:
            fed = channel_dropout(fed, dropout)
        return x + fed, (k, v)


class LanguageModel(nn.Module):
    """hidden() gives states, head() gives logits; `dropout` is used in training mode only."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.dropout = 0.0
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.norm = RMSNorm(shape.width, shape.norm_eps)
        self.head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        if shape.tags:
            self.read_tags = nn.Linear(shape.width, shape.tags, bias=False)
            self.next_tags = nn.Linear(shape.width, shape.tags, bias=False)
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                scale = 0.5 * weight.shape[1] ** -0.5
                if name.endswith(("out.weight", "down.weight")):
                    scale /= math.sqrt(2 * shape.blocks)
                nn.init.normal_(weight, 0, scale)
        nn.init.normal_(self.embedding.weight, 0, 0.02)
        nn.init.normal_(self.head.weight, 0, 0.01)
        rope = rope_table(shape.context * 2, shape.width // shape.heads, shape.rope_base)
        self.register_buffer("rope", rope, persistent=False)

    def hidden(
        self,
        ids: Tensor,
        mask: Tensor,
        cache: Optional[Cache] = None,
        start: int = 0,
        middle: Optional[List[Tensor]] = None,
    ) -> Tensor:
        """ids: [batch, time]; mask: added to the scores, broadcast to [batch, heads, time, past + time].

        `middle` receives the states after two thirds of the blocks.
        """
        time = ids.shape[1]
        rope = self.rope[start : start + time]
        x = self.embedding(ids)
        dropout = self.dropout if self.training else 0.0
        for number, block in enumerate(self.blocks):
            past = cache[number] if cache is not None else None
            x, present = block(x, rope, mask, past, dropout)
            if cache is not None:
                cache[number] = present
            if middle is not None and number + 1 == self.shape.blocks * 2 // 3:
                middle.append(x)
        return self.norm(x)


def causal_mask(time: int, device: torch.device) -> Tensor:
    return torch.full((time, time), -1e9, device=device).triu(1)


def weighted_loss(
    model: LanguageModel, inputs: Tensor, targets: Tensor, weights: Tensor, tags: Optional[Tensor] = None
) -> Tuple[Tensor, Tensor, Tensor]:
    """Mean cross entropy of `targets` by `weights` (all [batch, time]); logits only where a weight is.

    `tags` ([batch, time], -1 for none, see `batches.Sample`) add the loss of naming, while reading, what
    each character belongs to, and, while copying, what the next one does: a label for every character
    instead of a mark now and then. Returns the loss, and the single token losses with their weights,
    detached.
    """
    middle: List[Tensor] = []
    states = model.hidden(inputs, causal_mask(inputs.shape[1], inputs.device), middle=middle)
    flat = weights.reshape(-1)
    places = flat.nonzero()[:, 0]
    logits = model.head(states.reshape(-1, model.shape.width)[places]).float()
    losses = F.cross_entropy(logits, targets.reshape(-1)[places], reduction="none")
    chosen = flat[places]
    loss = (losses * chosen).sum() / chosen.sum()
    if tags is not None and model.shape.tags:
        copying = weights >= 1
        for named, head, seen in (
            (tags.masked_fill(copying, -1), model.read_tags, middle[0]),
            (tags.masked_fill(~copying, -1), model.next_tags, states),
        ):
            which = (named.reshape(-1) >= 0).nonzero()[:, 0]
            if len(which):
                guesses = head(seen.reshape(-1, model.shape.width)[which]).float()
                loss = loss + TAG_WEIGHT * F.cross_entropy(guesses, named.reshape(-1)[which])
    return loss, losses.detach(), chosen
