# ruff: noqa: ANN401 - the provider's own signatures say Any
"""What a pod prints: lines for the task's log, and at the end the files that come out of it.

A pod's files are gone when its command has ended. Its output is kept until it is deleted, and whoever may run pods and
read their logs, as this has to, needs no further rights for it.
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
"""How long a pod may take to end. Kubernetes kills it after thirty, unless its node is lost."""

_LOOK_SECONDS = 0.5

GIVE = (
    'give() { echo; { [ ! -s "$1" ] || gzip -c "$1" | base64; } | { n=0; '
    f'while read -r line; do echo "{_MARK} ${{1##*/}} $n $line"; n=$((n + 1)); done; '
    f'echo "{_MARK} ${{1##*/}} $n"; }}; }}; '
)
"""In the shell of an image: ``give FILE`` prints a file, its lines with their numbers, and then how many they are."""


class Output:
    """The output of one pod: its last lines, where a text that was watched for came first, and its files."""

    def __init__(self, watched: re.Pattern[str] | None = None) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self.seen: re.Match[str] | None = None
        self._watched = watched
        self._chunks: dict[str, dict[int, str]] = defaultdict(dict)
        self._lengths: dict[str, int] = {}

    def anew(self) -> "Output":
        """An empty one, which watches out for the same."""
        return Output(self._watched)

    def add(self, line: str) -> bool:
        """Whether a line is one for people, and not one of a file. It may come twice, where the connection broke."""
        printed = _PRINTED.fullmatch(line)
        if printed is None:
            if line:  # the provider leaves out empty ones
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
        """Whether a file has come, and whole."""
        return len(self._chunks[name]) == self._lengths.get(name)

    def file(self, name: str) -> bytes:
        """A file that has come; empty if there was none. ValueError if it is longer than any of ours."""
        chunks = self._chunks[name]
        packed = b64decode("".join(chunks[number] for number in sorted(chunks)))
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)  # that of gzip
        try:
            content = unpacking.decompress(packed, _MOST_BYTES)
        except zlib.error as error:
            raise ValueError(f"{name} is corrupted: {error}") from None
        if packed and not unpacking.eof:
            raise ValueError(f"{name} is larger than {_MOST_BYTES} bytes")
        return content


class PodFollower(PodManager):
    """Hands each line of a pod's output over, instead of logging it with its container's name, and ends other pods."""

    def __init__(self, client: Any, line: Callable[[str], None]) -> None:
        super().__init__(kube_client=client)
        self._line = line

    def _log_message(self, message: str, *_: Any, **__: Any) -> None:
        for line in message.splitlines():
            self._line(line.rstrip())

    def whole_output(self, pod: Any, container: str) -> list[str]:
        """What a container has printed, read again."""
        lines = self.read_pod_logs(pod, container, follow=False)
        return [line.decode(errors="backslashreplace").rstrip() for line in lines]

    def end_earlier(self, namespace: str, selector: str) -> None:
        """End what earlier tries, whose workers were killed, have left: until it is gone, it may write to the table."""
        deadline = time.monotonic() + _GONE_SECONDS
        listed = generic_api_retry(self._client.list_namespaced_pod)  # type: ignore[no-untyped-call] # it has none
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
