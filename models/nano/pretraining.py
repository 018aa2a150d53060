"""Stage (b): what the model reads before it sees a label: plain text, and copying."""
import random
from pathlib import Path
from typing import Dict, List

import corpus
from batches import Sample
from tokenizer import (
    ANSWER, ATTRIBUTES, BOS, CLOSE, ENTITY_TYPES, EOS, TASK_SEVEN, Tokenizer, mark,
)

# How often a source is drawn, against its share of characters: the clinical texts are few.
EMPHASIS = {"cehrner": 6.0, "cmb-clin": 4.0, "cmedtc": 2.0, "medqa": 2.0}
PLAIN_LENGTH = 254


class Reader:
    """Draws stretches of plain text; a source's share is its characters times its emphasis."""

    def __init__(self, data: Path):
        self.texts: List[str] = []
        self.weights: List[float] = []
        for name, texts in corpus.plain_texts(data).items():
            self.texts += texts
            self.weights += [len(text) * EMPHASIS.get(name, 1.0) for text in texts]
        words = corpus.medical_words(data)
        rng = random.Random(0)
        rng.shuffle(words)
        lists = ["、".join(words[i : i + 12]) for i in range(0, len(words), 12)]
        self.texts += lists
        self.weights += [float(len(text)) for text in lists]
        total = 0.0
        self.cumulative: List[float] = []
        for weight in self.weights:
            total += weight
            self.cumulative.append(total)

    def stretch(self, rng: random.Random, length: int) -> str:
        """About `length` characters; short texts are joined by line ends (which are spaces here)."""
        parts: List[str] = []
        left = length
        while left > 0:
            text = rng.choices(self.texts, cum_weights=self.cumulative)[0]
            start = rng.randrange(max(1, len(text) - left + 1)) if len(text) > left else 0
            parts.append(text[start : start + left])
            left -= len(parts[-1]) + 1
        return " ".join(parts)


def copy_sample(tokenizer: Tokenizer, text: str, rng: random.Random, marks: float = 0.12) -> Sample:
    """The text copied with marks at random places; the marks themselves carry no loss."""
    control = tokenizer.control
    prompt = [BOS, control(TASK_SEVEN)] + tokenizer.encode(text) + [control(ANSWER)]
    ids, weights = list(prompt), [0.0] * len(prompt)
    place = 0

    def put(tokens: List[int], weight: float) -> None:
        ids.extend(tokens)
        weights.extend([weight] * len(tokens))

    while place < len(text):
        if rng.random() < marks:
            end = min(len(text), place + rng.randint(1, 8))
            put([control(mark(rng.choice(ENTITY_TYPES)))], 0.0)
            put(tokenizer.encode(text[place:end]), 1.0)
            put([control(CLOSE)], 0.0)
            if rng.random() < 0.1:
                put([control(mark(rng.choice(ATTRIBUTES)))], 0.0)
            place = end
        else:
            put(tokenizer.char(text[place]), 1.0)
            place += 1
    put([EOS], 1.0)
    return Sample(ids, weights)


class PretrainingSamples:
    """Plain text, and copies of it; the copies are short and mostly random characters at first."""

    def __init__(self, data: Path, tokenizer: Tokenizer):
        self.tokenizer = tokenizer
        self.reader = Reader(data)
        # Every third copy is of characters in no order: only copying can help there.
        self.alphabet = tokenizer.chars[:3000]

    def draw(self, rng: random.Random, progress: float) -> Sample:
        """progress: 0 at the stage's start, 1 at its end."""
        copying = 0.8 if progress < 0.12 else 0.45 if progress < 0.3 else 0.3
        if rng.random() < copying:
            longest = 24 if progress < 0.05 else 48 if progress < 0.12 else 120
            length = rng.randint(5, longest)
            if rng.random() < 0.35:
                text = "".join(rng.choice(self.alphabet) for _ in range(length))
            else:
                text = self.reader.stretch(rng, length)
            return copy_sample(self.tokenizer, text, rng)
        text = self.reader.stretch(rng, PLAIN_LENGTH)
        ids = [BOS] + self.tokenizer.encode(text) + [EOS]
        return Sample(ids, [0.0] + [1.0] * (len(ids) - 1))


def held_out_texts(data: Path) -> Dict[str, List[str]]:
    """Texts that no stage reads, by kind, for perplexity."""
    dialogues = [
        corpus.normalise("。".join(turn["text"] for turn in row["turns"]))
        for row in corpus.json_lines(data / "cmdd.jsonl")
        if row["split"] == "test"
    ]
    return {
        "records": [record.text for record in corpus.clinical_records(data, "dev")],
        "dialogues": dialogues[:40],
    }
