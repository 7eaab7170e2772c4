"""All that speed is promised of, one after another, in about an hour: python -m benchmarks

Each is a command of its own with sizes to choose: python -m benchmarks.<name> --help. What they compare they run side
by side; on a machine that does something else at the same time only the ratios mean anything, so its load is printed.
"""

import subprocess
import sys

SPEED = ("pages", "queries", "build", "exports", "readers", "alternatives")


def main() -> int:
    failed = []
    for name in SPEED:
        print(f"\n== python -m benchmarks.{name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"]).returncode:
            failed.append(name)
    print(f"\nfailed: {', '.join(failed)}" if failed else "", flush=True)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
