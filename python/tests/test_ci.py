"""What teams copy into their CI, run on an example team as it stands: dbt on BigQuery, offline, with real git."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ci_runner import ENVIRONMENT, Comments, Failed, bash, run_action, run_gitlab
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
    """A repository with the team shipping in a folder of it, and a platform.yaml that names a registry."""

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
        """What GitHub checks out for a pull request: its branch, merged into the base as it is now."""
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
    """The action in that repository, once for each event; a runner's folder is new each time."""

    def __init__(self, checkout: Checkout, comments: Comments, folder: Path) -> None:
        self.summary = ""
        self._checkout, self._comments, self._folder = checkout, comments, folder
        self._runs = 0

    def run(self, event: str) -> str:
        self._runs += 1
        temporary = self._folder / f"runner{self._runs}"
        temporary.mkdir()
        github = {
            "github.event_name": event,
            "github.event.pull_request.base.sha": self._checkout.base,
            "github.event.pull_request.number": "5",
        }
        try:
            github |= {"api": self._comments.url, "sha": self._checkout.git("rev-parse", "HEAD")}
            return run_action(
                self._checkout.folder, temporary, github, project="team", platform="platform.yaml"
            )
        finally:
            summary = temporary / "summary.md"
            self.summary = summary.read_text() if summary.is_file() else ""


@pytest.fixture
def github(checkout, comments, tmp_path) -> GitHub:
    return GitHub(checkout, comments, tmp_path)


def test_github_a_pull_request_from_its_first_push_to_its_merge(github, checkout, comments):
    checkout.git("checkout", "--quiet", "-b", "branch")
    checkout.replace("team/scheduler.yaml", "slo: {hourly: {minutes: 50}}", "slo: {hourly: {minutes: 55}}")
    checkout.replace("platform.yaml", '"5 * * * *"', '"6 * * * *"')
    checkout.commit()
    with pytest.raises(Failed) as failed:
        github.run("pull_request")
    assert (failed.value.step, failed.value.code) == ("Report", 1), failed.value
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
    assert "::warning::" not in github.run("pull_request")
    assert len(comments.bodies) == 2
    assert "SLO increased from 3000 to 3300. Acknowledged: agreed" in comments.bodies[8]
    assert "dim_carriers" not in comments.bodies[8]  # that was somebody else, meanwhile
    assert comments.bodies[7] == "a person's comment"
    assert comments.tokens == {"Bearer the-token"}

    github.run("push")
    assert '"slo_seconds": 3300' in (checkout.registry / "shipping.json").read_text()


def test_github_a_finding_is_an_annotation_on_its_line(github, checkout):
    checkout.replace("team/scheduler.yaml", "dim_carriers.*", "dim_carriages")
    checkout.commit()
    with pytest.raises(Failed) as failed:
        github.run("pull_request")
    assert failed.value.step == "Check"
    assert (
        '::error file=team/scheduler.yaml,line=22,title=SCH211::regex "dim_carriages" matches no asset of this team'
    ) in failed.value.output, failed.value


def test_github_a_base_that_does_not_compile_and_a_token_that_may_not_comment(github, checkout, comments):
    comments.refuses = True
    good = (checkout.folder / MARTS).read_text()
    checkout.replace(MARTS, "hourly", "hurly")
    checkout.base = checkout.commit()
    checkout.write(MARTS, good)
    checkout.commit()
    assert "::warning::The report could not be commented: see the summary of this run." in github.run(
        "pull_request"
    )
    assert github.summary.startswith(
        "<!-- dbt-scheduler report: shipping -->\n## Scheduler report: shipping\n\n"
        "The base has no compiled output: this compares with what the team has published.\n"
    )


def test_gitlab_a_merge_request_and_its_merge(checkout, comments):
    checkout.replace("team/scheduler.yaml", "slo: {hourly: {minutes: 50}}", "slo: {hourly: {minutes: 55}}")
    checkout.commit()
    variables = {
        "PROJECT": "team",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": checkout.base,
        "CI_API_V4_URL": comments.url,
        "CI_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_IID": "5",
        "SCHEDULER_TOKEN": "a-token",
    }
    for part in (slice(None), slice(-1, None)):  # all of it, then a second comment
        with pytest.raises(Failed) as failed:
            run_gitlab("report", checkout.folder, variables, part)
        assert failed.value.code == 1, failed.value
        assert "- SLO increased from 3000 to 3300.\n" in comments.bodies[8]
        assert len(comments.bodies) == 2
    assert comments.tokens == {"a-token"}
    comments.refuses = True
    with pytest.raises(Failed) as failed:
        run_gitlab("report", checkout.folder, variables, slice(-1, None))
    assert "SLO increased from 3000 to 3300." in failed.value.output
    assert (
        "The report could not be commented: see whether SCHEDULER_TOKEN may use the API."
        in failed.value.output
    )
    run_gitlab("publish", checkout.folder, {"PROJECT": "team"})
    assert '"slo_seconds": 3300' in (checkout.registry / "shipping.json").read_text()


def test_the_hook_before_a_commit(checkout):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    checkout.write("team/profiles.yml", (INTEGRATION / "teams" / "shipping" / "profiles.yml").read_text())
    export = "dbt-scheduler registry export --dbt-package .dbt_scheduler/registry"
    bash("before", f"cd team; {export}; dbt --quiet deps", checkout.folder, ENVIRONMENT)
    assert bash("hook", hook["entry"], checkout.folder / "team", ENVIRONMENT) == "no findings\n"
    checkout.replace(MARTS, "hourly", "hurly")
    with pytest.raises(Failed) as failed:
        bash("hook", f"{hook['entry']} --strict", checkout.folder / "team", ENVIRONMENT)
    assert 'SCH102 "fct_shipments" is in an unknown pipeline "hurly"' in failed.value.output


def test_the_workflow_uses_the_action_as_it_is():
    workflow = yaml.safe_load((ROOT / "docs" / "ci" / "github.yml").read_text())
    *_, last = workflow["jobs"]["scheduler"]["steps"]
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert last["uses"].partition("@")[0] == "dbt-scheduler/dbt-scheduler"
    assert last["with"].keys() <= action["inputs"].keys()
