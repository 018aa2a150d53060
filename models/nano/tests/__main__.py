"""`python3 models/nano/tests [REPORT]`: all tests of the recipe; those that need PyTorch are skipped without it.

REPORT receives the counts as JSON: `{"passed", "failed", "skipped"}`.
"""
import json
import sys
import unittest
from pathlib import Path


class _Counting(unittest.TextTestResult):
    passed = 0

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self.passed += 1

    def addExpectedFailure(self, test: unittest.TestCase, err: object) -> None:
        # What the recipe is known not to do, and says so.
        super().addExpectedFailure(test, err)  # type: ignore[arg-type]
        self.passed += 1


def main() -> int:
    suite = unittest.defaultTestLoader.discover(str(Path(__file__).resolve().parent))
    result = unittest.TextTestRunner(resultclass=_Counting).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    counts = {"passed": result.passed, "failed": failed, "skipped": len(result.skipped)}
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(counts), "utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
