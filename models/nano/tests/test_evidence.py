"""Evidence selection and synthetic records."""
import random
import unittest

import support  # noqa: F401
import evidence
from corpus import Annotated
from lexicon import FLAGS, WORDS
from synthetic import Writer


class Holding(unittest.TestCase):
    TEXT = "腹痛3天,伴恶心。口服阿司匹林,未缓解,查ct。"

    def words(self, places: "list[tuple[int, int]]") -> "list[str]":
        return [self.TEXT[a:b] for a, b in evidence.holding(self.TEXT, places)]

    def test_the_clause_that_holds_a_place_is_the_evidence(self) -> None:
        place = self.TEXT.index("阿司匹林")
        self.assertEqual(self.words([(place, place + 4)]), ["口服阿司匹林"])

    def test_neighbouring_clauses_are_one_stretch(self) -> None:
        self.assertEqual(self.words([(0, 2), (7, 9)]), ["腹痛3天,伴恶心"])

    def test_clauses_apart_are_stretches_apart(self) -> None:
        self.assertEqual(self.words([(0, 2), (self.TEXT.index("ct"), self.TEXT.index("ct") + 2)]), ["腹痛3天", "查ct"])

    def test_a_place_over_a_comma_takes_both_clauses(self) -> None:
        self.assertEqual(self.words([(2, 7)]), ["腹痛3天,伴恶心"])

    def test_no_place_is_no_evidence(self) -> None:
        self.assertEqual(self.words([]), [])

    def test_a_question_is_answered_by_marked_clauses_or_by_nothing(self) -> None:
        window = Annotated(self.TEXT, [(0, 2, "症状"), (self.TEXT.index("阿"), self.TEXT.index("阿") + 4, "药物")])
        names = {kind: ["肝癌", "胸痛"] for kind in evidence.ABOUT}
        rng = random.Random(0)
        asked = [evidence.ask_record(window, names, rng) for _ in range(300)]
        clauses = evidence.clauses(self.TEXT)
        for one in asked:
            self.assertEqual(one.passage, self.TEXT)
            for start, end in one.evidence:
                self.assertIn(start, [a for a, _ in clauses])
                self.assertIn(end, [b for _, b in clauses])
        self.assertTrue(any(one.evidence for one in asked))
        self.assertTrue(any(not one.evidence for one in asked))

    def test_the_measure_counts_characters_and_answerability(self) -> None:
        asked = [evidence.Asked("?", "x" * 10, [(0, 4)]), evidence.Asked("?", "x" * 10, [])]
        self.assertEqual(
            evidence.f1(asked, [[(2, 6)], []]), {"characters": 0.5, "answerable": 1.0, "questions": 2}
        )


class Synthetic(unittest.TestCase):
    def test_every_mention_holds_a_word_of_its_type_and_none_overlap(self) -> None:
        writer = Writer({})
        kinds = {kind: {word.lower() for word in words} for kind, words in WORDS.items()}
        for seed in range(300):
            made = writer.record(random.Random(seed))
            self.assertEqual(len(made.record.spans), len(made.attributes))
            last = 0
            for (start, end, kind), flags in zip(made.record.spans, made.attributes):
                self.assertGreaterEqual(start, last)
                self.assertIn(made.record.text[start:end].replace("术后", ""), kinds[kind])
                self.assertLessEqual(flags, set(FLAGS.values()))
                last = end

    def test_no_slot_is_left_unfilled(self) -> None:
        for seed in range(200):
            self.assertNotRegex(Writer({}).record(random.Random(seed)).record.text, r"[{}]")


if __name__ == "__main__":
    unittest.main()
