"""Fixtures used by more than one part of the suite, nothing else."""

import os

# One thread per test process: OpenMP oversubscription makes torch many times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")
