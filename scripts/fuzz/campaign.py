"""A campaign: chunks of sequences with a seed each, several at a time, added up in a folder that outlives an interruption."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from scripts.fuzz import forge
from scripts.fuzz.counts import Counts, parse, read
from scripts.fuzz.forge import Violation

DEPTH = 300
CHUNK_SECONDS = 3_600


class Campaign:
    """Sums of what was played with one state of contracts and tests; another state begins anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "sums.json"
        self.raw: Counter[bytes] = Counter()
        self.seconds = 0.0
        self.next_seed = 0
        folder.mkdir(parents=True, exist_ok=True)
        if self._file.exists():
            kept = json.loads(self._file.read_text())
            self.raw = Counter({bytes.fromhex(key): number for key, number in kept["counts"].items()})
            self.seconds, self.next_seed = kept["seconds"], kept["next_seed"]

    @property
    def counts(self) -> Counts:
        """All that was counted."""
        return read(self.raw)

    def run(
        self, calls: int, processes: int, seed: int, chunk: int, budget: float | None = None
    ) -> Violation | None:
        """Plays until that many calls are made in all, `budget` seconds are over, or a promise does not hold. Chunks of about
        `chunk` calls have seeds of their own, ascending from `seed`; one that is interrupted is played again."""
        began = time.monotonic()
        violation: Violation | None = None
        with ThreadPoolExecutor(processes) as pool:
            running: dict[Future[Violation | None], tuple[int, int, float]] = {}
            while True:
                late = budget is not None and time.monotonic() - began >= budget
                missing = calls - self.counts.calls - sum(size for _, size, _ in running.values())
                if violation is None and not late and missing > 0 and len(running) < processes:
                    size = min(chunk, -(-missing // (processes - len(running))))
                    future = self._start(pool, seed, size)
                    running[future] = (self.next_seed, size, time.monotonic())
                    self.next_seed += 1
                    continue
                if not running:
                    return violation
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    number, _, started = running.pop(future)
                    violation = self._finish(future, number, time.monotonic() - started) or violation

    def _counts_file(self, number: int) -> Path:
        return self.folder / f"chunk-{number}.hex"

    def _start(self, pool: ThreadPoolExecutor, seed: int, calls: int) -> Future[Violation | None]:
        file = self._counts_file(self.next_seed)
        file.unlink(missing_ok=True)
        sequences = max(1, -(-calls // DEPTH))
        return pool.submit(forge.play, seed + self.next_seed, sequences, DEPTH, file, CHUNK_SECONDS)

    def _finish(self, future: Future[Violation | None], number: int, seconds: float) -> Violation | None:
        violation = future.result()
        file = self._counts_file(number)
        # What was counted while a failing sequence was shortened is no part of the campaign.
        if violation is None:
            self.raw += parse(file.read_text())
            self.seconds += seconds
            self._save()
        file.unlink(missing_ok=True)
        return violation

    def _save(self) -> None:
        kept = {
            "counts": {key.hex(): number for key, number in self.raw.items()},
            "seconds": self.seconds,
            "next_seed": self.next_seed,
        }
        temporary = self._file.with_suffix(".new")
        temporary.write_text(json.dumps(kept))
        temporary.replace(self._file)
