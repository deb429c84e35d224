"""Durations: ``{hours: 1, minutes: 30}`` in files that people write, seconds everywhere else."""

from collections.abc import Mapping

_SECONDS = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}
UNITS = frozenset(_SECONDS)


def duration_seconds(duration: Mapping[str, int]) -> int:
    """``{hours: 1, minutes: 30}`` as 5400."""
    return sum(_SECONDS[unit] * amount for unit, amount in duration.items())


def format_duration(seconds: int) -> str:
    """``5400`` as ``1h 30m``."""
    units = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
    words = []
    for unit, size in units:
        amount, seconds = divmod(seconds, size)
        if amount:
            words.append(f"{amount}{unit}")
    return " ".join(words) or "0s"
