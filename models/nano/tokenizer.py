"""Single characters with byte fallback, and control tokens that no text can be tokenised to.

Ids: 0 <unk>, 1 <s>, 2 </s>, 3-258 bytes, then the control tokens below, then characters by
frequency. In the GGUF it is a `llama` (SentencePiece) vocabulary: a character is its own piece, a
space is U+2581, and merges are impossible because no piece is longer than one character.
"""
from collections import Counter
from typing import Dict, Iterable, List, Sequence

UNK, BOS, EOS = 0, 1, 2
FIRST_BYTE = 3

ENTITY_TYPES = ["疾病和诊断", "影像检查", "实验室检验", "手术", "药物", "解剖部位", "症状"]
# Types of cMedQANER without a counterpart above; they teach, the program never asks for them.
CONSUMER_TYPES = ["治疗", "检查", "人群", "生理", "特征", "时间", "科室"]
ATTRIBUTES = ["否定", "不确定", "既往", "家属"]

TASK_SIX, TASK_SEVEN, TASK_CONSUMER, TASK_EVIDENCE, TASK_LIST = (
    "<|ccks2019|>",
    "<|ccks2019-symptom|>",
    "<|consumer|>",
    "<|evidence|>",
    "<|list|>",
)
PASSAGE, ANSWER, CLOSE, EVIDENCE = "<|passage|>", "<|answer|>", "<|/|>", "<|依据|>"


def mark(name: str) -> str:
    """The control token that opens a type, or that states an attribute after the closing mark."""
    return f"<|{name}|>"


CONTROLS: List[str] = [
    TASK_SIX, TASK_SEVEN, TASK_CONSUMER, TASK_EVIDENCE, TASK_LIST, PASSAGE, ANSWER, CLOSE, EVIDENCE,
    *map(mark, ENTITY_TYPES), *map(mark, CONSUMER_TYPES), *map(mark, ATTRIBUTES),
]
# Kept free for later stages, so that a later model needs no new vocabulary.
CONTROLS += [f"<|reserved-{i}|>" for i in range(48 - len(CONTROLS))]


def frequent_chars(texts: Iterable[str], at_least: int) -> List[str]:
    """Characters of normalised texts by falling frequency, then code point."""
    counts: Counter = Counter()
    for text in texts:
        counts.update(text)
    kept = [c for c, n in counts.items() if n >= at_least and c != " " and c != "\u2581"]
    return [" "] + sorted(kept, key=lambda c: (-counts[c], c))


class Tokenizer:
    """chars: the single-character pieces in the order of their ids."""

    def __init__(self, chars: Sequence[str]):
        self.chars = list(chars)
        self.pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]
        self.first_control = len(self.pieces)
        self.pieces += CONTROLS
        self.first_char = len(self.pieces)
        self.pieces += [c.replace(" ", "\u2581") for c in self.chars]
        self._char_ids: Dict[str, int] = {c: self.first_char + i for i, c in enumerate(self.chars)}
        self._control_ids = {c: self.first_control + i for i, c in enumerate(CONTROLS)}

    def __len__(self) -> int:
        return len(self.pieces)

    def control(self, token: str) -> int:
        return self._control_ids[token]

    def char(self, char: str) -> List[int]:
        """The tokens of one normalised character: itself, or its UTF-8 bytes."""
        # SentencePiece writes a space as U+2581 and cannot tell the two apart.
        known = self._char_ids.get(" " if char == "\u2581" else char)
        return [known] if known is not None else [FIRST_BYTE + b for b in char.encode("utf-8")]

    def encode(self, text: str) -> List[int]:
        return [token for char in text for token in self.char(char)]

    def types(self) -> List[int]:
        """GGUF token types: 2 unknown, 3 control, 6 byte, 1 normal."""
        return [2, 3, 3] + [6] * 256 + [3] * len(CONTROLS) + [1] * len(self.chars)
