"""The hygiene command on a small folder of made-up files."""
import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

import support  # noqa: F401
import hygiene

# Different characters, so that no gram repeats by chance.
LONG = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨"
SHARED = LONG[:30]


def lines(*rows: object) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n"


def record(text: str) -> "dict[str, object]":
    return {"text": text, "entities": []}


def write(data: Path) -> None:
    files = {
        "cehrner.train.jsonl": lines({**record("腹痛。" + SHARED), "entities": [{"type": "症状", "start": 0, "end": 2}]}),
        "cehrner.dev.jsonl": lines(record("没有相同之处的一段文字而且它必须长过二十四个字才能算")),
        "cehrner.test.jsonl": lines(record("，".join(SHARED)), record(SHARED[:24] + "甲乙丙丁戊己庚辛壬癸" * 3), record("短")),
        "cmedqaner.train.jsonl": lines(record("手机13912345678,身份证11010519491231002x")),
        "cmedqaner.dev.jsonl": lines(record("一")),
        "cmedqaner.test.jsonl": lines(record("二")),
        "cmdd.jsonl": lines(
            {"split": "train", "turns": [{"text": "邮箱zhang@example.com"}]}, {"split": "test", "turns": [{"text": "您好"}]}
        ),
        "toyhom-sample.jsonl": lines({"title": "头晕", "ask": "姓名:张三丰", "answer": "住院号:0012345"}),
        "medicalgpt-sft-1k.jsonl": lines({"conversations": [{"value": "卡号4111111111111111"}]}),
        "cmb-clin.json": json.dumps([
            {"description": "甲", "QA_pairs": [{"question": "问", "answer": "答"}]},
            {"description": "患者男", "QA_pairs": [{"question": "诊断", "answer": "肺炎"}]},
        ], ensure_ascii=False),
        "medqa-zh.dev400.json": json.dumps([{"input": "题目甲乙"}], ensure_ascii=False),
        "het-mc-sample.dialog": "id\t1\nP\t家住中山路12号\n",
        "thuocl-medical.txt": "肺炎\t10\n",
        "cmedqq.train.txt": "1\t病理号20141234\t病理(201412345)示\n",
        "cmedtc.train.txt": "病\t电话010-12345678\n",
        "cmedic.train.txt": "病\t温度38.5度\n",
        "medicalgpt-dpo-500.jsonl": lines({"unused": "x"}),
    }
    for name, content in files.items():
        (data / name).write_text(content, "utf-8")


class Hygiene(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data, self.out = Path(folder.name) / "data", Path(folder.name) / "reports"
        self.data.mkdir()
        write(self.data)
        self.drawn, hygiene.DRAWN = hygiene.DRAWN, 20

    def tearDown(self) -> None:
        hygiene.DRAWN = self.drawn

    def run_command(self) -> int:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as self.errors:
            return hygiene.main(["--data", str(self.data), "--out", str(self.out)])

    def report(self, name: str) -> dict:
        return json.loads((self.out / f"{name}.json").read_text("utf-8"))

    def test_grams_that_stand_in_training_text_are_counted_whatever_the_punctuation(self) -> None:
        self.assertEqual(self.run_command(), 0)
        found = self.report("overlap")["sets"]["cehrner test"]
        # The first record is all shared: 30 bare characters, 7 grams. The second begins with one of them.
        self.assertEqual(found["records"], 3)
        self.assertEqual(found["records shorter than a gram"], 1)
        self.assertEqual(found["records with a shared gram"], 2)
        self.assertEqual(found["shared grams"], 8)
        self.assertEqual(found["records over 50 %"], 1)
        self.assertEqual(found["places of the records over 50 %"], [0])
        self.assertEqual(found["highest share of a record"], 1.0)
        self.assertEqual(found["shared grams by training file"], {"cehrner.train.jsonl": 8})
        self.assertEqual(self.report("overlap")["sets"]["cehrner dev"]["shared grams"], 0)

    def test_what_looks_like_a_persons_data_is_counted_by_file(self) -> None:
        self.run_command()
        training = self.report("identifiers")["as released"]
        finds = {name: found["finds"] for name, found in training.items() if found["finds"]}
        self.assertEqual(
            finds,
            {
                "cmedqaner.train.jsonl": {"identity number, 18 digits": 1, "mobile phone": 1},
                "cmdd.jsonl": {"e-mail address": 1},
                "toyhom-sample.jsonl": {"hospital number": 1, "name after 姓名": 1},
                "medicalgpt-sft-1k.jsonl": {"bank card, 16 to 19 digits": 1},
                "het-mc-sample.dialog": {"address with a house number": 1},
                "cmedqq.train.txt": {"specimen number after 病理 or 病检": 2},
                "cmedtc.train.txt": {"landline": 1},
            },
        )
        self.assertEqual(training["cmedqq.train.txt"]["distinct numbers of 6 digits or more"], 2)
        trained = self.report("identifiers")["as trained on (long numbers replaced)"]
        for numbers in ("identity number, 18 digits", "mobile phone"):
            self.assertFalse([name for name, found in trained.items() if numbers in found["finds"]])

    def test_reports_hold_no_text_of_the_sets(self) -> None:
        self.run_command()
        for path in self.out.iterdir():
            written = path.read_text("utf-8")
            for secret in (SHARED[:6], "13912345678", "11010519491231002", "example.com", "张三丰", "0012345", "4111", "中山路"):
                self.assertNotIn(secret, written)

    def test_the_table_lists_what_is_read_and_nothing_else(self) -> None:
        self.run_command()
        rows = {row["file"]: row for row in self.report("overlap")["data"]}
        self.assertEqual(len(rows), 16)
        self.assertNotIn("medicalgpt-dpo-500.jsonl", rows)
        self.assertEqual(rows["cmb-clin.json"]["use"], ["training", "measuring"])
        self.assertEqual(rows["cehrner.test.jsonl"]["use"], ["measuring"])
        self.assertEqual(rows["toyhom-sample.jsonl"]["licence"], "MIT")
        self.assertEqual(rows["thuocl-medical.txt"]["bytes"], (self.data / "thuocl-medical.txt").stat().st_size)

    def test_a_file_without_a_permissive_licence_fails_the_command_and_is_named(self) -> None:
        declared = hygiene.LICENCES
        self.addCleanup(setattr, hygiene, "LICENCES", declared)
        for changed in (
            [row for row in declared if row[0] != "cmdd.jsonl"],
            [("cmdd.jsonl", "CC-BY-NC-4.0", "somewhere"), *declared],
        ):
            hygiene.LICENCES = changed
            self.assertEqual(self.run_command(), 1)
            self.assertIn("cmdd.jsonl", self.errors.getvalue())

    def test_the_reports_of_two_runs_are_the_same(self) -> None:
        self.run_command()
        first = {path.name: path.read_bytes() for path in self.out.iterdir()}
        self.run_command()
        self.assertEqual(first, {path.name: path.read_bytes() for path in self.out.iterdir()})


class Patterns(unittest.TestCase):
    def finds(self, text: str) -> "dict[str, int]":
        return hygiene.identifiers([text])["finds"]  # type: ignore[return-value]

    def test_numbers_that_are_measured_values_or_dates_are_no_identifiers(self) -> None:
        for text in ("wbc 12.5×10^9/l", "2016-03-21入院", "血压130/80mmhg", "13.12345678", "201603212", "0.123456789012345678"):
            with self.subTest(text):
                self.assertEqual({k: v for k, v in self.finds(text).items() if k != "specimen number after 病理 or 病检"}, {})

    def test_an_identity_number_needs_its_province_its_date_and_its_check(self) -> None:
        self.assertTrue(hygiene.is_id_18("11010519491231002x"))
        for wrong in ("110105194912310021", "11010519491331002x", "99010519491231002x"):
            self.assertFalse(hygiene.is_id_18(wrong))
        self.assertTrue(hygiene.is_id_15("110105491231002"))
        self.assertFalse(hygiene.is_id_15("110105491331002"))

    def test_a_card_needs_luhns_check(self) -> None:
        self.assertTrue(hygiene.is_card("4111111111111111"))
        self.assertFalse(hygiene.is_card("4111111111111112"))
        self.assertFalse(hygiene.is_card("0000000000000000"))


if __name__ == "__main__":
    unittest.main()
