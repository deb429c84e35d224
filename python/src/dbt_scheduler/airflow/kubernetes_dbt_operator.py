"""The operator that runs dbt in a pod of a Kubernetes cluster."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from dbt_scheduler.airflow.dbt_runs import DBT_FIELDS, DbtRuns
from dbt_scheduler.airflow.dbt_slices import RUNNER, runs_nodes, with_slice_of
from dbt_scheduler.airflow.image_files import EXCHANGED, exchanged_files
from dbt_scheduler.airflow.kubernetes_operator import KubernetesCommandOperator
from dbt_scheduler.airflow.kubernetes_script import script
from dbt_scheduler.airflow.operators import Ended


class KubernetesDbtOperator(DbtRuns, KubernetesCommandOperator):
    """Runs dbt in a pod, whose image has the project in its working directory; from slices, where it has some."""

    template_fields: Sequence[str] = (*KubernetesCommandOperator.template_fields, *DBT_FIELDS)

    def _run(
        self,
        command: list[str],
        watched: re.Pattern[str] | None = None,
        env: dict[str, str] | None = None,
        take: Mapping[str, Path] | None = None,
    ) -> Ended:
        own = dict(self.env if env is None else env)
        exchanged = {name: Path(own.pop(name)) for name in EXCHANGED if name in own}
        if exchanged:
            del own["PYTHONPATH"]  # which is about the worker
        slices = runs_nodes(command)
        files = exchanged_files(exchanged)
        text, variables = script(files, exchanged, slices=slices)
        words = with_slice_of(self.command, command) if slices else command
        runner = str(PurePosixPath(command[0]).with_name(RUNNER))
        taken = {path.name: path for path in files.take.values()}
        ended = super()._run(
            ["sh", "-c", text, runner, *words], watched, {**own, **variables}, {**taken, **(take or {})}
        )
        return msgspec.structs.replace(ended, program=command[0])
