"""The spec of each type of Vertex AI job, as a golden file."""

from collections.abc import Callable
from pathlib import Path

from build import PLATFORM, World
from dbt_scheduler.files import encode_json

VERTEX = """\
kinds:
  vertex-ai:
    project: example-project
    region: europe-west1
    google_service_account: jobs@example-project.iam.gserviceaccount.com
    vpc_network: projects/12345/global/networks/warehouse
    output_directory: gs://example-bucket/vertex-ai
    environment: {pass: [STAGE]}
    labels: {cost-center: "4711"}
"""
TASKS = """\
tasks:
  - {kind: vertex-ai, name: clean, pipelines: [daily], image: "clean:1", command: python clean.py}
  - kind: vertex-ai
    name: train
    pipelines: [daily]
    image: train:1
    machine_type: a2-highgpu-1g
    accelerator: NVIDIA_TESLA_A100
    command: python train.py
    training: {model: churn, serving_image: "serve:1"}
  - kind: vertex-ai
    name: score
    pipelines: [daily]
    pipeline_job:
      template: pipelines/score.yaml
      parameters: {market: "{{ not a template }}", rows: 7}
"""


def test_the_spec_of_each_type_of_job(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    world = World(tmp_path, PLATFORM + VERTEX)
    world.team("shop", text=TASKS)
    jobs = {task.task_id: task.arguments for task in world.spec("shop_daily").tasks}
    golden(Path(__file__).with_name("expected_vertex_ai.json"), encode_json(jobs).decode())
