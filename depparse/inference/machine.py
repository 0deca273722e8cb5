"""The machine that something is measured on: its processor, its threads, and the memory of this process."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

# What decides how fast a processor multiplies matrices, as Linux calls it: first x86, then ARM.
_FLAGS = (
    *("avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_tile", "amx_int8", "amx_bf16", "asimddp", "i8mm", "bf16", "sve", "sve2"),
)
# The variables that bound the threads of torch and NumPy (by OpenMP, MKL, OpenBLAS, BLIS) and of numba.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Processor:
    """A processor: its name, how many cores this process may use, and those of its abilities that set its speed."""

    name: str
    cores: int
    flags: tuple[str, ...]  # such as avx2, avx512_vnni, amx_int8; empty where the system does not tell

    @classmethod
    def here(cls) -> Processor:
        """The processor of this machine."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        try:
            lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:  # another system than Linux
            lines = []
        told = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        name = told.get("model name") or platform.processor() or platform.machine() or "unknown"
        known = {*told.get("flags", "").split(), *told.get("Features", "").split()}
        return cls(name, cores, tuple(flag for flag in _FLAGS if flag in known))


def environment_of_threads(threads: int) -> dict[str, str]:
    """The environment of a process whose libraries compute with that many threads."""
    return {**os.environ, **dict.fromkeys(THREADS, str(threads)), "TOKENIZERS_PARALLELISM": "false"}


def peak_memory_mib() -> float | None:
    """The most memory that this process has used so far, in MiB; None on Windows, which does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        # The figure of getrusage would include the memory that the parent had when it started this process.
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    except (OSError, IndexError, ValueError):
        pass
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)  # a Mac counts bytes
