"""The CI files that teams copy, run on an example team: dbt on BigQuery, offline, with real git."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from ci_runner import (
    BOT,
    ENVIRONMENT,
    PAGE,
    STRANGER,
    Comments,
    Failed,
    bash,
    gitlab_jobs,
    run_action,
    run_gitlab,
)
from goldens import INTEGRATION, ROOT, copy_projects

pytestmark = pytest.mark.dbt
REGISTRY = INTEGRATION / "expected" / "registry"
MARTS = "team/models/marts/marts.yml"
BIGQUERY = """\
shipping:
  target: prod
  outputs:
    prod:
      type: bigquery
      method: service-account
      keyfile: "{{ env_var('DBT_KEYFILE') }}"
      project: warehouse
      dataset: shipping
"""


class Checkout:
    """A repository with the team shipping in a subfolder, and a platform.yaml with a registry."""

    _author = ("-c", "user.name=x", "-c", "user.email=x@localhost")

    def __init__(self, folder: Path) -> None:
        self.folder, self.registry = folder / "repository", folder / "registry"
        shutil.copytree(REGISTRY, self.registry)
        copy_projects(INTEGRATION / "teams" / "shipping", self.folder / "team")
        platform = (INTEGRATION / "teams" / "platform.yaml").read_text()
        self.write("platform.yaml", f"{platform}registry: {{url: '{self.registry.as_uri()}'}}\n")
        self.write("team/profiles.yml", BIGQUERY)
        self.write(
            ".gitignore", "target\nlogs\ndbt_packages\n.dbt_scheduler\npackage-lock.yml\nscheduler\n.base\n"
        )
        self.git("init", "--quiet", "--initial-branch", "main")
        self.base = self.commit()

    def write(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.folder / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    def commit(self) -> str:
        self.git("add", "--all")
        self.git(*self._author, "commit", "--quiet", "--message", "x")
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str, into: str) -> None:
        """The merge commit that GitHub checks out for a pull request: its branch, merged into the current base."""
        self.git("checkout", "--quiet", "--detach", into)
        self.git(*self._author, "merge", "--quiet", "--no-ff", "--message", "x", branch)

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(
            command, cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout.strip()


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture
def comments() -> Iterator[Comments]:
    found = Comments()
    yield found
    found.close()


class GitHub:
    """The workflow's actions in that repository; each job has a new runner folder."""

    def __init__(self, checkout: Checkout, comments: Comments, folder: Path) -> None:
        self.summary = ""
        self._checkout, self._comments, self._folder = checkout, comments, folder
        self._runs = 0

    def check(self, **inputs: str) -> str:
        """The job that checks, with the report as its artifact; raises Failed if a step fails."""
        temporary = self._runner()
        try:
            return self._run(temporary, "pull_request", **inputs)
        finally:
            self.artifact = temporary / "scheduler"
            summary = temporary / "summary.md"
            self.summary = summary.read_text() if summary.is_file() else ""

    def comment(self) -> str:
        """The job that comments, in a folder with only that artifact."""
        temporary = self._runner()
        if self.artifact.is_dir():
            shutil.copytree(self.artifact, temporary / "scheduler-report", symlinks=True)
        return self._run(temporary, "pull_request", action="comment", folder=str(temporary))

    def publish(self, **inputs: str) -> str:
        return self._run(self._runner(), "push", publish="true", **inputs)

    def _runner(self) -> Path:
        self._runs += 1
        temporary = self._folder / f"runner{self._runs}"
        temporary.mkdir()
        return temporary

    def _run(self, temporary: Path, event: str, action: str = "", **inputs: str) -> str:
        github = {
            "action": action,
            "api": self._comments.url,
            "sha": self._checkout.git("rev-parse", "HEAD"),
            "github.event_name": event,
            "github.event.pull_request.base.sha": self._checkout.base,
            "github.event.pull_request.number": "5",
        }
        if not action:
            inputs = {"project": "team", "platform": "platform.yaml", **inputs}
        return run_action(self._checkout.folder, temporary, github, **inputs)


@pytest.fixture
def github(checkout, comments, tmp_path) -> GitHub:
    return GitHub(checkout, comments, tmp_path)


def test_github_a_pull_request_from_its_first_push_to_its_merge(github, checkout, comments):
    checkout.git("checkout", "--quiet", "-b", "branch")
    checkout.replace("team/scheduler.yaml", "slo: {hourly: {minutes: 50}}", "slo: {hourly: {minutes: 55}}")
    checkout.replace("platform.yaml", '"5 * * * *"', '"6 * * * *"')
    checkout.commit()
    with pytest.raises(Failed) as failed:
        github.check()
    assert (failed.value.step, failed.value.code) == ("Report", 1), failed.value
    assert comments.tokens == set()
    github.comment()
    (report,) = [body for id_, body in comments.bodies.items() if id_ != 7]
    assert "Asset fct_shipments\n- SLO increased from 3000 to 3300.\n\nConsumers:\n- *playground:" in report
    assert "Dags: 0 added, 0 removed\n" in report
    assert '~ schedule "5 ' in report
    assert report == github.summary

    acknowledged = (
        'acknowledged_changes:\n  - asset: fct_shipments\n    change: "SLO increased from 3000 to 3300."\n'
        "    reason: agreed\n"
    )
    checkout.write(
        "team/scheduler.yaml", (checkout.folder / "team/scheduler.yaml").read_text() + acknowledged
    )
    checkout.commit()
    checkout.git("checkout", "--quiet", "main")
    checkout.replace("team/models/dimensions/dimensions.yml", "data_type: integer", "data_type: bigint")
    checkout.commit()
    checkout.merge("branch", into="main")
    github.check()
    assert github.comment() == ""
    assert len(comments.bodies) == 2
    assert "SLO increased from 3000 to 3300. Acknowledged: agreed" in comments.bodies[8]
    assert "dim_carriers" not in comments.bodies[8]  # written by another user meanwhile
    assert comments.bodies[7] == "a person's comment"
    assert comments.tokens == {"Bearer the-token"}

    github.publish()
    assert '"slo_seconds": 3300' in (checkout.registry / "shipping.json").read_text()
    copied = checkout.folder / ".registry"
    assert {path.name: json.loads(path.read_text()) for path in copied.iterdir()} == {
        path.name: json.loads(path.read_text()) for path in checkout.registry.glob("*.json")
    }
    shutil.rmtree(checkout.registry)  # a pull request has no access to it
    github.check(registry=".registry")
    assert "Consumers:\n- *playground:" in github.summary


def test_github_a_publish_that_compiles_all_models_has_the_columns_that_they_read(github, checkout):
    checkout.write("team/profiles.yml", (INTEGRATION / "teams/shipping/profiles.yml").read_text())
    checkout.commit()
    github.publish(select="*")
    assert '"columns": [\n' in (checkout.registry / "shipping.json").read_text()


def test_github_a_finding_is_an_annotation_on_its_line(github, checkout):
    checkout.replace("team/scheduler.yaml", "dim_carriers.*", "dim_carriages")
    checkout.commit()
    with pytest.raises(Failed) as failed:
        github.check()
    assert failed.value.step == "Check"
    assert github.comment() == ""
    assert comments_of(github) == ["a person's comment"]
    assert (
        '::error file=team/scheduler.yaml,line=22,title=SCH211::regex "dim_carriages" does not match any asset of this team'
    ) in failed.value.output, failed.value


def test_github_a_base_that_does_not_compile_and_a_token_that_may_not_comment(github, checkout, comments):
    good = (checkout.folder / MARTS).read_text()
    checkout.replace(MARTS, "hourly", "hurly")
    checkout.base = checkout.commit()
    checkout.write(MARTS, good)
    checkout.commit()
    github.check()
    comments.refuses = True
    said = "::warning::The report could not be added as a comment: see the summary of this run.\n"
    assert github.comment() == said
    assert list(comments.bodies) == [7]
    assert github.summary.startswith(
        "<!-- dbt-scheduler report: shipping -->\n## Scheduler report: shipping\n\n"
        "BASE has no compiled output: this report compares with the team's published entry.\n"
    )


def test_gitlab_a_merge_request_and_its_merge(checkout, comments):
    checkout.replace("team/scheduler.yaml", "slo: {hourly: {minutes: 50}}", "slo: {hourly: {minutes: 55}}")
    checkout.commit()
    variables = {
        "PROJECT": "team",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": checkout.base,
    }
    with pytest.raises(Failed) as failed:
        run_gitlab("report", checkout.folder, variables)
    assert failed.value.code == 1, failed.value
    assert "SLO increased from 3000 to 3300." in failed.value.output
    assert comments.tokens == set()
    comments.reports[5] = (checkout.folder / "report.md").read_text()
    for _ in range(2):
        assert gitlab_comment(comments) == ""
        assert "- SLO increased from 3000 to 3300.\n" in comments.bodies[8]
        assert (len(comments.bodies), comments.writes) == (2, 1)  # no changes, so nothing is written
    assert comments.tokens == {"a-token"}
    run_gitlab("publish", checkout.folder, {"PROJECT": "team"})
    assert '"slo_seconds": 3300' in (checkout.registry / "shipping.json").read_text()


def gitlab_comment(comments: Comments, folder: Path = ROOT) -> str:
    variables = {"CI_API_V4_URL": comments.url, "CI_PROJECT_ID": "1", "SCHEDULER_TOKEN": "a-token"}
    return run_gitlab("comment", folder, variables)


def comments_of(github: GitHub) -> list[str]:
    return list(github._comments.bodies.values())


MARKER = "<!-- dbt-scheduler report: shipping -->"
REPORT = f"{MARKER}\n## Scheduler report: shipping\n\nNew.\n"


@pytest.fixture(params=["github", "gitlab"])
def comment(request, github, comments, tmp_path) -> Callable[[str], str]:
    """The job that comments, for a report of another job."""

    def on_github(report: str) -> str:
        github.artifact = tmp_path / "artifact"
        github.artifact.mkdir(exist_ok=True)
        (github.artifact / "report.md").write_text(report)
        return github.comment()

    def on_gitlab(report: str) -> str:
        comments.reports[5] = report
        return gitlab_comment(comments)

    return {"github": on_github, "gitlab": on_gitlab}[request.param]


def test_a_comment_that_a_stranger_has_prepared_is_not_edited(comment, comments):
    prepared = comments.add(f"{MARKER}\nall is well", STRANGER)
    comment(REPORT)
    assert comments.bodies[prepared] == f"{MARKER}\nall is well"
    assert list(comments.bodies.values())[2:] == [REPORT]
    comment(REPORT + "More.\n")
    assert list(comments.bodies.values())[1:] == [f"{MARKER}\nall is well", REPORT + "More.\n"]


def test_the_comment_is_found_on_whatever_page_it_is(comment, comments):
    own = comments.add(REPORT, BOT)
    for number in range(PAGE + 20):
        comments.add(f"comment {number}", STRANGER)
    count = len(comments.bodies)
    oldest = comments.add(REPORT.replace("shipping", "playground"), BOT)
    comment(REPORT + "More.\n")
    assert comments.bodies[own] == REPORT + "More.\n"
    last = comments.add(f"{MARKER}\nof another workflow run", BOT)
    assert (len(comments.bodies), comments.writes) == (count + 2, 1)
    assert comments.bodies[oldest] != comments.bodies[last]


def test_the_comment_is_found_behind_a_full_page(comment, comments):
    for number in range(2 * PAGE):
        comments.add(f"comment {number}", STRANGER)
    own = comments.add(REPORT, BOT)
    for number in range(2 * PAGE):
        comments.add(f"comment {number}", STRANGER)
    comment(REPORT + "More.\n")
    assert comments.bodies[own] == REPORT + "More.\n"
    assert comments.writes == 1


@pytest.mark.parametrize("report", ["", "anything", "x\n" + REPORT, "<!-- dbt-scheduler report: <b> -->\nx"])
def test_what_is_no_report_is_not_commented(comment, comments, report):
    comment(report)
    assert comments.writes == 0


def test_a_report_that_is_a_link_is_not_commented(github, comments, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(REPORT)
    github.artifact = tmp_path / "artifact"
    github.artifact.mkdir()
    (github.artifact / "report.md").symlink_to(secret)
    github.comment()
    assert comments.writes == 0


def test_a_file_that_a_merge_request_has_left_behind_does_not_run_with_the_token(comments, tmp_path):
    """With GIT_STRATEGY: none, a runner's folder keeps the files of the job before."""
    (tmp_path / "json.py").write_text("import os\nraise SystemExit(os.environ['SCHEDULER_TOKEN'])\n")
    comments.reports[5] = REPORT
    gitlab_comment(comments, tmp_path)
    assert comments.bodies[8] == REPORT


def test_a_long_note_or_description_does_not_prevent_a_comment(comments):
    """A page of a hundred notes may have many megabytes."""
    comments.add("x" * 5_000_000, STRANGER)
    comments.reports[5] = REPORT
    assert gitlab_comment(comments) == ""
    assert comments.bodies[9] == REPORT


def test_unreadable_notes_of_one_merge_request_do_not_prevent_other_comments(comments, monkeypatch):
    listed = comments.listed

    def broken(path: str) -> object:
        if path.endswith("/notes"):
            raise ConnectionError("the server went away")
        return listed(path)

    monkeypatch.setattr(comments, "listed", broken)
    monkeypatch.setattr(comments, "log_error", lambda *_: None, raising=False)
    comments.reports[5] = REPORT
    assert gitlab_comment(comments) == "!5: RemoteDisconnected\n"
    assert comments.writes == 0


def test_a_report_gives_no_commands_in_the_name_of_the_token(comments):
    """The merge request's job writes the report; GitLab executes lines of a note that begin with a slash."""
    comments.reports[5] = f"{MARKER}\n/merge\n  /approve\n- a/b\n"
    gitlab_comment(comments)
    assert comments.bodies[8] == f"{MARKER}\n\\/merge\n  \\/approve\n- a/b\n"


def test_the_hook_before_a_commit(checkout):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    checkout.write("team/profiles.yml", (INTEGRATION / "teams" / "shipping" / "profiles.yml").read_text())
    export = "dbt-scheduler registry export --dbt-package .dbt_scheduler/registry"
    bash("before", f"cd team; {export}; dbt --quiet deps", checkout.folder, ENVIRONMENT)
    assert bash("hook", hook["entry"], checkout.folder / "team", ENVIRONMENT) == "no findings\n"
    checkout.replace(MARTS, "hourly", "hurly")
    with pytest.raises(Failed) as failed:
        bash("hook", f"{hook['entry']} --strict", checkout.folder / "team", ENVIRONMENT)
    assert 'SCH102 "fct_shipments" is assigned to the unknown pipeline "hurly"' in failed.value.output


GITHUB_TEXT = (ROOT / "docs" / "ci" / "github.yml").read_text()
JOBS = yaml.safe_load(GITHUB_TEXT)["jobs"]
OURS = "dbt-scheduler/dbt-scheduler"


def test_the_workflow_uses_the_actions_as_they_are():
    used = set()
    for step in (step for job in JOBS.values() for step in job["steps"]):
        name, _, commit = step.get("uses", "").partition("@")
        if name.startswith(OURS):
            used.add(name)
            assert commit == "COMMIT"
            action = yaml.safe_load((ROOT / name.removeprefix(OURS).strip("/") / "action.yml").read_text())
            assert step.get("with", {}).keys() <= action["inputs"].keys()
    assert used == {OURS, f"{OURS}/comment"}


def test_what_the_workflow_uses_of_others_is_pinned_by_commit():
    others = [line for line in GITHUB_TEXT.splitlines() if "uses: " in line and OURS not in line]
    assert len(others) == 9
    pinned = re.compile(r"\s+- uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+(; .*)?")
    assert [line for line in others if not pinned.fullmatch(line)] == []


def test_a_pull_request_on_github_gets_no_account_and_no_right_but_to_comment():
    workflow = yaml.safe_load(GITHUB_TEXT)
    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "check": {"contents": "read"},
        "comment": {"pull-requests": "write"},
        "publish": {"contents": "read", "id-token": "write"},
    }
    assert JOBS["publish"]["if"] == "${{ github.event_name != 'pull_request' }}"
    assert JOBS["publish"]["environment"]
    assert "pull_request_target" not in GITHUB_TEXT
    assert "secrets." not in GITHUB_TEXT
    assert not any("run" in step or "checkout" in step["uses"] for step in JOBS["comment"]["steps"])
    assert [
        name
        for name, job in JOBS.items()
        if "'true'" in str(job) or '"true"' in str(job) or "publish" in str(job["steps"])
    ] == ["publish"]


def test_a_merge_request_on_gitlab_gets_no_token():
    jobs = gitlab_jobs()
    assert {name for name, job in jobs.items() if "SCHEDULER_TOKEN" in str(job)} == {"comment"}
    assert {name: [rule["if"] for rule in job.get("rules", ())] for name, job in jobs.items()} == {
        ".scheduler": [],
        "report": ['$CI_PIPELINE_SOURCE == "merge_request_event"'],
        "comment": ['$CI_PIPELINE_SOURCE == "schedule" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'],
        "publish": ['$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'],
    }


def test_a_token_on_gitlab_that_may_not_comment(comments):
    comments.refuses = True
    with pytest.raises(Failed) as failed:
        gitlab_comment(comments)
    assert failed.value.output == "GitLab answered 403: see whether SCHEDULER_TOKEN may use the API.\n"
