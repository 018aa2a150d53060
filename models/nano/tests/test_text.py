"""Normalisation, tokenizer, windows and scorer."""
import unittest

import support  # noqa: F401
import score
import text
from corpus import Annotated
from tokenizer import CONTROLS, FIRST_BYTE, Tokenizer, frequent_chars
from windows import cut, windows


class Normalisation(unittest.TestCase):
    # The same cases as in src-main/tasks/extraction/source-text.test.ts.
    def test_every_code_point_becomes_one_code_point(self) -> None:
        for given in ("ＣＴ示㎎ﬁ㍿İ", "高血壓、糖尿病", "𠀀👨\u200d👩\u200d👧\ud800\0", "Ⅱ型①〔", ""):
            with self.subTest(ascii(given)):
                self.assertEqual(len(text.normalise(given)), len(given))

    def test_capitals_full_width_and_traditional_writing_are_read_as_what_training_saw(self) -> None:
        self.assertEqual(text.normalise("ＣＴ：高血壓，癥狀；（頭痛）"), "ct:高血压,症状;(头痛)")

    def test_what_would_become_several_characters_stays_as_it_is(self) -> None:
        self.assertEqual(text.normalise("㎎ﬁ①Ⅱ"), "㎎ﬁ1ⅱ")
        self.assertEqual(text.normalise("İ"), "İ")

    def test_white_space_and_control_characters_become_spaces(self) -> None:
        self.assertEqual(text.normalise("a\nb\tc\u3000d\0e\u0085f\ufeffg\x1ch"), "a b c d e f g h")
        # Not white space, here or in JavaScript.
        self.assertEqual(text.normalise("\u200b\u180e"), "\u200b\u180e")

    def test_normalising_twice_changes_nothing_more(self) -> None:
        for code in range(0x30000):
            once = text.normalise_char(chr(code))
            if text.normalise_char(once) != once:
                # Only where simplifying gives a character that is itself written otherwise elsewhere.
                self.assertIn(once, text._SIMPLIFIED)


class Tokens(unittest.TestCase):
    def setUp(self) -> None:
        self.tokenizer = Tokenizer(frequent_chars(["患者腹痛3天,无发热。 ct示", "腹痛"], at_least=1))

    def decoded(self, tokens: "list[int]") -> str:
        raw = b"".join(
            bytes([token - FIRST_BYTE])
            if FIRST_BYTE <= token < FIRST_BYTE + 256
            else self.tokenizer.pieces[token].replace("\u2581", " ").encode("utf-8")
            for token in tokens
        )
        return raw.decode("utf-8")

    def test_text_comes_back_from_its_tokens_known_or_not(self) -> None:
        for given in ("患者腹痛3天,无发热。", "ct 示 腹痛", "龘𠀀é①〔", "  ", ""):
            with self.subTest(given):
                self.assertEqual(self.decoded(self.tokenizer.encode(given)), given)

    def test_a_known_character_is_one_token_and_an_unknown_one_its_bytes(self) -> None:
        self.assertEqual(len(self.tokenizer.encode("腹痛")), 2)
        self.assertEqual(self.tokenizer.encode("é"), [FIRST_BYTE + 0xC3, FIRST_BYTE + 0xA9])

    def test_no_text_becomes_a_control_token(self) -> None:
        controls = set(range(self.tokenizer.first_control, self.tokenizer.first_char)) | {0, 1, 2}
        for given in [*CONTROLS, "<s>", "</s>", "<unk>", "<0x0A>", "".join(map(chr, range(1, 0x3000)))]:
            self.assertFalse(controls & set(self.tokenizer.encode(given)), given[:20])

    def test_pieces_and_types_are_one_for_one_and_pieces_differ(self) -> None:
        self.assertEqual(len(self.tokenizer.types()), len(self.tokenizer))
        self.assertEqual(len(set(self.tokenizer.pieces)), len(self.tokenizer))
        for piece, kind in zip(self.tokenizer.pieces, self.tokenizer.types()):
            self.assertEqual(kind == 3, piece in ("<s>", "</s>") or piece.startswith("<|"))

    def test_characters_are_ordered_by_frequency_then_code_point_with_the_space_first(self) -> None:
        self.assertEqual(frequent_chars(["bba cc", "\u2581d"], at_least=1), [" ", "b", "c", "a", "d"])
        self.assertEqual(frequent_chars(["bba"], at_least=2), [" ", "b"])


class Windows(unittest.TestCase):
    LONG = "患者腹痛三天,伴恶心、呕吐。无发热;二便正常。" * 9 + "无标点" * 60 + "。 " + " " * 150 + "末"

    def test_every_character_lies_in_one_window_but_for_white_space_alone(self) -> None:
        for longest in (1, 2, 7, 40, 120, 5000):
            with self.subTest(longest):
                covered = [place for start, end in windows(self.LONG, longest) for place in range(start, end)]
                self.assertEqual(len(covered), len(set(covered)))
                left = set(range(len(self.LONG))) - set(covered)
                self.assertEqual({self.LONG[place] for place in left} - {" "}, set())
                self.assertTrue(all(end - start <= longest for start, end in windows(self.LONG, longest)))

    def test_a_window_ends_at_a_sentence_then_at_a_clause_then_anywhere(self) -> None:
        self.assertEqual(windows("一二三四五。七八九十", 8), [(0, 6), (6, 10)])
        self.assertEqual(windows("一二三,五六七八九十", 8), [(0, 4), (4, 10)])
        self.assertEqual(windows("一二三四五六七八九十", 8), [(0, 8), (8, 10)])
        # A sentence end in the first half is no reason to waste the second.
        self.assertEqual(windows("一。三四五六七八九十", 8), [(0, 8), (8, 10)])

    def test_no_mention_is_cut_where_mentions_are_known(self) -> None:
        for place in range(0, len(self.LONG) - 12, 5):
            spans = [(place, place + 12, "疾病和诊断")]
            for longest in (13, 40, 120):
                borders = {end for _, end in windows(self.LONG, longest, spans)}
                self.assertFalse(borders & set(range(place + 1, place + 12)), (place, longest))

    def test_a_window_taken_alone_keeps_the_words_of_its_mentions(self) -> None:
        record = Annotated("腹痛三天。查ct示肝癌。", [(0, 2, "症状"), (6, 8, "影像检查"), (9, 11, "疾病和诊断")])
        window = cut(record, 5, 12)
        self.assertEqual([(window.text[a:b], kind) for a, b, kind in window.spans], [("ct", "影像检查"), ("肝癌", "疾病和诊断")])


class Scores(unittest.TestCase):
    def test_strict_scores_are_those_counted_by_hand(self) -> None:
        gold = [{(0, 2, "症状"), (3, 5, "药物")}, {(0, 4, "疾病和诊断")}, set()]
        # Right; wrong border; right place but wrong type; invented.
        found = [{(0, 2, "症状"), (3, 6, "药物")}, {(0, 4, "症状")}, {(7, 9, "药物")}]
        self.assertEqual(
            score.strict(gold, found),
            {
                "f1": round(2 / 7, 4), "precision": 0.25, "recall": 0.3333,
                "types": {"疾病和诊断": 0.0, "症状": round(2 / 3, 4), "药物": 0.0},
            },
        )

    def test_nothing_wanted_and_nothing_found_is_no_division_by_zero(self) -> None:
        self.assertEqual(score.strict([set()], [set()])["f1"], 0.0)

    def test_everything_right_is_one(self) -> None:
        gold = [{(0, 2, "症状")}]
        self.assertEqual(score.strict(gold, gold)["f1"], 1.0)


if __name__ == "__main__":
    unittest.main()
