"""What the recipe reads, whether measuring texts stand in training text, and what looks like a person's data.

`python3 models/nano/run.py hygiene --data DIR` needs no PyTorch. The reports hold counts, file names, licences
and hashes, never text. Exit code 1: a file is read whose licence is not declared below, or is not permissive.
"""
import argparse
import hashlib
import json
import random
import re
import sys
import unicodedata
from collections import Counter
from contextlib import contextmanager
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, Optional, Pattern, Sequence, Set, Tuple

import corpus
import evidence
import synthetic
from lexicon import WORDS
from text import normalise

REPORTS = Path(__file__).resolve().parent / "reports"
GRAM = 24
# Synthetic records that are drawn for the overlap check.
DRAWN = 3000

# Licences as the releasing repositories declare them; the first pattern that fits a file's name counts.
LICENCES: List[Tuple[str, str, str]] = [
    ("cehrner.*.jsonl", "Apache-2.0", "alibaba-research/ChineseBLUE"),
    ("cmedqaner.*.jsonl", "Apache-2.0", "alibaba-research/ChineseBLUE"),
    ("cmdd.jsonl", "Apache-2.0", "alibaba-research/ChineseBLUE"),
    ("cmedqq.*.txt", "Apache-2.0", "alibaba-research/ChineseBLUE"),
    ("cmedtc.*.txt", "Apache-2.0", "alibaba-research/ChineseBLUE"),
    ("cmedic.*.txt", "Apache-2.0", "alibaba-research/ChineseBLUE"),
    ("toyhom-sample.jsonl", "MIT", "Toyhom/Chinese-medical-dialogue-data"),
    ("medicalgpt-sft-1k.jsonl", "Apache-2.0", "shibing624/MedicalGPT"),
    ("cmb-clin.json", "Apache-2.0", "FreedomIntelligence/CMB"),
    ("medqa-zh.dev400.json", "MIT", "MedQA (mainland), via a LLaMA-Factory fork"),
    ("het-mc-sample.dialog", "MIT", "cuhksz-nlp/HET-MC"),
    ("thuocl-medical.txt", "MIT", "thunlp/THUOCL"),
]
PERMISSIVE = {"Apache-2.0", "MIT"}

# The file of each source of `corpus.plain_texts`.
FILE_OF = {
    "cehrner": "cehrner.train.jsonl", "cmedqaner": "cmedqaner.train.jsonl", "cmdd": "cmdd.jsonl",
    "toyhom": "toyhom-sample.jsonl", "medicalgpt": "medicalgpt-sft-1k.jsonl", "cmb-clin": "cmb-clin.json",
    "medqa": "medqa-zh.dev400.json", "het-mc": "het-mc-sample.dialog", "cmedqq": "cmedqq.train.txt",
    "cmedtc": "cmedtc.train.txt", "cmedic": "cmedic.train.txt",
}

Texts = Dict[str, List[str]]


# --- what is read ------------------------------------------------------------------------------


@contextmanager
def numbers_as_released() -> Iterator[None]:
    """Texts with the numbers that training never sees, to count what a set holds."""
    replacing, corpus.without_numbers = corpus.without_numbers, str
    try:
        yield
    finally:
        corpus.without_numbers = replacing


def training_texts(data: Path) -> Texts:
    """Every text that some stage trains on, normalised, by the name of its file or of our own making."""
    texts: Texts = {FILE_OF[name]: list(found) for name, found in corpus.plain_texts(data).items()}
    records = corpus.clinical_records(data, "train")
    texts["cehrner.train.jsonl"] += [record.text for record in records]
    texts["cmedqaner.train.jsonl"] += [record.text for record in corpus.consumer_questions(data, "train")]
    for asked in evidence.case_questions(data, held_out=False):
        texts["cmb-clin.json"] += [asked.passage, asked.question]
    texts["thuocl-medical.txt"] = corpus.medical_words(data)
    words: Dict[str, List[str]] = {kind: [] for kind in WORDS}
    for record in records:
        for start, end, kind in record.spans:
            words[kind].append(record.text[start:end])
    writer, rng = synthetic.Writer(words), random.Random(1)
    texts["synthetic.py"] = [normalise(sentence) for _, group in synthetic.SECTIONS for sentence in group]
    texts["synthetic.py"] += [writer.record(rng).record.text for _ in range(DRAWN)]
    texts["lexicon.py"] = [normalise(word) for group in WORDS.values() for word in group]
    return {name: list(dict.fromkeys(found)) for name, found in texts.items()}


def measuring_texts(data: Path) -> Texts:
    """Every text that scores are measured on, normalised, by set."""
    texts: Texts = {}
    for split in ("dev", "test"):
        texts[f"cehrner {split}"] = [record.text for record in corpus.clinical_records(data, split)]
        texts[f"cmedqaner {split}"] = [record.text for record in corpus.consumer_questions(data, split)]
    held_out = [case for number, case in enumerate(corpus.clinical_cases(data)) if number % 5 == 0]
    texts["cmb-clin held out, cases"] = [normalise(case["description"]) for case in held_out]
    texts["cmb-clin held out, answers"] = [
        normalise(pair["question"] + "。" + pair["answer"]) for case in held_out for pair in case["QA_pairs"]
    ]
    texts["cmdd test"] = [
        normalise("。".join(turn["text"] for turn in row["turns"]))
        for row in map(json.loads, (data / "cmdd.jsonl").read_text("utf-8-sig").splitlines())
        if row["split"] == "test"
    ]
    return texts


_watchers: List[Tuple[Path, Set[str]]] = []
_hooked = False


def _saw(event: str, arguments: Tuple[object, ...]) -> None:
    if event == "open" and _watchers and isinstance(arguments[0], (str, bytes, Path)):
        name = arguments[0].decode() if isinstance(arguments[0], bytes) else str(arguments[0])
        for folder, names in _watchers:
            if Path(name).parent == folder:
                names.add(Path(name).name)


@contextmanager
def opened_in(folder: Path) -> Iterator[Set[str]]:
    """The names of the folder's files that are opened within the block: what is read, not what is said to be."""
    global _hooked
    if not _hooked:
        sys.addaudithook(_saw)
        _hooked = True
    watcher: Tuple[Path, Set[str]] = (folder, set())
    _watchers.append(watcher)
    try:
        yield watcher[1]
    finally:
        _watchers.remove(watcher)


def licence_of(name: str) -> Optional[Tuple[str, str]]:
    """A file's licence and the repository that declares it; None where there is none or it is not permissive."""
    for pattern, licence, origin in LICENCES:
        if fnmatchcase(name, pattern):
            return (licence, origin) if licence in PERMISSIVE else None
    return None


def data_table(data: Path, trained: Set[str], measured: Set[str]) -> List[Dict[str, object]]:
    rows: List[Dict[str, object]] = []
    for name in sorted(trained | measured):
        content = (data / name).read_bytes()
        licence, origin = licence_of(name) or (None, None)
        rows.append({
            "file": name, "licence": licence, "from": origin, "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "use": [use for use, names in (("training", trained), ("measuring", measured)) if name in names],
        })
    return rows


# --- the 24-gram check -------------------------------------------------------------------------


def bare(text: str) -> str:
    """Letters, marks and digits of a normalised text: no white space, no punctuation, no symbols."""
    return "".join(char for char in text if unicodedata.category(char)[0] in "LMN")


def grams(text: str) -> Iterator[str]:
    short = bare(text)
    return (short[i : i + GRAM] for i in range(len(short) - GRAM + 1))


def overlap(measuring: Texts, training: Texts) -> Dict[str, object]:
    """Of each measuring set, the distinct grams of its records that occur in training text.

    A record's share is of its own distinct grams; a record with fewer than `GRAM` bare characters has none.
    Places count from 0, in the order of the file; with them a score can be taken without those records.
    """
    wanted = {gram for texts in measuring.values() for text in texts for gram in grams(text)}
    # For each gram that occurs in training text, where.
    seen: Dict[str, Set[str]] = {}
    for name, texts in training.items():
        for text in texts:
            for gram in grams(text):
                if gram in wanted:
                    seen.setdefault(gram, set()).add(name)
    sets: Dict[str, object] = {}
    for name, texts in measuring.items():
        total = shared = touched = too_short = 0
        highest = 0.0
        over_half: List[int] = []
        where: Counter = Counter()
        for number, text in enumerate(texts):
            own = set(grams(text))
            common = [gram for gram in own if gram in seen]
            total += len(own)
            shared += len(common)
            too_short += not own
            touched += bool(common)
            share = len(common) / max(1, len(own))
            if share > 0.5:
                over_half.append(number)
            highest = max(highest, share)
            where.update(source for gram in common for source in seen[gram])
        sets[name] = {
            "records": len(texts), "records shorter than a gram": too_short,
            "records with a shared gram": touched, "records over 50 %": len(over_half),
            "places of the records over 50 %": over_half,
            "grams": total, "shared grams": shared, "share": round(shared / max(1, total), 4),
            "highest share of a record": round(highest, 4),
            "shared grams by training file": dict(where.most_common()),
        }
    return {
        "gram": GRAM,
        "training": {
            name: {"texts": len(texts), "characters": sum(map(len, texts))} for name, texts in training.items()
        },
        "sets": sets,
    }


# --- what looks like a person's data -----------------------------------------------------------

_PROVINCES = {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54,
              61, 62, 63, 64, 65, 71, 81, 82, 83}
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _is_date(year: str, month: str, day: str) -> bool:
    try:
        return 1900 <= date(int(year), int(month), int(day)).year <= 2030
    except ValueError:
        return False


def is_id_18(number: str) -> bool:
    """A mainland identity number: province, date of birth and check character are right."""
    if int(number[:2]) not in _PROVINCES or not _is_date(number[6:10], number[10:12], number[12:14]):
        return False
    check = sum(int(digit) * weight for digit, weight in zip(number, _ID_WEIGHTS)) % 11
    return number[17] == "10x98765432"[check]


def is_id_15(number: str) -> bool:
    """The form before 1999, which has no check character: province and date of birth are right."""
    return int(number[:2]) in _PROVINCES and _is_date("19" + number[6:8], number[8:10], number[10:12])


def is_card(number: str) -> bool:
    """Luhn's check; of numbers that are no cards, one in ten passes."""
    if len(set(number)) == 1 or (len(number) == 18 and is_id_18(number)):
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number))]
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def _always(_: str) -> bool:
    return True


# Of normalised text (lower case, half width). Each counts too much rather than too little.
PATTERNS: Dict[str, Tuple[Pattern[str], Callable[[str], bool]]] = {
    "identity number, 18 digits": (re.compile(r"(?<!\d)\d{17}[\dx](?![\da-z])"), is_id_18),
    "identity number, 15 digits": (re.compile(r"(?<!\d)\d{15}(?!\d)"), is_id_15),
    "mobile phone": (re.compile(r"(?<![\d.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"), _always),
    "landline": (
        re.compile(r"(?<![\d.])(?:\(0\d{2,3}\)|0\d{2,3}-)[- ]?\d{7,8}(?!\d)|(?:电话|座机|tel)[号码:. 是]*\d{7,8}(?!\d)"),
        _always,
    ),
    "service number 400 or 800": (re.compile(r"(?<!\d)[48]00-?\d{3,4}-?\d{3,4}(?!\d)"), _always),
    "e-mail address": (re.compile(r"[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}"), _always),
    "web address": (
        re.compile(r"https?://[^\s,。]+|www\.[a-z0-9-]+\.|(?<![a-z0-9@.-])[a-z0-9-]{2,}\.(?:com|cn|net|org)(?![a-z])"),
        _always,
    ),
    "QQ or WeChat": (
        re.compile(r"(?:qq|扣扣|微信|wechat|weixin)(?:号码|号|群)?[是为:. ]*(?:\d{5,12}(?!\d)|[a-z][a-z0-9_-]{5,19})"),
        _always,
    ),
    "bank card, 16 to 19 digits": (re.compile(r"(?<![\d.])\d{16,19}(?!\d)"), is_card),
    "hospital number": (
        re.compile(r"(?:住院|病历|病案|门诊|就诊|登记|影像|检查|标本|床|医保|社保|身份证)号码?[是为:.# ]*[a-z]{0,3}-?\d{2,}"),
        _always,
    ),
    "specimen number after 病理 or 病检": (
        re.compile(r"(?:病理|病检)[^\d,。;]{0,6}[a-z]{0,2}\d{5,}(?!\d)|(?<![\da-z.])[a-z]{0,2}20[012]\d{6}(?!\d)"), _always,
    ),
    "name after 姓名": (re.compile(r"姓名 ?: ?[\u4e00-\u9fff*×]{2,4}"), _always),
    "name after 签名": (re.compile(r"(?:签名|签字|审签|记录者|主治医师|住院医师|主任医师) ?: ?[\u4e00-\u9fff]{2,3}"), _always),
    "name with 某": (
        re.compile(r"(?<![\u4e00-\u9fff])(?:患者|病人)?[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹]某"),
        _always,
    ),
    "address with a house number": (
        re.compile(
            r"[\u4e00-\u9fff](?:路|街|大道|巷|弄|胡同) ?\d{1,5}(?:号|弄)(?!线)|\d{1,4}(?:栋|幢|号楼) ?\d{0,2}(?:单元)? ?\d{2,4}室?"
            r"|(?:住址|家庭地址|联系地址|通讯地址) ?: ?[\u4e00-\u9fff]{3,}"
        ),
        _always,
    ),
}
_LONG_NUMBER = re.compile(r"\d{6,}")


def identifiers(texts: Iterable[str]) -> Dict[str, object]:
    """How often each pattern is met; the finds themselves are not kept."""
    counts: Counter = Counter()
    numbers: Set[str] = set()
    characters = 0
    for text in texts:
        characters += len(text)
        numbers.update(_LONG_NUMBER.findall(text))
        for name, (pattern, holds) in PATTERNS.items():
            counts[name] += sum(holds(found.group()) for found in pattern.finditer(text))
    return {
        "characters": characters,
        "distinct numbers of 6 digits or more": len(numbers),
        "finds": {name: counts[name] for name in PATTERNS if counts[name]},
    }


# --- the command -------------------------------------------------------------------------------


def hygiene(data: Path, out: Path) -> List[str]:
    """Writes the reports; returns the files that are read without a permissive licence declared."""
    with opened_in(data) as trained:
        training = training_texts(data)
    with opened_in(data) as measured:
        measuring = measuring_texts(data)
    with numbers_as_released():
        released = training_texts(data)
    table = data_table(data, trained, measured)
    shared = overlap(measuring, training)
    print(_summary(shared))
    _write(out / "overlap.json", {"data": table, **shared})
    _write(
        out / "identifiers.json",
        {
            "patterns": list(PATTERNS),
            "as released": {name: identifiers(texts) for name, texts in released.items()},
            "as trained on (long numbers replaced)": {
                name: identifiers(texts) for name, texts in training.items()
            },
            "measuring": {name: identifiers(texts) for name, texts in measuring.items()},
        },
    )
    return [str(row["file"]) for row in table if row["licence"] is None]


def _summary(report: Dict[str, object]) -> str:
    """The sets of an overlap report, a line each."""
    return "\n".join(
        f"{name}: {found['records']} records, {found['records with a shared gram']} share a gram, "
        f"{found['records over 50 %']} over 50 %; {found['share']:.1%} of grams"
        for name, found in report["sets"].items()  # type: ignore[attr-defined]
    )


def _write(path: Path, content: Dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the public sets (read only)")
    parser.add_argument("--out", type=Path, default=REPORTS, help="where the reports go")
    args = parser.parse_args(arguments)
    undeclared = hygiene(args.data, args.out)
    for name in undeclared:
        print(f"{name}: no permissive licence is declared for it", file=sys.stderr)
    return 1 if undeclared else 0


if __name__ == "__main__":
    sys.exit(main())
