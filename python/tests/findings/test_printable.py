"""Other teams' text in all output: one line each, without control sequences of terminals or CI systems."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from build import PLATFORM, World, node, source
from dbt_scheduler.cli import main
from dbt_scheduler.explain.steps import Step
from dbt_scheduler.explain.text import render
from dbt_scheduler.findings.catalogue.inputs import SCH401
from dbt_scheduler.findings.formats import formats
from dbt_scheduler.findings.printable import lines, one_line, printable_json

HOSTILE = "#x\n::error file=a.sql::PWNED\r::stop-commands::x\x1b[31m\u202egnp\u2028##[add-mask]a##vso[task.x]"
ESCAPED = "#x\\n::error file=a.sql::PWNED\\r::stop-commands::x\\x1b[31m\\u202egnp\\u2028#\\x23[add-mask]a#\\x23vso[task.x]"
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
GLOBAL = "models/global_assets/g.yml"


def obeyed(output: str) -> list[str]:
    """The lines that a terminal or a CI system would interpret."""
    return [
        line
        for line in re.split(r"[\n\r\u2028]", output)
        if line.lstrip().startswith("::") or "##[" in line or "##vso[" in line or not line.isprintable()
    ]


def test_one_line():
    assert one_line(HOSTILE) == ESCAPED
    assert one_line("  ::error::x") == "  \\x3a:error::x"
    assert one_line("a ::b c:\\d 'ė' 🚀") == "a ::b c:\\d 'ė' 🚀"


@given(st.lists(st.text() | st.text(":# [\n\x1bvso", max_size=8)))
@example(["::", " ::", "###[", "\ud800"])
def test_printed_text_stays_on_its_line_and_is_never_interpreted(texts):
    printed = lines(texts)
    assert printed.count("\n") == len(texts)
    assert obeyed(printed) == []
    assert lines(printed.splitlines()) == printed
    printed.encode()


@given(st.dictionaries(TEXT, TEXT | st.text("#[vso")))
def test_printable_json_is_the_same_document(document):
    text = printable_json(json.dumps(document, indent=1, ensure_ascii=False).encode())
    assert json.loads(text) == document
    assert obeyed(text) == []


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    """A folder with the team shop, and a registry in which all text of team audit is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    world = World(folder, f"{PLATFORM}registry: {{url: file:registry}}\n")
    read = source("shop.dim_a", file=GLOBAL)
    exposed = "exposed_assets: [{regex: '.*', slo: {daily: {hours: 6}}}]\n"
    world.team("audit", read, node("dim_b", "shop.dim_a", pipelines=["daily"]), text=exposed)
    world.team(
        "shop",
        source("audit.dim_b", file=GLOBAL),
        node("dim_a", pipelines=["daily"]),
        node("a", "audit.dim_b", pipelines=["daily"]),
        text=exposed,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
        assert CliRunner().invoke(main, ["compile", "shop", "audit", "--out", "out"]).exit_code == 0
    entry = json.loads((folder / "out/registry/audit.json").read_text())["audit"]
    entry["contact"] = {"channel": HOSTILE, "tag": [HOSTILE]}
    made = entry["produced"]["dim_b"]
    made |= {
        "columns": {HOSTILE: HOSTILE},
        "relation": made["relation"] | {"schema": HOSTILE},
    }
    entry["produced"][HOSTILE] = made | {"latest_of": f"dim{HOSTILE}"}
    entry["produced"]["::x"] = made
    entry["project_name"] = HOSTILE
    (folder / "registry").mkdir()
    (folder / "registry/audit.json").write_text(json.dumps({"audit": entry}))
    bad = json.dumps({"bad": entry}).replace(
        '"pipelines": {"daily"', f'"pipelines": {{{json.dumps(HOSTILE)}', 1
    )
    (folder / "registry/bad.json").write_text(bad)
    return folder


@pytest.mark.parametrize(
    "command",
    [
        "check shop",
        "check shop --format github",
        "check shop --format json",
        "compile shop --out new",
        "publish out",
        "registry list --all",
        "registry list --all --format json",
        "registry show dim_b",
        "registry show audit.dim_b --format json",
        "registry consumers dim_a",
        "registry producers shop",
        "registry producers audit",
        "registry show dim_c",
        "registry show dim##[x",
        "registry export --json",
        "report base out",
        "report base out --format comment",
        "report base out --format json",
        "waits shop_daily --from 2025-09-09",
        "waits audit_daily --from 2025-09-09",
    ],
)
def test_no_command_prints_another_teams_text_as_it_is(hostile, monkeypatch, command):
    monkeypatch.chdir(hostile)
    base = json.loads(Path("out/registry/shop.json").read_text())
    base["shop"]["produced"]["dim_a"]["columns"] = {HOSTILE: "int"}
    Path("base/registry").mkdir(parents=True, exist_ok=True)
    Path("base/registry/shop.json").write_text(json.dumps(base))
    result = CliRunner().invoke(main, command.split())
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    own = [
        line for line in obeyed(result.output) if "--format github" not in command or not _annotation(line)
    ]
    assert own == []


def _annotation(line: str) -> bool:
    found = re.fullmatch(r"::(error|warning|notice) file=[^:,\n]*(,line=\d+)?,title=SCH\d+::(.*)", line)
    return found is not None and found[3].isprintable()


def test_the_hostile_text_is_really_there(hostile, monkeypatch):
    monkeypatch.chdir(hostile)
    shown = CliRunner().invoke(main, ["registry", "show", "dim_b"]).stdout
    assert f"  team      audit ({ESCAPED})\n" in shown
    assert f"  column    {ESCAPED} {ESCAPED}\n" in shown


def test_an_explanation(hostile):
    step = Step(
        dag_id="shop_daily",
        task_id=HOSTILE,
        run_id=HOSTILE,
        logical_date=datetime(2025, 9, 9, tzinfo=UTC),
        data_interval_start=datetime(2025, 9, 9, tzinfo=UTC),
        schedule=None,
        team="audit",
        channel=HOSTILE,
        state="failed",
        text=HOSTILE,
        url=HOSTILE,
    )
    assert obeyed(render(step)) == []
    assert ESCAPED in render(step)


@pytest.mark.parametrize("style", formats())
def test_a_finding(style):
    finding = SCH401.at(f"::{HOSTILE}", 3, hint=HOSTILE)
    printed = formats()[style].render([finding])
    assert [line for line in obeyed(printed) if not _annotation(line)] == []


def test_the_snapshot_for_dbt(hostile, monkeypatch):
    monkeypatch.chdir(hostile)
    CliRunner().invoke(main, ["registry", "export", "--dbt-package", "package"])
    text = Path("package/macros/snapshot.sql").read_text()
    document = re.search(r"{% set snapshot %}(.*){% endset %}", text)
    assert document is not None
    snapshot = json.loads(document[1].replace("\\u007b", "{"))
    assert snapshot["teams"]["audit"] == {"channel": ESCAPED, "project": ESCAPED}
    assert ESCAPED in snapshot["assets"]
