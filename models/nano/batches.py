"""Samples as token lists, and batches of them."""
import random
from dataclasses import dataclass, field
from typing import Callable, Iterator, List, Sequence, Tuple

import torch
from torch import Tensor

from tokenizer import CONTROLS, UNK

# Ids before it are bytes and control tokens, which are never blanked.
FIRST_CHAR = 3 + 256 + len(CONTROLS)


@dataclass
class Sample:
    """ids, and for each the weight of predicting it (the first is never predicted).

    `noisy` says how many tokens from the start may be blanked in the input (never in the target).
    `tags`, where given, names for each token the mention it belongs to (a character being read), or that
    the next character to be copied belongs to; -1 where there is nothing to name.
    """

    ids: List[int]
    weights: List[float]
    noisy: int = 0
    tags: List[int] = field(default_factory=list)


def pools(
    draw: Callable[[random.Random], Sample], seed: str, first: int, size: int, budget: int
) -> Iterator[Tuple[int, List[List[Sample]]]]:
    """Endless pools of batches, each pool a function of `seed` and its number: a run can resume at any.

    Within a pool samples are sorted by length, so that a batch of at most `budget` tokens has little
    padding.
    """
    number = first
    while True:
        rng = random.Random(f"{seed}/{number}")
        samples = sorted((draw(rng) for _ in range(size)), key=lambda s: len(s.ids))
        batches: List[List[Sample]] = []
        current: List[Sample] = []
        for sample in samples:
            if current and len(sample.ids) * (len(current) + 1) > budget:
                batches.append(current)
                current = []
            current.append(sample)
        batches.append(current)
        rng.shuffle(batches)
        yield number, batches
        number += 1


def tensors(
    batch: Sequence[Sample], blank: float, rng: random.Random, device: torch.device
) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    """inputs, targets, weights and tags, each [batch, longest - 1]; `blank` of the noisy inputs become <unk>."""
    longest = max(len(sample.ids) for sample in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    weights = torch.zeros(len(batch), longest)
    inputs = ids.clone()
    tags = torch.full_like(ids, -1)
    for row, sample in enumerate(batch):
        length = len(sample.ids)
        ids[row, :length] = torch.tensor(sample.ids)
        weights[row, :length] = torch.tensor(sample.weights)
        seen = list(sample.ids)
        if blank:
            for place in range(2, sample.noisy):
                if seen[place] >= FIRST_CHAR and rng.random() < blank:
                    seen[place] = UNK
        inputs[row, :length] = torch.tensor(seen)
        if sample.tags:
            tags[row, :length] = torch.tensor(sample.tags)
    return inputs[:, :-1].to(device), ids[:, 1:].to(device), weights[:, 1:].to(device), tags[:, :-1].to(device)
