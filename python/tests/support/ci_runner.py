"""Runs the steps that teams copy (``action.yml``, ``docs/ci/gitlab.yml``) like their CI: the same text, in bash."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import dumps, loads
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from goldens import COMMANDS, ROOT

BOT, STRANGER = 11, 12
"""The authors of comments: the owner of the steps' token, and another user."""

PAGE = 100


class Comments:
    """The comments of one pull request, with the part of GitHub's and GitLab's API that the steps use.

    ``refuses`` simulates a token without permission to comment. ``reports`` are the artifacts of the newest pipelines
    of merge requests, by number.
    """

    def __init__(self) -> None:
        self.bodies: dict[int, str] = {7: "a person's comment"}
        self.authors: dict[int, int] = {7: STRANGER}
        self.tokens: set[str] = set()
        self.reports: dict[int, str] = {5: ""}
        self.refuses = False
        self.writes = 0
        comments = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                if url.path.endswith("report.md"):
                    self._send(comments.reports[5].encode())
                    return
                query = parse_qs(url.query)
                size, page = int(query.get("per_page", ["20"])[0]), int(query.get("page", ["1"])[0])
                found = comments.listed(url.path)
                if not isinstance(found, list):
                    self._send(dumps(found).encode())
                    return
                more = str(page + 1) if len(found) > page * size else ""
                self._send(dumps(found[(page - 1) * size : page * size]).encode(), {"X-Next-Page": more})

            def do_POST(self) -> None:
                if self.path == "/graphql":
                    self._send(dumps(comments.graphql(loads(self._sent()))).encode())
                    return
                self._send(dumps(comments.write(None, loads(self._sent())["body"])).encode())

            def do_PUT(self) -> None:
                id_ = int(self.path.rpartition("/")[2])
                self._send(dumps(comments.write(id_, loads(self._sent())["body"])).encode())

            def _sent(self) -> str:
                return self.rfile.read(int(self.headers["Content-Length"])).decode()

            def _send(self, content: bytes, headers: Mapping[str, str] | None = None) -> None:
                comments.tokens.add(self.headers.get("Authorization") or self.headers["PRIVATE-TOKEN"])
                self.send_response(403 if comments.refuses else 200)
                for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def add(self, body: str, author: int) -> int:
        """Add a comment; returns its id."""
        id_ = max(self.bodies) + 1
        self.bodies[id_], self.authors[id_] = body, author
        return id_

    def write(self, id_: int | None, body: str) -> dict[str, object]:
        """Write a comment like the steps; only the permission checks of GitHub and GitLab are left out."""
        if not self.refuses:
            self.writes += 1
            if id_ is None:
                self.add(body, BOT)
            else:
                assert self.authors[id_] == BOT, (
                    "GitLab and GitHub would allow the token to edit other users' comments"
                )
                self.bodies[id_] = body
        return {"id": id_}

    def listed(self, path: str) -> object:
        """The response of a GitLab list, the newest first."""
        if path == "/user":
            return {"id": BOT}
        if path.endswith("/merge_requests"):
            return [{"iid": number} for number in self.reports]
        if path.endswith("/pipelines"):
            return [{"id": 3}, {"id": 2}]
        if path == "/projects/1/pipelines/3/jobs":
            return [{"id": 20, "name": "lint"}, {"id": 21, "name": "report", "artifacts_file": {"size": 1}}]
        assert path.endswith("/notes"), path
        return [
            {"id": id_, "author": {"id": self.authors[id_]}, "body": body}
            for id_, body in sorted(self.bodies.items(), reverse=True)
        ]

    def graphql(self, sent: dict[str, Any]) -> dict[str, object]:
        """GitHub's response: comments, the oldest first, or the result of a mutation."""
        variables = sent["variables"]
        if sent["query"].startswith("mutation"):
            id_ = None if "addComment" in sent["query"] else int(variables["id"])
            return {"data": self.write(id_, variables["body"])}
        assert (variables["owner"], variables["name"], variables["number"]) == ("a", "b", 5)
        start = int(variables["after"] or 0)
        nodes = [
            {"id": str(id_), "viewerDidAuthor": self.authors[id_] == BOT, "body": body}
            for id_, body in sorted(self.bodies.items())
        ]
        more = len(nodes) > start + PAGE
        page = {"hasNextPage": more, "endCursor": str(start + PAGE)}
        found = {
            "id": "the pull request",
            "comments": {"nodes": nodes[start : start + PAGE], "pageInfo": page},
        }
        return {"data": {"repository": {"pullRequest": found}}}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Failed(Exception):  # noqa: N818 - of a step, not of a test
    """A step exited with a code other than 0."""

    def __init__(self, step: str, code: int, output: str) -> None:
        super().__init__(f"{step} exited with {code}:\n{output}")
        self.step, self.code, self.output = step, code, output


def run_action(repository: Path, temporary: Path, github: dict[str, str], **inputs: str) -> str:
    """Run ``action.yml``, or that of the folder ``github["action"]``, in a checkout.

    ``github`` has the expressions that depend on the event, the URL of GitHub's API (``api``), and the commit of the
    event (``sha``).
    """
    action = yaml.safe_load((ROOT / github.get("action", "") / "action.yml").read_text())
    values = {"github.token": "the-token"} | github
    given = {name: inputs.get(name, entry["default"]) for name, entry in action["inputs"].items()}
    values |= {f"inputs.{name}": filled(value, values) for name, value in given.items()}
    outputs, summary = temporary / "outputs", temporary / "summary.md"
    env = {"GITHUB_WORKSPACE": str(repository), "RUNNER_TEMP": str(temporary), "GITHUB_REPOSITORY": "a/b"}
    env |= {"GITHUB_GRAPHQL_URL": f"{github['api']}/graphql", "GITHUB_SHA": github["sha"]}
    env |= {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)}
    said = ""
    for step in action["runs"]["steps"]:
        if not condition(step.get("if"), values):
            continue
        own = {name: filled(value, values) for name, value in step.get("env", {}).items()}
        outputs.write_text("")
        folder = repository / filled(step.get("working-directory", "."), values)
        said += SHELLS[step["shell"]](step["name"], step["run"], folder, env | own | ENVIRONMENT)
        for line in outputs.read_text().splitlines():
            name, _, value = line.partition("=")
            values[f"steps.{step['id']}.outputs.{name}"] = value
    return said


def run_gitlab(job: str, repository: Path, variables: dict[str, str], part: slice = slice(None)) -> str:
    """Run the script of a job in ``docs/ci/gitlab.yml``, or a part of it, without its installation steps."""
    jobs = gitlab_jobs()
    shared = jobs[".scheduler"] if jobs[job].get("extends") == ".scheduler" else {}
    script: list[str] = []
    for line in jobs[job]["script"]:
        script += shared["script"] if line == [".scheduler", "script"] else [line]
    env = {"CI_PROJECT_DIR": str(repository)} | variables
    for name, value in {**shared.get("variables", {}), **jobs[job].get("variables", {})}.items():
        env.setdefault(name, re.sub(r"\$(\w+)", lambda found: env[found[1]], value))
    return bash(job, "\n".join(script[part]), repository, env | ENVIRONMENT)


def gitlab_jobs() -> dict[str, Any]:
    """The jobs of ``docs/ci/gitlab.yml``."""
    text = (ROOT / "docs" / "ci" / "gitlab.yml").read_text()
    jobs: dict[str, Any] = yaml.load(text, _GitLab)  # noqa: S506 - a safe loader's child
    return jobs


def bash(step: str, script: str, cwd: Path, env: dict[str, str]) -> str:
    """The output of a script, which stops at the first command that fails, as on GitHub and GitLab."""
    return _run(step, ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd, env)


def python(step: str, script: str, cwd: Path, env: dict[str, str]) -> str:
    """The output of a Python script, run from a file, as on GitHub."""
    with NamedTemporaryFile("w", suffix=".py") as file:
        file.write(script)
        file.flush()
        return _run(step, ["python", file.name], cwd, env)


SHELLS = {"bash": bash, "python": python}


def _run(step: str, command: list[str], cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name in _KEPT} | env,
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    if done.returncode:
        raise Failed(step, done.returncode, output)
    return output


ENVIRONMENT = {
    "PATH": os.pathsep.join([str(COMMANDS), str(Path(sys.executable).parent), os.environ["PATH"]]),
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "NO_COLOR": "1",
}
_KEPT = {"HOME", "LANG", "PYTHONPATH", "TMPDIR"}


def filled(text: str, values: dict[str, str]) -> str:
    """A text with its ``${{ expressions }}`` replaced; KeyError for an expression that the test does not define."""
    return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda found: values[found[1]], text)


def condition(text: str | None, values: dict[str, str]) -> bool:
    """Whether a step's ``if``, a comparison with a string, is true."""
    if text is None:
        return True
    found = re.fullmatch(r"\$\{\{ ([\w.]+) == '(\w*)' \}\}", text)
    assert found, text
    return values[found[1]] == found[2]


class _GitLab(yaml.SafeLoader):
    """YAML with GitLab's ``!reference``, loaded as the list that it contains."""


_GitLab.add_constructor("!reference", lambda loader, node: loader.construct_sequence(node))
