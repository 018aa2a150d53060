"""The stages and their settings; the command line of the recipe."""
import argparse
import json
import os
from dataclasses import replace
from pathlib import Path

import torch

import corpus
from evaluate import extraction_scores, question_sets, report
from export import export, fixture
from finetuning import TAGS, FinetuningSamples, Mix
from model import Shape
from ordinary import rewrite
from pretraining import PretrainingSamples
from tokenizer import Tokenizer, frequent_chars
from train import Stage, load_model, train

STAGES = ["tokenizer", "pretrain", "compare", "finetune", "refine", "evaluate", "export", "questions", "rewrite"]

PRETRAIN = Stage("pretrain", steps=1000, decay=0.2, final_rate=0.1)
COMPARE = Stage("compare", steps=240, decay=0.5, dropout=0.05, blank=0.03)
FINETUNE = Stage("finetune", steps=2500, decay=0.7, dropout=0.1, blank=0.03, average=0.998)
REFINE = Stage("refine", steps=4400, muon_rate=0.012, adam_rate=2.4e-3, decay=0.95, dropout=0.1, blank=0.03, average=0.999)
REFINE_MIX = Mix(synthetic=0.08, evidence=0.12, consumer=0.02)


def make_tokenizer(data: Path, work: Path) -> Tokenizer:
    path = work / "tokenizer.json"
    if not path.exists():
        texts = [text for texts in corpus.plain_texts(data).values() for text in texts]
        chars = frequent_chars(texts + corpus.medical_words(data), at_least=3)
        path.write_text(json.dumps({"chars": chars}, ensure_ascii=False), "utf-8")
    return Tokenizer(json.loads(path.read_text("utf-8"))["chars"])


def pretrain(data: Path, work: Path) -> Path:
    tokenizer = make_tokenizer(data, work)
    samples = PretrainingSamples(data, tokenizer)
    return train(PRETRAIN, Shape(len(tokenizer)), samples.draw, work, None)


def compare(data: Path, work: Path) -> None:
    """The two formats from the same pre-trained model, on the same samples, for the same steps."""
    tokenizer = make_tokenizer(data, work)
    for name, typed_list in (("marked-copy", 0.0), ("typed-list", 1.0)):
        mix = Mix(synthetic=0, evidence=0, consumer=0, copies=0, typed_list=typed_list)
        samples = FinetuningSamples(data, tokenizer, mix)
        path = train(
            replace(COMPARE, name=f"compare-{name}"), Shape(len(tokenizer)), samples.draw, work, work / "pretrain.pt"
        )
        print(name, json.dumps(extraction_scores(load_model(path), tokenizer, data, "dev", typed_list > 0), ensure_ascii=False))


def finetune(data: Path, work: Path) -> Path:
    tokenizer = make_tokenizer(data, work)
    samples = FinetuningSamples(data, tokenizer, Mix())
    return train(
        FINETUNE, Shape(len(tokenizer)), samples.draw, work, work / "pretrain.pt",
        evaluate=lambda model, step: extraction_scores(model, tokenizer, data, "dev"), evaluate_every=400,
    )


def refine(data: Path, work: Path) -> Path:
    """More of the same from the finished model, with a tag to name for every character."""
    tokenizer = make_tokenizer(data, work)
    samples = FinetuningSamples(data, tokenizer, REFINE_MIX)
    return train(
        REFINE, Shape(len(tokenizer), tags=TAGS), samples.draw, work, work / "finetune.pt",
        evaluate=lambda model, step: extraction_scores(model, tokenizer, data, "dev"), evaluate_every=500,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=[*STAGES, "all"], help="or hygiene, which run.py starts without PyTorch")
    parser.add_argument("--data", type=Path, required=True, help="the folder of the public sets (read only)")
    parser.add_argument("--work", type=Path, required=True, help="where checkpoints and logs go, outside the repository")
    parser.add_argument("--model", type=Path, help="evaluate, export: the checkpoint (default: the last stage's)")
    parser.add_argument("--type", choices=["F16", "Q8_0"], default="Q8_0", help="export: weights of the file")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if Path(__file__).resolve().parents[2] in (args.work.resolve(), *args.work.resolve().parents):
        parser.error("--work must lie outside the repository: what is written there holds text of the data")
    args.work.mkdir(parents=True, exist_ok=True)
    chosen = STAGES if args.stage == "all" else [args.stage]
    for stage in chosen:
        if stage == "tokenizer":
            print(len(make_tokenizer(args.data, args.work)), "pieces")
        elif stage == "pretrain":
            pretrain(args.data, args.work)
        elif stage == "compare":
            compare(args.data, args.work)
        elif stage == "finetune":
            finetune(args.data, args.work)
        elif stage == "refine":
            refine(args.data, args.work)
        elif stage == "questions":
            (args.work / "questions.json").write_text(
                json.dumps(
                    {name: [vars(asked) for asked in sets] for name, sets in question_sets(args.data).items()},
                    ensure_ascii=False,
                ),
                "utf-8",
            )
        elif stage == "rewrite":
            rewrite(args.data, args.work)
        elif stage == "export":
            checkpoint = args.model or args.work / "refine-average.pt"
            export(checkpoint, args.work, args.work / "export")
            fixture(checkpoint, args.work, args.work / "export" / "windows.json", args.type)
        else:
            report(args.model or args.work / "refine-average.pt", args.data, args.work)
