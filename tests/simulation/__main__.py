"""`python -m tests.simulation FIRST SEEDS`: a long run; each failing plan is shrunk and kept."""

import sys
import time

from tests.simulation.finding import failures, written

STRETCH = 400


def main(first: int, seeds: int) -> int:
    """Run seeds by the stretch, telling how it goes; return how many failed."""
    began = time.perf_counter()
    failed = 0
    for start in range(first, first + seeds, STRETCH):
        found = failures(range(start, min(start + STRETCH, first + seeds)))
        failed += len(found)
        seconds = time.perf_counter() - began
        print(f"{start - first + STRETCH} seeds, {failed} failed, {seconds:.0f} s", flush=True)
        for one in found[:2]:
            print(f"seed {one.seed}: {one.invariant}: {one.text}\n{written(one)}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]))))
