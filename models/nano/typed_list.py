"""Constrained greedy decoding of typed lists: for the comparison with marked copy only."""
import re
from typing import List, Sequence, Set

import torch

from corpus import Span
from decode import prompt
from model import LanguageModel, causal_mask
from tokenizer import ENTITY_TYPES, EOS, TASK_LIST, Tokenizer

# The samples write a line end; normalised text has none, so it is tokenised as its byte.
NEWLINE = 3 + 10


def allowed_next(given: List[int], source: List[int], titles: List[List[int]], tokenizer: Tokenizer) -> List[int]:
    """What may follow: types in their order, and values that are stretches of the source."""
    semicolon, none = (tokenizer.char(char)[0] for char in ";无")
    if given == [none]:
        return [EOS]
    lines = [[]]
    for token in given:
        if token == NEWLINE:
            lines.append([])
        else:
            lines[-1].append(token)
    line = lines[-1]
    for number, title in enumerate(titles):
        if line[: len(title)] == title:
            value = line[len(title) :]
            if semicolon in value:
                value = value[len(value) - value[::-1].index(semicolon) :]
            following: Set[int] = {
                source[i + len(value)]
                for i in range(len(source) - len(value))
                if source[i : i + len(value)] == value
            }
            if value:
                following |= {semicolon, EOS} | ({NEWLINE} if number + 1 < len(titles) else set())
            return sorted(following)
    used = [number for number, title in enumerate(titles) for past in lines[:-1] if past[: len(title)] == title]
    open_titles = titles[(max(used) + 1) if used else 0 :]
    choices = {title[len(line)] for title in open_titles if title[: len(line)] == line and len(title) > len(line)}
    if not given:
        choices.add(none)
    return sorted(choices) or [EOS]


@torch.no_grad()
def listed_spans(
    model: LanguageModel, tokenizer: Tokenizer, texts: Sequence[str], batch: int = 48, most: int = 220
) -> List[Set[Span]]:
    """Every place of every value, longest values first, without overlaps."""
    device = model.head.weight.device
    titles = [tokenizer.encode(kind + ":") for kind in ENTITY_TYPES]
    results: List[Set[Span]] = [set() for _ in texts]
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for first in range(0, len(order), batch):
        rows = order[first : first + batch]
        prompts = [prompt(tokenizer, TASK_LIST, texts[i]) for i in rows]
        longest = max(map(len, prompts))
        ids = torch.zeros(len(rows), longest, dtype=torch.long, device=device)
        padding = torch.zeros(len(rows), longest, device=device)
        for row, tokens in enumerate(prompts):
            ids[row, longest - len(tokens) :] = torch.tensor(tokens)
            padding[row, : longest - len(tokens)] = -1e9
        cache: list = [None] * model.shape.blocks
        mask = causal_mask(longest, ids.device)[None, None] + padding[:, None, None, :]
        states = model.hidden(ids, mask, cache)[:, -1]
        sources = [tokenizer.encode(texts[i]) for i in rows]
        given: List[List[int]] = [[] for _ in rows]
        done = [False] * len(rows)
        for place in range(longest, longest + most):
            logits = model.head(states)
            chosen = []
            for row in range(len(rows)):
                token = EOS
                if not done[row]:
                    allowed = allowed_next(given[row], sources[row], titles, tokenizer)
                    token = allowed[int(logits[row, allowed].argmax())]
                    if token == EOS:
                        done[row] = True
                    else:
                        given[row].append(token)
                chosen.append(token)
            if all(done):
                break
            padding = torch.cat((padding, torch.zeros(len(rows), 1, device=device)), 1)
            states = model.hidden(
                torch.tensor(chosen, device=device)[:, None], padding[:, None, None, :], cache, place
            )[:, -1]
        for row, i in enumerate(rows):
            results[i] = spans_of(decoded(given[row], tokenizer), texts[i])
    return results


def decoded(tokens: List[int], tokenizer: Tokenizer) -> str:
    raw = b"".join(
        bytes([token - 3]) if 3 <= token < 259 else tokenizer.pieces[token].replace("\u2581", " ").encode("utf-8")
        for token in tokens
    )
    return raw.decode("utf-8", "replace")


def spans_of(answer: str, text: str) -> Set[Span]:
    values = [
        (value, kind)
        for line in answer.split("\n")
        for kind in ENTITY_TYPES
        if line.startswith(kind + ":")
        for value in line[len(kind) + 1 :].split(";")
        if value
    ]
    spans: Set[Span] = set()
    taken: Set[int] = set()
    for value, kind in sorted(values, key=lambda pair: -len(pair[0])):
        for found in re.finditer(re.escape(value), text):
            places = set(range(found.start(), found.end()))
            if not places & taken:
                taken |= places
                spans.add((found.start(), found.end(), kind))
    return spans
