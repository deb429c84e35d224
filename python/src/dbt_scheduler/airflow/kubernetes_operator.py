# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""The operator that runs a task's command in a pod of a Kubernetes cluster."""

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import Context
from kubernetes.client import ApiException, V1Pod
from kubernetes.client import models as k8s
from kubernetes.config import ConfigException
from urllib3.exceptions import HTTPError

from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.airflow.containers.kubernetes_output import Output, PodFollower
from dbt_scheduler.airflow.containers.kubernetes_problems import exit_code, said, startup_problem
from dbt_scheduler.airflow.containers.kubernetes_spec import TASK, as_it_is, environment, label, toleration
from dbt_scheduler.airflow.operators import Ended, passed
from dbt_scheduler.airflow.task_digest import task_digest
from dbt_scheduler.airflow.task_selection import skip_unless_chosen
from dbt_scheduler.kinds.places import looks_secret

_STARTUP_SECONDS = 600
"""For finding or adding a node, and again for pulling the image. A pod that cannot start fails earlier."""


class KubernetesCommandOperator(KubernetesPodOperator):
    """Runs a command in a pod, which is deleted with the task, also after a timeout or when the task is stopped.

    The pod gets the variables of the worker in ``pass_env`` (``PREFIX_*`` for several), unless a name looks like a
    secret's: everyone with permission to view pods can read them. Secrets are references to Kubernetes secrets, which
    the worker never reads. Without a command, it runs that of the image.
    """

    template_fields: Sequence[str] = (
        *("image", "command", "env", "pass_env", "kubernetes_secrets", "labels", "limits", "namespace"),
        *("service_account_name", "node_selector", "tolerated", "pull_secrets", "kubernetes_conn_id"),
    )
    template_fields_renderers = {"command": "json", "env": "json"}  # noqa: RUF012 - as in Airflow

    def __init__(  # noqa: PLR0913 - the platform's settings of a pod
        self,
        *,
        command: list[str],
        env: dict[str, str] | None = None,
        pass_env: Sequence[str] = (),
        kubernetes_secrets: dict[str, str] | None = None,
        limits: dict[str, str] | None = None,
        tolerated: Sequence[dict[str, str]] = (),
        pull_secrets: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        # Not deferrable: dbt's results are in the pod's last lines, and one task may need two pods.
        super().__init__(
            deferrable=False,
            random_name_suffix=False,
            schedule_timeout_seconds=_STARTUP_SECONDS,
            startup_timeout_seconds=_STARTUP_SECONDS,
            startup_check_interval_seconds=1,
            **kwargs,
        )
        self.reattach_on_restart = False  # pods of earlier tries are deleted instead
        self.command = command
        self.env = env or {}
        self.pass_env = list(pass_env)
        self.kubernetes_secrets = kubernetes_secrets or {}
        self.limits = limits or {}
        self.tolerated = tolerated
        self.pull_secrets = pull_secrets
        self._stopped = False
        self._output = Output()

    def pre_execute(self, context: Context) -> None:
        """Skip the task unless the run includes it; otherwise name the pod after this try of the task."""
        skip_unless_chosen(context)
        self._context = context
        self._digest = task_digest(context)
        ti: Any = context["ti"]
        shown = re.sub(r"[^a-z0-9]+", "-", f"{ti.dag_id}.{ti.task_id}".lower())[:36].strip("-")
        self.name = f"dbt-{shown}-{self._digest}-{ti.try_number}"

    def execute(self, context: Context) -> None:
        """Run the command. Raises AirflowException with the last lines of its output if it fails."""
        self._run(self.command).check()

    def on_kill(self) -> None:
        """Called by a signal during ``execute``: delete the pod, and start no other."""
        self._stopped = True
        self._end()

    @cached_property
    def pod_manager(self) -> PodFollower:
        """The pod manager; the provider creates a new one when the credentials have expired."""
        return PodFollower(self.client, self._line)

    def find_pod(self, *_: Any, **__: Any) -> V1Pod:
        """The pod of this try; its name is unique."""
        return self.pod_manager.read_pod(self.pod)

    def await_pod_start(self, pod: V1Pod) -> None:
        """Wait for the pod. Raises AirflowException if the task has been stopped, or the pod does not start."""
        self._require_going_on()
        try:
            super().await_pod_start(pod)
        except AirflowException as error:
            self._require_going_on()
            found = startup_problem(self.pod_manager.read_pod(pod))
            more = f"\n{found}" if found and found not in str(error) else ""
            raise AirflowException(f"The pod {self.name} did not start: {error}{more}") from None

    def post_complete_action(self, **_: Any) -> None:
        """Do nothing: ``_run`` deletes the pod after success and failure, and gives the reason of a failure."""

    def build_pod_request_obj(self, context: Context | None = None, *, dry_run: bool = False) -> V1Pod:
        """The pod, with labels made valid for Kubernetes; see ``label``."""
        pod = super().build_pod_request_obj(context, dry_run=dry_run)
        label(pod.metadata, self.labels, {TASK: self._digest})
        return pod

    def _run(
        self,
        command: list[str],
        watched: re.Pattern[str] | None = None,
        env: dict[str, str] | None = None,
        take: Mapping[str, Path] | None = None,
    ) -> Ended:
        """Run a command in a pod until it finishes, search its output for a pattern, and take printed files."""
        self._say_it_to_the_provider(command, self.env if env is None else env)
        self.pod = self.remote_pod = self.pod_request_obj = None
        self._output = Output(watched)
        try:
            self.pod_request_obj = self.build_pod_request_obj(self._context)
            self.pod_manager.end_earlier(self.pod_request_obj.metadata.namespace, f"{TASK}={self._digest}")
            self._require_going_on()
            self.execute_sync(self._context)
            self._require_going_on()
            code = exit_code(self.remote_pod, self.base_container_name, self.log)
            self._take(take or {})
        except (ApiException, HTTPError, ConfigException) as error:
            self._require_going_on()
            self._require_not_ended()
            raise AirflowException(f"Kubernetes could not run the pod {self.name}: {said(error)}") from None
        finally:
            self._end()
        program = command[0] if command else f"The command of {self.image}"
        return Ended(program, code, tuple(self._output.tail), self._output.seen)

    def _say_it_to_the_provider(self, command: list[str], env: Mapping[str, str]) -> None:
        self.cmds = [as_it_is(word) for word in command]
        self.env_vars = environment({**self._from_the_worker(), **env}, self.kubernetes_secrets)
        if self.limits:
            self.container_resources = k8s.V1ResourceRequirements(requests=self.limits, limits=self.limits)
        self.tolerations = [toleration(each) for each in self.tolerated]
        self.image_pull_secrets = [k8s.V1LocalObjectReference(name) for name in self.pull_secrets]
        if self.execution_timeout:  # so that a pod whose worker is lost ends too
            self.active_deadline_seconds = max(1, round(self.execution_timeout.total_seconds()))

    def _from_the_worker(self) -> dict[str, str]:
        found = passed(os.environ, self.pass_env)
        if secret := next(filter(looks_secret, found), None):
            raise AirflowException(
                f"{secret} is not passed to the pod, because everyone with permission to view pods "
                "could read it. Store it in a Kubernetes secret, and reference that under "
                "kubernetes_secrets in platform.yaml."
            )
        return found

    def _line(self, line: str) -> None:
        if self._output.add(line):
            self.log.info("%s", line)

    def _take(self, files: Mapping[str, Path]) -> None:
        """Write the files that the pod printed; if the connection was lost at its end, its output is read again."""
        if not all(map(self._output.has, files)):
            self._output = self._output.anew()
            for line in self.pod_manager.whole_output(self.pod, self.base_container_name):
                self._output.add(line)
        for name, path in files.items():
            if content := self._output.has(name) and self._output.file(name):
                path.write_bytes(content)

    def _require_going_on(self) -> None:
        if self._stopped:
            raise AirflowException("The task was stopped, and its pod was deleted.")

    def _require_not_ended(self) -> None:
        """Raise AirflowException if the cluster ended the pod, which may be why its output cannot be read."""
        if self.pod is not None:
            with suppress(ApiException, HTTPError):
                exit_code(self.pod_manager.read_pod(self.pod), self.base_container_name, self.log)

    def _end(self) -> None:
        if self.pod_request_obj is None:
            return
        try:
            self.pod_manager.delete_pod(self.pod_request_obj)
        except (ApiException, HTTPError) as error:
            self.log.warning("The pod %s may still be running: %s", self.name, said(error))
