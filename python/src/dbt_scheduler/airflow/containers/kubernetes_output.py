# ruff: noqa: ANN401 - the provider's own signatures say Any
"""Parses a pod's output: lines for the task's log, and at the end the files that it hands over.

A pod's files are gone when its command has finished. Its output is kept until it is deleted, and reading it needs no
permission beyond running pods and reading their logs, which the operator needs anyway.
"""

import re
import time
import zlib
from base64 import b64decode
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from airflow.providers.cncf.kubernetes.kubernetes_helper_functions import generic_api_retry
from airflow.providers.cncf.kubernetes.utils.pod_manager import PodManager

from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.airflow.operators import TAIL_LINES

_MARK = "dbt-scheduler-file"
_PRINTED = re.compile(rf"{_MARK} (\S+) (\d+)(?: (\S+))?")
_MOST_BYTES = 20_000_000
_MOST_LINES = 400_000

_GONE_SECONDS = 120
"""The time limit for a pod's termination. Kubernetes kills it after 30 seconds, unless its node is lost."""

_LOOK_SECONDS = 0.5

GIVE = (
    'give() { echo; { [ ! -s "$1" ] || gzip -c "$1" | base64; } | { n=0; '
    f'while read -r line; do echo "{_MARK} ${{1##*/}} $n $line"; n=$((n + 1)); done; '
    f'echo "{_MARK} ${{1##*/}} $n"; }}; }}; '
)
"""A shell function for the image: ``give FILE`` prints a file in numbered lines, and then their number."""


class Output:
    """The output of one pod: its last lines, the first match of the watched pattern, and its files."""

    def __init__(self, watched: re.Pattern[str] | None = None) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self.seen: re.Match[str] | None = None
        self._watched = watched
        self._chunks: dict[str, dict[int, str]] = defaultdict(dict)
        self._lengths: dict[str, int] = {}

    def anew(self) -> "Output":
        """An empty output with the same pattern."""
        return Output(self._watched)

    def add(self, line: str) -> bool:
        """Add a line, perhaps again after a lost connection; returns whether it belongs in the log, not to a file."""
        printed = _PRINTED.fullmatch(line)
        if printed is None:
            if line:  # the provider drops empty lines
                self.tail.append(line)
            self.seen = self.seen or (self._watched.search(line) if self._watched else None)
            return bool(line)
        name, number, chunk = printed[1], int(printed[2]), printed[3]
        if chunk is None:
            self._lengths[name] = number
        elif number < _MOST_LINES:
            self._chunks[name][number] = chunk
        return False

    def has(self, name: str) -> bool:
        """Whether a file has been printed completely."""
        return len(self._chunks[name]) == self._lengths.get(name)

    def file(self, name: str) -> bytes:
        """The content of a printed file; empty if it does not exist. ValueError if it is damaged or too large."""
        chunks = self._chunks[name]
        packed = b64decode("".join(chunks[number] for number in sorted(chunks)))
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)  # the gzip format
        try:
            content = unpacking.decompress(packed, _MOST_BYTES)
        except zlib.error as error:
            raise ValueError(f"{name} is corrupted: {error}") from None
        if packed and not unpacking.eof:
            raise ValueError(f"{name} is larger than {_MOST_BYTES} bytes")
        return content


class PodFollower(PodManager):
    """Passes each line of a pod's output on, instead of logging it with its container's name; deletes earlier pods."""

    def __init__(self, client: Any, line: Callable[[str], None]) -> None:
        super().__init__(kube_client=client)
        self._line = line

    def _log_message(self, message: str, *_: Any, **__: Any) -> None:
        for line in message.splitlines():
            self._line(line.rstrip())

    def whole_output(self, pod: Any, container: str) -> list[str]:
        """The lines of a container's output, read again."""
        lines = self.read_pod_logs(pod, container, follow=False)
        return [line.decode(errors="backslashreplace").rstrip() for line in lines]

    def end_earlier(self, namespace: str, selector: str) -> None:
        """Delete pods that earlier tries left, and wait: until these end, they may write to the table.

        Raises AirflowException if one does not terminate.
        """
        deadline = time.monotonic() + _GONE_SECONDS
        listed = generic_api_retry(self._client.list_namespaced_pod)  # type: ignore[no-untyped-call] # it has no types
        while left := listed(namespace, label_selector=selector).items:
            if time.monotonic() > deadline:
                raise AirflowException(
                    f"The pod {left[0].metadata.name} of an earlier try did not terminate."
                )
            for pod in left:
                if pod.metadata.deletion_timestamp is None:
                    self.log.info("Deleting the pod %s of an earlier try", pod.metadata.name)
                    self.delete_pod(pod)
            time.sleep(_LOOK_SECONDS)
