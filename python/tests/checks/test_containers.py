"""Container settings of teams: SCH218, SCH219, SCH220, SCH223; and platform settings that no engine accepts."""

import json
from pathlib import Path

import pytest

from build import PLATFORM, World, node
from dbt_scheduler.checks import check
from dbt_scheduler.config.platform import load_platform

TASK = "tasks:\n  - {kind: universal, name: fetch, pipelines: [daily], command: x, %s}\n"
UNIVERSAL = "kinds: {universal: {where: docker, %s}}\n"


def said(root: Path, platform: str, text: str) -> list[tuple[str, int, str, str]]:
    """The findings about a team with a model and these keys in its scheduler.yaml."""
    world = World(root, PLATFORM + platform)
    world.team("shop", node("orders", pipelines=["daily"]), text=text)
    return [(each.code, each.line, each.message, each.hint) for each in check(world.open())]


def test_a_container_without_an_image(tmp_path: Path) -> None:
    platform = "dbt: {where: docker}\n" + UNIVERSAL % "cpus: 1"
    assert said(tmp_path, platform, TASK % "retries: 1") == [
        (
            "SCH218",
            0,
            'the dbt tasks: no image is set, but the platform runs it in a container ("where: docker")',
            "set dbt_settings: {image: ...} in scheduler.yaml",
        ),
        (
            "SCH218",
            4,
            'task "fetch": no image is set, but the platform runs it in a container ("where: docker")',
            "set image on the task",
        ),
    ]


def test_an_image_of_the_team_or_of_the_platform_is_enough(tmp_path: Path) -> None:
    platform = (
        "dbt: {where: docker, image: 'registry.example.com:5000/dbt/all:1.2'}\n" + UNIVERSAL % "cpus: 1"
    )
    assert said(tmp_path, platform, TASK % "image: 'localhost/a_b/c--d@sha256:%s'" % ("0" * 64)) == []


@pytest.mark.parametrize(
    "image",
    ["Fetch:1", "a b", "a:", "a:1:2", "/a", "a//b", "a@sha256:1", "-a", "a" * 500, "{{ ds }}", "https://a/b"],
)
def test_an_image_that_no_engine_takes(tmp_path: Path, image: str) -> None:
    (found,) = said(tmp_path, UNIVERSAL % "cpus: 1", TASK % f"image: '{image}'")
    assert found[:3] == ("SCH219", 4, f'task "fetch": "{image}" is not a valid image name')


def test_a_team_that_sets_what_the_platform_decides(tmp_path: Path) -> None:
    platform = "dbt: {where: docker, image: i, overrides: []}\n" + UNIVERSAL % "overrides: [image]"
    text = "dbt_settings: {cpus: 64}\n" + TASK % "image: fetch, memory: 64g"
    hint = "remove it, or ask the platform team to add it to `overrides` of {} in platform.yaml; teams may set: {}"
    assert said(tmp_path, platform, text) == [
        ("SCH220", 3, "the dbt tasks: teams are not allowed to set cpus", hint.format("dbt", "nothing")),
        ("SCH220", 5, 'task "fetch": teams are not allowed to set memory', hint.format("universal", "image")),
    ]


def test_a_node_or_a_task_that_sets_what_the_platform_decides_of_its_turn(tmp_path: Path) -> None:
    world = World(
        tmp_path, PLATFORM + "dbt: {overrides: [pool]}\n" + UNIVERSAL % "image: i, overrides: [queue]"
    )
    world.team(
        "shop",
        node(
            "orders",
            pipelines=["daily"],
            patch_path="shop://models/s.yml",
            pool="default_pool",
            queue="heavy",
            memory="9g",
        ),
        node("idle", queue="heavy"),
        text=TASK % "queue: heavy, pool: default_pool, priority: 5",
    )
    world.file(
        "shop/models/s.yml",
        "models:\n  - name: orders\n    config:\n      meta:\n        scheduler:\n"
        "          pipelines: [daily]\n          pool: default_pool\n          queue: heavy\n          memory: 9g\n",
    )
    node_hint, task_hint = (
        f"remove it, or ask the platform team to add it to `overrides` of {kind} in platform.yaml; teams may set: "
        f"{allowed}"
        for kind, allowed in (("dbt", "pool"), ("universal", "queue"))
    )
    assert world.findings() == [
        f'shop/models/s.yml:8: SCH220 meta.scheduler of "orders": teams are not allowed to set queue | {node_hint}',
        f'shop/models/s.yml:9: SCH220 meta.scheduler of "orders": teams are not allowed to set memory | {node_hint}',
        f'shop/scheduler.yaml:4: SCH220 task "fetch": teams are not allowed to set pool | {task_hint}',
        f'shop/scheduler.yaml:4: SCH220 task "fetch": teams are not allowed to set priority | {task_hint}',
    ]


@pytest.mark.parametrize(
    "key", ["queue: 'a b'", "pool: ''", "priority: 2147483648", "priority: high", "queue: [a]"]
)
def test_a_queue_pool_or_priority_that_airflow_refuses(tmp_path: Path, key: str) -> None:
    (found,) = said(tmp_path, UNIVERSAL % "image: i", TASK % key)
    assert found[:2] == ("SCH201", 4)
    assert key.partition(":")[0] in found[2]


@pytest.mark.parametrize(
    "key",
    [
        "where: lambda",
        "memory: 4 GB",
        "memory: 1m",
        "cpus: 0",
        "network: 'container:other'",
        "network: 'a b'",
        "user: 'a b'",
        "labels: {Cost Center: x}",
        "labels: {cost: 1}",
        "secrets: {PASSWORD: 'opensesame!'}",
        "secrets: {'1': db}",
        "overrides: [user]",
    ],
)
def test_what_an_engine_would_refuse_is_a_finding_about_the_platform(tmp_path: Path, key: str) -> None:
    file = tmp_path / "platform.yaml"
    where = "" if key.startswith("where") else "where: docker, "
    file.write_text(f"{PLATFORM}kinds: {{universal: {{{where}{key}}}}}\n")
    config, findings = load_platform(file)
    assert config is None
    assert [finding.code for finding in findings] == ["SCH405"]
    assert f"kinds.universal.{key.partition(':')[0]}" in findings[0].message


@pytest.mark.parametrize(
    "key",
    [
        "cpus: 0",
        "memory: 512Mi",
        "namespace: Not_A_Name",
        f"namespace: {'a' * 64}",
        "service_account: 'a b'",
        "service_account: a..b",
        "node_selector: {pool: 'a b'}",
        "node_selector: {/pool: a}",
        "tolerations: [{value: a}]",
        "labels: {a//b: x}",
        "labels: {a..b/c: x}",
        "labels: {'4711': x}",  # Google Cloud would reject it when the task runs
        "kubernetes_secrets: {PASSWORD: 'opensesame!'}",
        "kubernetes_secrets: {PASSWORD: warehouse}",
        "kubernetes_secrets: {PASSWORD: Ware/house}",
        "kubernetes_secrets: {'1': warehouse/password}",
        "image_pull_secrets: ['a b']",
        'cluster: "a\\n"',
        "overrides: [namespace]",
    ],
)
def test_what_kubernetes_would_refuse_is_a_finding_about_the_platform(tmp_path: Path, key: str) -> None:
    file = tmp_path / "platform.yaml"
    file.write_text(f"{PLATFORM}kinds: {{universal: {{where: kubernetes, {key}}}}}\n")
    config, findings = load_platform(file)
    assert config is None
    assert [finding.code for finding in findings] == ["SCH405"]
    assert f"kinds.universal.{key.partition(':')[0]}" in findings[0].message


@pytest.mark.parametrize(("key", "value"), [("key", "a b"), ("value", "a b"), ("effect", "Never")])
def test_a_taint_that_there_cannot_be_is_a_finding_about_the_platform(
    tmp_path: Path, key: str, value: str
) -> None:
    file = tmp_path / "platform.yaml"
    taint = {"key": "spot", key: value}
    file.write_text(f"{PLATFORM}dbt: {{where: kubernetes, tolerations: [{json.dumps(taint)}]}}\n")
    _, findings = load_platform(file)
    assert [finding.code for finding in findings] == ["SCH405"]
    assert findings[0].message.startswith(f'"{key}" must ')


@pytest.mark.parametrize(
    ("kind", "place", "hint"),
    [
        ("universal", "kubernetes", "reference a secret under kubernetes_secrets instead"),
        ("universal", "cloud-run", "reference a secret under google_secrets instead"),
        ("vertex-ai", "vertex-ai", "let the job read the secret itself, as its service account"),
    ],
)
def test_a_secret_that_would_be_shown_is_a_finding(tmp_path: Path, kind: str, place: str, hint: str) -> None:
    file = tmp_path / "platform.yaml"
    passed = "environment: {pass: [API_URL, DBT_ENV_SECRET_*, WAREHOUSE_PASSWORD]}"
    file.write_text(
        f"{PLATFORM}dbt: {{where: docker, {passed}}}\nkinds:\n  {kind}: {{where: {place}, {passed}}}\n"
    )
    config, findings = load_platform(file)
    assert config is None
    said = '"{}" looks like a secret, and with "where: PLACE" its value would be visible in the task\'s definition'
    said = said.replace("PLACE", place)
    line = len(PLATFORM.splitlines()) + 3
    assert [(each.code, each.line, each.message, each.hint) for each in findings] == [
        ("SCH424", line, f"kinds.{kind}: {said.format(name)}", f"remove it from environment, and {hint}")
        for name in ("DBT_ENV_SECRET_*", "WAREHOUSE_PASSWORD")
    ]


def test_a_key_of_another_place_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "platform.yaml"
    file.write_text(f"{PLATFORM}dbt: {{where: kubernetes, memory: 1g, secrets: {{A: warehouse}}}}\n")
    config, findings = load_platform(file)
    assert config is not None
    assert "secrets" not in config.places["dbt"].settings
    (found,) = findings
    assert (found.code, found.severity.value, found.message) == (
        "SCH425",
        "warning",
        'dbt.secrets has no effect: it applies to docker, and these tasks run with "where: kubernetes"',
    )
    assert found.hint.startswith(
        "remove it; the keys of kubernetes are: cpus, memory, labels, cluster, namespace, "
    )


def test_what_a_team_sets_is_checked_as_well(tmp_path: Path) -> None:
    (found,) = said(tmp_path, UNIVERSAL % "image: i", TASK % "memory: 4 GB")
    assert found[0] == "SCH201"
    assert "memory" in found[2]


def test_a_job_without_a_region(tmp_path: Path) -> None:
    task = "tasks:\n  - {kind: vertex-ai, name: train, pipelines: [daily], image: i, %s}\n"
    assert said(tmp_path, "", task % "retries: 1") == [
        (
            "SCH223",
            4,
            'task "train": region is not set, but "where: vertex-ai" requires it',
            "set region of vertex-ai in platform.yaml, for example europe-west1, or in scheduler.yaml",
        )
    ]
    assert said(tmp_path, "", task % "region: us-central1") == []
    assert said(tmp_path, "kinds: {vertex-ai: {region: us-central1}}\n", task % "retries: 1") == []
    assert said(tmp_path, "kinds: {vertex-ai: {where: local}}\n", task % "command: x") == []


def test_dbt_on_cloud_run_without_a_bucket(tmp_path: Path) -> None:
    cloud_run = "dbt: {where: cloud-run, image: i, region: europe-west1%s}\n"
    task = "tasks:\n  - {kind: universal, name: fetch, pipelines: [daily], command: x}\n"
    assert said(tmp_path, cloud_run % "", task) == [
        (
            "SCH223",
            0,
            'the dbt tasks: results_bucket is not set, but "where: cloud-run" requires it',
            "set results_bucket of dbt in platform.yaml, for example my-project-dbt-results",
        )
    ]
    assert said(tmp_path, cloud_run % ", results_bucket: results", task) == []
    universal = "kinds: {universal: {where: cloud-run, image: i, region: europe-west1}}\n"
    assert said(tmp_path, universal, task) == []


def test_a_vertex_ai_task_without_an_image(tmp_path: Path) -> None:
    platform = "kinds: {vertex-ai: {region: us-central1}}\n"
    (found,) = said(tmp_path, platform, "tasks:\n  - {kind: vertex-ai, name: train, pipelines: [daily]}\n")
    assert found[0] == "SCH218"


@pytest.mark.parametrize(
    "key",
    [
        "project: My Project",
        "project: 'p/locations/x'",
        "region: Belgium",
        "region: 'europe-west1/../x'",
        "machine_type: n1 standard",
        "accelerator: T4",
        "accelerator: 'NVIDIA_L4:0'",
        "google_service_account: me@example.com",
        "vpc_network: default",
        "labels: {Cost: x}",
        "labels: {cost: 4711}",
        "labels: {cost: A B}",
        "project: '{{ conn.x.password }}'",
    ],
)
def test_what_vertex_ai_would_refuse_is_a_finding_about_the_platform(tmp_path: Path, key: str) -> None:
    refused(tmp_path, "vertex-ai", key)


@pytest.mark.parametrize(
    "key",
    [
        "project: My Project",
        "region: Belgium",
        "google_service_account: jobs",
        "subnetwork: 'a b'",
        "results_bucket: 'gs://results'",
        "google_secrets: {API_TOKEN: 'opensesame!'}",
        "google_secrets: {API_TOKEN: 'token:newest'}",
        "google_secrets: {'1': token}",
        "overrides: [google_service_account]",
    ],
)
def test_what_cloud_run_would_refuse_is_a_finding_about_the_platform(tmp_path: Path, key: str) -> None:
    refused(tmp_path, "universal", key)


def refused(root: Path, kind: str, key: str) -> None:
    """Check that a platform with this key of a kind is rejected because of it."""
    file = root / "platform.yaml"
    file.write_text(f"{PLATFORM}kinds: {{{kind}: {{{key}}}}}\n")
    config, findings = load_platform(file)
    assert config is None
    assert [finding.code for finding in findings] == ["SCH405"]
    assert f"kinds.{kind}.{key.partition(':')[0]}" in findings[0].message


@pytest.mark.parametrize("kind", ["universal", "vertex-ai"])
def test_a_local_process_without_a_command(tmp_path: Path, kind: str) -> None:
    platform = f"kinds: {{{kind}: {{where: local}}}}\n"
    task = f"tasks:\n  - {{kind: {kind}, name: fetch, pipelines: [daily], image: i%s}}\n"
    assert said(tmp_path, platform, task % "") == [
        (
            "SCH223",
            4,
            'task "fetch": command is not set, but "where: local" requires it',
            "set command on the task",
        )
    ]
    assert said(tmp_path, platform, task % ", command: x") == []
