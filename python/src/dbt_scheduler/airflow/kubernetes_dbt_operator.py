"""The operator that runs dbt in a pod of a Kubernetes cluster."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from dbt_scheduler.airflow.containers.kubernetes_script import script
from dbt_scheduler.airflow.dbt_tasks.image_runs import image_run
from dbt_scheduler.airflow.dbt_tasks.runs import DBT_FIELDS, DbtRuns
from dbt_scheduler.airflow.kubernetes_operator import KubernetesCommandOperator
from dbt_scheduler.airflow.operators import Ended


class KubernetesDbtOperator(DbtRuns, KubernetesCommandOperator):
    """Runs dbt in a pod, whose image has the project in its working directory; from slices, if it has some."""

    template_fields: Sequence[str] = (*KubernetesCommandOperator.template_fields, *DBT_FIELDS)

    def _run(
        self,
        command: list[str],
        watched: re.Pattern[str] | None = None,
        env: dict[str, str] | None = None,
        take: Mapping[str, Path] | None = None,
    ) -> Ended:
        run = image_run(self.command, command, self.env if env is None else env)
        text, variables = script(run.files, run.exchanged, slices=run.slices)
        taken = {path.name: path for path in run.files.take.values()}
        ended = super()._run(
            ["sh", "-c", text, run.runner, *run.words],
            watched,
            {**run.env, **variables},
            {**taken, **(take or {})},
        )
        return msgspec.structs.replace(ended, program=command[0])
