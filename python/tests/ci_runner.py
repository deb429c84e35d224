"""Runs the steps that teams copy (``action.yml``, ``docs/ci/gitlab.yml``) as their CI does: the same text, in bash."""

import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import dumps, loads
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import yaml

from goldens import COMMANDS, ROOT


class Comments:
    """The comments of one pull request, behind the part of GitHub's and GitLab's API that the steps use.

    ``refuses`` is for a token that may not comment.
    """

    def __init__(self) -> None:
        self.bodies: dict[int, str] = {7: "a person's comment"}
        self.tokens: set[str] = set()
        self.refuses = False
        comments = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer([{"id": id_, "body": body} for id_, body in comments.bodies.items()])

            def do_POST(self) -> None:
                self._write(max(comments.bodies) + 1)

            def do_PATCH(self) -> None:
                self._write(int(self.path.rpartition("/")[2]))

            do_PUT = do_PATCH  # noqa: N815 - http.server's name

            def _write(self, id_: int) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
                body = loads(sent)["body"] if sent.startswith("{") else parse_qs(sent)["body"][0]
                if not comments.refuses:
                    comments.bodies[id_] = body
                self._answer({"id": id_})

            def _answer(self, document: object) -> None:
                comments.tokens.add(self.headers.get("Authorization") or self.headers["PRIVATE-TOKEN"])
                content = dumps(document).encode()
                self.send_response(403 if comments.refuses else 200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Nothing: the tests look at what was kept."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Failed(Exception):  # noqa: N818 - of a step, not of a test
    """A step exited with another code than 0."""

    def __init__(self, step: str, code: int, output: str) -> None:
        super().__init__(f"{step} exited with {code}:\n{output}")
        self.step, self.code, self.output = step, code, output


def run_action(repository: Path, temporary: Path, github: dict[str, str], **inputs: str) -> str:
    """Run ``action.yml`` in a checkout.

    ``github`` are the expressions that differ from event to event; under ``api`` where GitHub's API is, and under
    ``sha`` the commit of the event.
    """
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    values = {"github.token": "the-token"} | github
    given = {name: inputs.get(name, entry["default"]) for name, entry in action["inputs"].items()}
    values |= {f"inputs.{name}": filled(value, values) for name, value in given.items()}
    outputs, summary = temporary / "outputs", temporary / "summary.md"
    env = {"GITHUB_WORKSPACE": str(repository), "RUNNER_TEMP": str(temporary), "GITHUB_REPOSITORY": "a/b"}
    env |= {"GITHUB_API_URL": github["api"], "GITHUB_SHA": github["sha"]}
    env |= {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)}
    said = ""
    for step in action["runs"]["steps"]:
        if not condition(step.get("if"), values):
            continue
        own = {name: filled(value, values) for name, value in step.get("env", {}).items()}
        outputs.write_text("")
        folder = repository / filled(step.get("working-directory", "."), values)
        said += bash(step["name"], step["run"], folder, env | own | ENVIRONMENT)
        for line in outputs.read_text().splitlines():
            name, _, value = line.partition("=")
            values[f"steps.{step['id']}.outputs.{name}"] = value
    return said


def run_gitlab(job: str, repository: Path, variables: dict[str, str], part: slice = slice(None)) -> str:
    """Run the script of a job of ``docs/ci/gitlab.yml``, or a part of it, without the installing before it."""
    jobs = yaml.load((ROOT / "docs" / "ci" / "gitlab.yml").read_text(), _GitLab)  # noqa: S506 - a safe loader's child
    shared = jobs[".scheduler"]
    script: list[str] = []
    for line in jobs[job]["script"]:
        script += shared["script"] if line == [".scheduler", "script"] else [line]
    env = {"CI_PROJECT_DIR": str(repository)} | variables
    for name, value in shared["variables"].items():
        env.setdefault(name, re.sub(r"\$(\w+)", lambda found: env[found[1]], value))
    return bash(job, "\n".join(script[part]), repository, env | ENVIRONMENT)


def bash(step: str, script: str, cwd: Path, env: dict[str, str]) -> str:
    """What a script prints; as GitHub and GitLab run it, it ends at the first command that fails."""
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
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
    """A text with its ``${{ expressions }}`` replaced; KeyError for one that the test does not know."""
    return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda found: values[found[1]], text)


def condition(text: str | None, values: dict[str, str]) -> bool:
    """Whether a step's ``if``, a comparison with a word, holds."""
    if text is None:
        return True
    found = re.fullmatch(r"\$\{\{ ([\w.]+) == '(\w*)' \}\}", text)
    assert found, text
    return values[found[1]] == found[2]


class _GitLab(yaml.SafeLoader):
    """YAML with GitLab's ``!reference``, as the list that it holds."""


_GitLab.add_constructor("!reference", lambda loader, node: loader.construct_sequence(node))
