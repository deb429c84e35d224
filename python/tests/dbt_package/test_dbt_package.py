"""The dbt package in a real dbt: the output for an invalid config, and no output for a valid one."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from dbt.plugins.manager import PluginManager

from dbt_projects import Files, dbt, make_project

REGISTRY = {
    "format_version": 1,
    "team": None,
    "pipelines": ["daily", "hourly"],
    "teams": {"shipping": {"channel": "#shipping"}, "sales": {"channel": None}},
    "assets": {
        "fct_shipments": [{"team": "shipping", "exposed": True}],
        "dim_dates": [{"team": "sales", "exposed": True}, {"team": "shipping", "exposed": True}],
        "stg_orders": [{"team": "sales", "exposed": False}],
        "country_codes": [{"team": "playground", "exposed": False}],
    },
}


def node(name: str, scheduler: Any) -> dict[str, Any]:
    return {"name": name, "config": {"meta": {"scheduler": scheduler}}}


CLEAN: Files = {
    "models/marts/marts.yml": {
        "models": [
            node(
                "fct_orders",
                {
                    "pipelines": ["hourly", "daily"],
                    "retries": 2,
                    "timeout": {"minutes": 45},
                    "owners": ["@some.owner.team"],
                    "dependencies": {"fct_shipments": "soft", "shipping.fct_shipments": "soft"},
                },
            )
        ]
    },
    "models/marts/fct_orders.sql": "select 1 as id -- reads {{ source('shipping', 'fct_shipments') }}",
    "models/global_assets/global_sources.yml": {
        "sources": [{"name": "shipping", "tables": [{"name": "fct_shipments"}]}]
    },
}
BROKEN: Files = {
    "dbt_project.yml": {
        "models": {"playground": {"broken": {"+meta": {"scheduler_defaults": {"retires": 3}}}}}
    },
    "models/broken/broken.yml": {
        "models": [
            node("dim_customers", {"pipelnes": ["daily"], "retries": "two", "timeout": {"hour": 2}}),
            node(
                "dim_orders", {"pipelines": ["dayly", "quarterly"], "dependencies": {"fct_shipment": "soft"}}
            ),
        ]
    },
    "models/broken/dim_customers.sql": "select 1 as id",
    "models/broken/dim_orders.sql": "select 1 as id -- reads {{ source('shipping', 'fct_shipments') }}",
    "models/broken/in_sql.sql": "{{ config(meta={'scheduler': 'daily'}) }} select 1 as id",
    "models/global_assets/global_sources.yml": {
        "sources": [
            {
                "name": "global_assets",
                "tables": [
                    {"name": name}
                    for name in (
                        "fct_shipmentss",
                        "dim_dates",
                        "stg_orders",
                        "dim_customers",
                        "country_codes",
                    )
                ],
            },
            {"name": "shipping", "tables": [{"name": "fct_shipments"}, {"name": "fct_parcels"}]},
            {"name": "shiping", "tables": [{"name": "fct_shipments"}]},
            {"name": "playground", "tables": [{"name": "dim_orders"}]},
        ]
    },
    "models/other/other.yml": {
        "sources": [
            {"name": "plain", "tables": [{"name": "anything"}]},
            {
                "name": "sales",
                "tables": [{"name": "stg_order", "config": {"meta": {"scheduler": {"global_asset": True}}}}],
            },
        ]
    },
}
BROKEN_REPORT = """\
dbt_scheduler: 19 problems

models/broken/broken.yml
SCH101 meta.scheduler of "dim_customers": "retries" must be an integer, not "two"
  hint: for example 2
SCH101 meta.scheduler of "dim_customers": unknown key "hour" in "timeout"
  hint: did you mean "hours"?
SCH101 meta.scheduler of "dim_customers": unknown key "pipelnes"
  hint: did you mean "pipelines"?
SCH101 meta.scheduler_defaults of "dim_customers": unknown key "retires"
  hint: did you mean "retries"?
SCH101 meta.scheduler_defaults of "dim_orders": unknown key "retires"
  hint: did you mean "retries"?
SCH102 "dim_orders" is assigned to the unknown pipeline "dayly"
  hint: did you mean "daily"?
SCH102 "dim_orders" is assigned to the unknown pipeline "quarterly"
  hint: available pipelines: daily, hourly
SCH103 "dim_orders" lists "fct_shipment" under dependencies, but does not read an asset with that name
  hint: did you mean "fct_shipments"?

models/broken/in_sql.sql
SCH101 meta.scheduler of "in_sql": the top level must be a mapping, not "daily"
SCH101 meta.scheduler_defaults of "in_sql": unknown key "retires"
  hint: did you mean "retries"?

models/global_assets/global_sources.yml
SCH301 global asset "global_assets.fct_shipmentss": no team exposes an asset named "fct_shipmentss"
  hint: did you mean "fct_shipments"?
SCH301 global asset "shipping.fct_parcels": no team exposes an asset named "fct_parcels"
  hint: ask its team to add pipelines to it and list it under exposed_assets; run "dbt-scheduler registry list" for all exposed assets
SCH302 global asset "global_assets.dim_dates": "dim_dates" is exposed by several teams: sales, shipping
  hint: specify the team: declare the table "dim_dates" under a source named "sales", in a file under a folder named global_assets
SCH303 global asset "global_assets.stg_orders": team sales builds "stg_orders", but does not expose it
  hint: ask sales (no channel) to list it under exposed_assets in its scheduler.yaml
SCH304 global asset "global_assets.country_codes": "country_codes" is an asset of this team
  hint: read it with ref("country_codes"), or as a regular source if a task in scheduler.yaml fills it
SCH304 global asset "global_assets.dim_customers": "dim_customers" is an asset of this team
  hint: read it with ref("dim_customers"), or as a regular source if a task in scheduler.yaml fills it
SCH304 global asset "playground.dim_orders": "dim_orders" is an asset of this team
  hint: read it with ref("dim_orders"), or as a regular source if a task in scheduler.yaml fills it
SCH315 global asset "shiping.fct_shipments": team not found in the registry
  hint: did you mean "shipping"?

models/other/other.yml
SCH301 global asset "sales.stg_order": no team exposes an asset named "stg_order"
  hint: ask its team to add pipelines to it and list it under exposed_assets; run "dbt-scheduler registry list" for all exposed assets"""
ONE_PROBLEM: Files = {
    "models/bad.yml": {"models": [node("bad", {"retries": "two"})]},
    "models/bad.sql": "select 1 as id",
}
ONE_REPORT = """\
dbt_scheduler: 1 problem

models/bad.yml
SCH101 meta.scheduler of "bad": "retries" must be an integer, not "two"
  hint: for example 2"""
NOTE = """\
dbt_scheduler: 1 note

packages.yml
SCH312 the asset registry was not read: pipelines and global assets are not checked
  hint: run "dbt-scheduler registry export --dbt-package .dbt_scheduler/registry", add that folder \
to packages.yml and run dbt deps"""


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("clean"), CLEAN, registry=REGISTRY)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("broken"), BROKEN, registry=REGISTRY)


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("bad"), ONE_PROBLEM, registry=REGISTRY)


def report(printed: str) -> str:
    """The package's output, without dbt's timestamps and indentation."""
    lines = printed[printed.index("dbt_scheduler: ") :].splitlines()
    starts = re.compile(r"\s*(> in macro|\d\d:\d\d:\d\d)")
    kept = lines[:1]
    for line in lines[1:]:
        if starts.match(line):
            break
        kept.append(line)
    indent = min((len(line) - len(line.lstrip()) for line in kept[1:] if line.strip()), default=0)
    return "\n".join([kept[0], *(line[indent:].rstrip() for line in kept[1:])]).strip()


def test_a_clean_project_compiles_without_a_word(clean: Path) -> None:
    compiled = dbt(clean, "--warn-error", "compile")
    assert compiled.returncode == 0, compiled.stdout
    assert "SCH" not in compiled.stdout
    # dbt's validate_macro_args: the documentation fits the macros.
    assert "in yaml for macro" not in compiled.stdout


def test_every_problem_of_a_project_is_in_one_error(broken: Path) -> None:
    compiled = dbt(broken, "compile")
    assert compiled.returncode == 2
    assert report(compiled.stdout) == BROKEN_REPORT
    assert compiled.stdout.count("dbt_scheduler: ") == 1
    assert (
        broken / "target" / "manifest.json"
    ).is_file()  # so that `dbt-scheduler check` can report the same


def test_the_quick_form_checks_the_whole_project(broken: Path) -> None:
    arguments = ("compile", "--select", "package:dbt_scheduler", "--no-populate-cache")
    compiled = dbt(broken, *arguments)
    assert compiled.returncode == 2
    assert report(compiled.stdout) == BROKEN_REPORT


def test_a_run_validates_only_with_validate_on_run(bad: Path) -> None:
    ran = dbt(bad, "run")
    assert ran.returncode == 0, ran.stdout
    assert "SCH" not in ran.stdout
    ran = dbt(bad, "run", "--select", "bad", "--vars", "{dbt_scheduler: {validate_on_run: true}}")
    assert ran.returncode != 0
    assert report(ran.stdout) == ONE_REPORT
    assert "OK created" not in ran.stdout


def test_validate_on_run_in_the_project_file(tmp_path: Path) -> None:
    settings = {"dbt_project.yml": {"vars": {"dbt_scheduler": {"validate_on_run": True}}}}
    project = make_project(tmp_path, ONE_PROBLEM | settings, registry=REGISTRY)
    ran = dbt(project, "build")
    assert ran.returncode != 0
    assert report(ran.stdout) == ONE_REPORT
    compiled = dbt(project, "compile")
    assert compiled.stdout.count(ONE_REPORT.splitlines()[0]) == 1  # the hook and the analysis share one check


def test_severity_warn_is_a_warning_of_dbt(bad: Path) -> None:
    warn = ("--vars", "{dbt_scheduler: {severity: warn}}")
    compiled = dbt(bad, "compile", *warn)
    assert compiled.returncode == 0
    assert report(compiled.stdout) == ONE_REPORT
    assert dbt(bad, "--warn-error", "compile", *warn).returncode != 0


def test_parsing_never_checks(bad: Path) -> None:
    for command in ("parse", "ls"):
        assert dbt(bad, command).returncode == 0


def test_without_the_registry_a_note_lists_skipped_checks(tmp_path: Path) -> None:
    project = make_project(tmp_path, CLEAN)
    compiled = dbt(project, "--warn-error", "compile")
    assert compiled.returncode == 0, compiled.stdout
    assert report(compiled.stdout) == NOTE
    required = dbt(project, "compile", "--vars", "{dbt_scheduler: {require_registry: true}}")
    assert required.returncode == 2
    assert report(required.stdout) == NOTE.replace("1 note", "1 problem")


def test_a_project_that_schedules_nothing_hears_nothing(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"models/one.sql": "select 1 as id"})
    compiled = dbt(project, "compile")
    assert compiled.returncode == 0
    assert "SCH" not in compiled.stdout


def test_a_mistake_in_the_packages_own_settings(clean: Path) -> None:
    compiled = dbt(clean, "compile", "--vars", "{dbt_scheduler: {severty: warn, require_registry: 'yes'}}")
    assert compiled.returncode == 2
    assert report(compiled.stdout) == (
        "dbt_scheduler: 2 problems\n\ndbt_project.yml\n"
        'SCH101 vars.dbt_scheduler: "require_registry" must be a boolean, not "yes"\n'
        'SCH101 vars.dbt_scheduler: unknown key "severty"\n  hint: did you mean "severity"?'
    )


def test_the_data_interval_reaches_models_without_another_parse(tmp_path: Path) -> None:
    start, end = "{{ dbt_scheduler.data_interval_start() }}", "{{ dbt_scheduler.data_interval_end() }}"
    sql = f"select '{start}' as a, '{end}' as b"
    project = make_project(tmp_path, {"models/interval.sql": sql})
    compiled = project / "target" / "compiled" / "playground" / "models" / "interval.sql"

    def run(**interval: str) -> tuple[str, str]:
        log = project / "logs" / "dbt.log"
        log.unlink(missing_ok=True)
        ran = dbt(project, "run", **interval)
        assert ran.returncode == 0, ran.stdout
        return compiled.read_text(), log.read_text()

    first = {"DBT_SCHEDULER_DATA_INTERVAL_START": "2025-01-01T00:00:00+00:00"}
    later = {"DBT_SCHEDULER_DATA_INTERVAL_START": "2025-01-02T00:00:00+00:00"}
    sql, _ = run(**first)
    assert "'2025-01-01T00:00:00+00:00' as a" in sql
    sql, log = run(**later)
    assert "'2025-01-02T00:00:00+00:00' as a" in sql
    assert "no changes found, skipping parsing" in log
    sql, log = run()
    assert "no changes found, skipping parsing" in log
    days = re.findall(r"'(\d{4}-\d\d-\d\d)T00:00:00\+00:00'", sql)
    assert len(days) == 2
    assert days[0] < days[1]


@pytest.mark.parametrize("module", ["checks", "kinds.places", "registry.stores"])
def test_dbt_takes_no_module_of_ours_for_a_plugin(module):
    """dbt imports packages whose name begins with ``dbt_``, using modules that are already imported."""
    import_module(f"dbt_scheduler.{module}")
    assert PluginManager.from_modules("shop").hooks == {}
