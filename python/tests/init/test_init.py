"""``init``: a project's initial files, and nothing that a user wrote is lost."""

import os
from pathlib import Path

import pytest
import yaml

import goldens
from command import run
from dbt_scheduler import __version__
from dbt_scheduler.init import starting

GIT = {"git": "https://github.com/dbt-scheduler/dbt-scheduler.git", "revision": f"v{__version__}"}
REGISTRY = {"local": ".dbt_scheduler/registry"}


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """An empty dbt project at the root of a repository, as the current folder."""
    monkeypatch.chdir(tmp_path)
    Path(".git").mkdir()
    Path("dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    return tmp_path


def files() -> dict[str, str]:
    return {str(path): path.read_text() for path in sorted(Path().rglob("*")) if path.is_file()}


def test_the_first_files(project):
    said = run("init", "--ci", "github")
    assert said.stderr == (
        f"scheduler.yaml written\npackages.yml written\n{project}/.github/workflows/scheduler.yml written\n"
    )
    assert "dbt-scheduler registry export" in said.stdout
    assert said.stdout.splitlines()[-1].startswith("  adapt the CI file, which installs requirements.txt: ")
    config = yaml.safe_load(Path("scheduler.yaml").read_text())
    assert (config["team"], config["alerting"]) == ("shop", {"channel": "#shop"})
    assert yaml.safe_load(Path("packages.yml").read_text()) == {"packages": [GIT, REGISTRY]}
    workflow = Path(".github/workflows/scheduler.yml").read_text()
    assert f"dbt-scheduler/dbt-scheduler@v{__version__}\n" in workflow
    assert "@COMMIT" not in workflow
    before = files()
    assert run("init", "--ci", "github").stderr == "nothing to do: the project is already set up\n"
    assert files() == before


@pytest.mark.dbt
def test_what_it_writes_passes_dbt_and_check(project):
    """With this repository as the package that dbt would download."""
    Path("dbt_project.yml").write_text(
        "name: shop\nprofile: shop\nflags: {send_anonymous_usage_stats: false}\n"
    )
    output = "{type: duckdb, path: shop.duckdb}"
    Path("profiles.yml").write_text(f"shop: {{target: dev, outputs: {{dev: {output}}}}}\n")
    Path("models").mkdir()
    Path("models/one.sql").write_text(
        "{{ config(meta={'scheduler': {'pipelines': ['daily']}}) }} select 1 as id"
    )
    run("init", "--yes")
    text = Path("packages.yml").read_text()
    git = f'  - git: "{GIT["git"]}"\n    revision: "{GIT["revision"]}"\n'
    assert git in text
    Path("packages.yml").write_text(text.replace(git, f"  - local: {goldens.ROOT}\n"))
    goldens.run("dbt-scheduler", "registry", "export", "--dbt-package", REGISTRY["local"], cwd=project)
    goldens.dbt("deps", cwd=project)
    goldens.dbt("compile", "--no-populate-cache", cwd=project)
    assert "no findings" in goldens.run("dbt-scheduler", "check", cwd=project)


def test_a_dbt_project_that_is_a_named_pipe_is_not_waited_for(project):
    Path("dbt_project.yml").unlink()
    os.mkfifo("dbt_project.yml")
    assert run("init", code=2).stderr == (
        "cannot read dbt_project.yml: not a regular file\n  hint: correct the file first\n"
    )


def test_a_config_with_another_ending_is_named_and_gets_no_second_one(project):
    Path("scheduler.yml").write_text("version: 0.17\n")
    said = "rename scheduler.yml to scheduler.yaml: under its name it is not read\n"
    assert run("init").stderr.startswith(said)
    assert "scheduler.yaml" not in files()


def test_a_link_to_no_file_is_not_taken_for_a_folder_without_permissions(project):
    Path("scheduler.yaml").symlink_to("gone.yaml")
    assert run("init", code=2).stderr == (
        "scheduler.yaml is a symlink to a file that does not exist\n"
        "  hint: remove the symlink, or create the file\n"
    )


def test_a_dry_run_shows_the_diff_and_writes_nothing(project):
    Path("packages.yml").write_text("packages:\n  - package: dbt-labs/dbt_utils # ours\n    version: 1.0.0\n")
    before = files()
    shown = run("init", "--team", "wares", "--dry-run").stdout
    assert files() == before
    assert "--- /dev/null\n+++ scheduler.yaml\n" in shown
    assert '+team: "wares"\n' in shown
    assert shown.endswith(
        "--- packages.yml\n+++ packages.yml\n@@ -1,3 +1,6 @@\n packages:\n"
        "   - package: dbt-labs/dbt_utils # ours\n     version: 1.0.0\n"
        f'+  - git: "{GIT["git"]}"\n+    revision: "{GIT["revision"]}"\n+  - local: "{REGISTRY["local"]}"\n'
    )


def test_a_last_line_without_a_newline_is_a_separate_line_in_the_diff(project):
    Path("packages.yml").write_text("packages:\n- local: a")
    assert (
        "-- local: a\n\\ No newline at end of file\n+- local: a\n+- git:" in run("init", "--dry-run").stdout
    )


LISTS = {
    "comments": "# first\npackages:\n  # ours\n  - package: a/b # b\n    version: 1.0.0\n# last\n",
    "no indent": 'packages:\n- package: a/b\n  version: [">=1.0.0", "<2.0.0"]\n\n',
    "no line feed": "packages:\n  - package: a/b\n    version: 1.0.0",
    "other keys": "packages:\n  - package: a/b\n    version: 1.0.0\n\nprojects:\n  - name: other\n",
    "empty": "packages: []\n",
    "nothing": "",
    "comment only": "# none yet\n",
    "already git": 'packages:\n  - git: "https://example.com/fork/dbt-scheduler.git"\n    revision: abc\n',
    "already beside": "packages:\n  - local: ../dbt-scheduler\n",
    "already private": "packages:\n  - private: org/dbt-scheduler\n    revision: abc\n",
    "already local": "packages:\n  - local: .dbt_scheduler/registry\n",
}


@pytest.mark.parametrize("name", ["packages.yml", "dependencies.yml"])
@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_packages_that_are_there_stay_with_their_comments(text, name, project):
    Path(name).write_text(text)
    before = yaml.safe_load(text) or {}
    run("init", "--yes")
    listed = name if before.get("packages") is not None else "packages.yml"
    after = Path(listed).read_text()
    found = yaml.safe_load(after)
    assert found["packages"][: len(before.get("packages", []))] == before.get("packages", [])
    assert sum("dbt-scheduler" in str(each) for each in found["packages"]) == 1
    assert found["packages"].count(REGISTRY) == 1
    assert {**found, "packages": 0} == {**before, "packages": 0} or listed != name
    for line in text.splitlines() if listed == name else ():
        assert line.replace("packages: []", "packages:") in after.splitlines()
    again = files()
    run("init", "--yes")
    assert files() == again


@pytest.mark.parametrize(
    "package",
    [
        "git: https://example.com/acme-dbt-scheduler-tools.git",
        "local: ../our-dbt-scheduler",
        "local: ../dbt-scheduler-models",
        "{git: https://example.com/a.git, revision: 1, env: [dbt-scheduler]}",
    ],
)
def test_a_package_with_a_similar_name_is_another(package, project):
    Path("packages.yml").write_text(f"packages:\n  - {package}\n")
    run("init", "--yes")
    found = yaml.safe_load(Path("packages.yml").read_text())
    assert found["packages"][1:] == [GIT, REGISTRY]


def test_lines_keep_their_ends(project):
    before = b"packages:\r\n  - package: a/b\r\n    version: 1.0.0\r\n"
    Path("packages.yml").write_bytes(before)
    run("init", "--yes")
    assert Path("packages.yml").read_bytes().startswith(before)


@pytest.mark.parametrize("place", [".github", ".github/workflows"])
def test_a_file_where_a_folder_has_to_be_is_a_line(place, project):
    Path(place).parent.mkdir(exist_ok=True)
    Path(place).write_text("")
    refused = run("init", "--ci", "github", code=2)
    assert "/.github/workflows/scheduler.yml: not a directory" in refused.stderr
    assert Path(place).read_text() == ""


def test_a_list_that_cannot_be_continued_is_named_with_what_to_add(project):
    text = "packages: [{package: a/b, version: 1.0.0}]\n"
    Path("packages.yml").write_text(text)
    said = run("init", "--yes")
    assert Path("packages.yml").read_text() == text
    assert f'add these packages to packages.yml manually: {{"git": "{GIT["git"]}"' in said.stderr


def test_a_project_in_a_folder_of_its_repository(project):
    Path("warehouse").mkdir()
    Path("dbt_project.yml").rename("warehouse/dbt_project.yml")
    run("init", "warehouse", "--ci", "gitlab", "--revision", "0123abc")
    assert 'PROJECT: "warehouse" #' in Path(".gitlab-ci.yml").read_text()
    Path(".gitlab-ci.yml").write_text("test: {script: [make]}\n")
    said = run("init", "warehouse", "--ci", "gitlab").stderr
    assert "already exists: add the jobs of docs/ci/gitlab.yml manually" in said
    assert Path(".gitlab-ci.yml").read_text() == "test: {script: [make]}\n"


def test_without_a_ci_file_no_step_is_about_it(project):
    assert "CI file" not in run("init").stdout


def test_without_a_repository_there_is_no_ci_file(project):
    Path(".git").rmdir()
    said = run("init", "--ci", "github").stderr
    assert "no CI file was written, because the folder is not in a git repository: run `git init`" in said
    assert not Path(".github").exists()


BAD = {
    "no project": (("init", "nowhere"), "no dbt_project.yml found in nowhere"),
    "team": (("init", "--team", "a\nb"), "use only letters, digits, _ and -"),
    "template": (("init", "--team", "{{ x }}"), "use only letters, digits, _ and -"),
    "revision": (("init", "--revision", "a b"), "use only letters, digits, ., _, - and /"),
    "ci": (("init", "--ci", "jenkins"), "Invalid value for '--ci'"),
}


@pytest.mark.parametrize(("words", "said"), BAD.values(), ids=BAD)
def test_what_cannot_be_chosen(words, said, project):
    assert said in run(*words, code=2).stderr
    assert sorted(files()) == ["dbt_project.yml"]


@pytest.mark.parametrize("text", ["[]", "name: [", "a: 1", "- x", "\x00"])
def test_a_project_file_that_dbt_could_not_read(text, project):
    Path("dbt_project.yml").write_text(text)
    assert "dbt_project.yml" in run("init", code=2).stderr


@pytest.mark.parametrize("value", ["!!timestamp foo", "!!bool foo", '!!int ""', '!!float ""', "!!binary é"])
@pytest.mark.parametrize("file", ["dbt_project.yml", "packages.yml", "dependencies.yml"])
def test_a_value_that_its_tag_does_not_fit_is_a_line(file, value, project):
    Path(file).write_text(f"name: shop\nx: {value}\n")
    assert run("init", code=2).stderr == (
        f"{file} is not in the format that dbt expects\n  hint: correct the file first\n"
    )
    assert not Path("scheduler.yaml").exists()


@pytest.mark.parametrize("channel", ['#a"\ntasks: x', "#a😀", "#ä\u2028\x85\x07\\", "#" + "a b " * 50])
def test_a_channel_is_text_and_no_yaml(channel, project):
    run("init", "--channel", channel)
    assert yaml.safe_load(Path("scheduler.yaml").read_text())["alerting"] == {"channel": channel}


def test_an_interrupted_write_leaves_the_old_file(project, monkeypatch):
    text = "packages:\n  - package: a/b\n    version: 1.0.0\n"
    Path("packages.yml").write_text(text)

    def fail(path: Path, content: bytes, *, new: bool = False) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(starting, "write_atomically", fail)
    refused = run("init", "--yes", code=2)
    assert "cannot write scheduler.yaml: no space left on device" in refused.stderr
    assert Path("packages.yml").read_text() == text


def test_a_folder_for_a_file_is_a_line(project):
    Path("packages.yml").mkdir()
    assert "packages.yml: is a directory" in run("init", "--yes", code=2).stderr


def test_a_link_stays_one_and_what_it_leads_to_is_for_its_owner_to_change(project):
    Path("shared.yml").write_text("packages: []\n")
    Path("packages.yml").symlink_to("shared.yml")
    assert "add these packages to packages.yml manually" in run("init").stderr
    assert Path("packages.yml").is_symlink()
    assert Path("shared.yml").read_text() == "packages: []\n"


def test_line_ends_stay_as_they_are(project):
    Path("packages.yml").write_bytes(b"packages:\r\n  - package: a/b\r\n    version: 1.0.0\r\n")
    run("init")
    lines = Path("packages.yml").read_bytes().split(b"\n")
    assert len(lines) == 7
    assert all(line.endswith(b"\r") for line in lines[:-1])


def test_a_name_that_check_would_refuse_as_too_long_is_not_written(project):
    assert "Invalid value for --team" in run("init", "--team", "a" * 101, code=2).stderr
    assert not Path("scheduler.yaml").exists()
