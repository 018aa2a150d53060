"""The recipe's one command: `python3 models/nano/run.py STAGE --data DIR --work DIR` (see README.md)."""
import os
import sys

# glibc gives big blocks back to the system after each use and has them zeroed again: a third of the time.
if "MALLOC_TOP_PAD_" not in os.environ:
    os.environ.update(
        MALLOC_MMAP_THRESHOLD_="4294967296", MALLOC_TRIM_THRESHOLD_="17179869184", MALLOC_TOP_PAD_="268435456"
    )
    os.execv(sys.executable, [sys.executable, *sys.argv])
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

if __name__ == "__main__":
    if sys.argv[1:2] == ["hygiene"]:
        # It needs no PyTorch, which the other stages import.
        import hygiene

        sys.exit(hygiene.main(sys.argv[2:]))
    if sys.argv[1:2] == ["rewrite"]:
        import ordinary

        sys.exit(ordinary.main(sys.argv[2:]))
    from stages import main

    main()
