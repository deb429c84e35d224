"""A container engine for tests: Podman, which serves Docker's API on its own socket.

Images contain only folders. Programs, and this environment with Python and dbt, are mounted from this machine into
every container, read-only and at the same paths. So images are small, and no image registry is needed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import docker

from goldens import ROOT

BASE = "localhost/base:1"
"""An image with a shell, Python, dbt and dbt-scheduler."""

_LACKING = (
    "these tests run containers, and {what} is not installed: `apt-get install podman runc`, "
    "which `make test` does if it runs as root"
)
_ROOT_LINKS = ("bin", "sbin", "lib", "lib64")
_ROOT_FOLDERS = ("usr", "tmp", "etc", "proc", "dev", "sys", "run", "var")


class ContainerEngine:
    """The engine; its containers can write to ``shared``, and its own files are in a temporary folder."""

    def __init__(self, shared: Path) -> None:
        runtime = next((each for each in ("runc", "crun") if shutil.which(each)), None)
        lacking = next(
            (what for what, found in (("podman", shutil.which("podman")), ("runc", runtime)) if not found),
            None,
        )
        assert lacking is None, _LACKING.format(what=lacking)
        # The path of a socket must be short.
        self._folder = Path(tempfile.mkdtemp(prefix="engine-", dir="/tmp"))
        own = {Path("/usr"), Path(sys.base_prefix), Path(sys.prefix), ROOT}
        volumes = [
            f"{path}:{path}:ro"
            for path in sorted(own)
            if path == Path("/usr") or not path.is_relative_to("/usr")
        ]
        (self._folder / "containers.conf").write_text(
            "[containers]\n"
            'netns = "host"\n'
            'default_ulimits = ["nofile=5000:5000", "nproc=5000:5000"]\n'  # some machines refuse higher limits
            f"volumes = {[*volumes, f'{shared}:{shared}']}\n"
            "[engine]\n"
            f'runtime = "{runtime}"\n'
            'cgroup_manager = "cgroupfs"\n'
        )
        self.url = f"unix://{self._folder}/socket"
        self._podman = [
            "podman",
            f"--root={self._folder}/storage",
            f"--runroot={self._folder}/run",
            "--storage-driver=vfs",
        ]
        self._env = {**os.environ, "CONTAINERS_CONF": str(self._folder / "containers.conf")}
        with (self._folder / "log").open("w") as log:
            self._service = subprocess.Popen(
                [*self._podman, "system", "service", "--time=0", self.url],
                cwd=self._folder,  # conmon leaves a file in it if a container is killed for its memory
                env=self._env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while not (self._folder / "socket").exists():
            assert self._service.poll() is None, (self._folder / "log").read_text()
            time.sleep(0.05)
        self.client = docker.APIClient(base_url=self.url)
        self._make_base()

    def build(self, context: Path, file: Path, tag: str, **arguments: str) -> str:
        """Build an image; returns the output."""
        options = [f"--build-arg={name}={value}" for name, value in {"BASE": BASE, **arguments}.items()]
        return self._run("build", *options, "-f", str(file), "-t", tag, str(context))

    def containers(self) -> list[Any]:
        """All containers in any state."""
        found: list[Any] = self.client.containers(all=True)
        return found

    def stop(self) -> None:
        """Stop the engine and all of its containers."""
        self.client.close()
        self._run("rm", "--all", "--force", "--time=0")
        self._service.terminate()
        self._service.wait()
        shutil.rmtree(self._folder)

    def _make_base(self) -> None:
        root = self._folder / "root"
        for name in _ROOT_FOLDERS:
            (root / name).mkdir(parents=True)
        (root / "tmp").chmod(0o1777)
        for name in _ROOT_LINKS:
            if Path("/", name).is_symlink():
                (root / name).symlink_to(f"usr/{name}")
        (root / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        tar = shutil.make_archive(str(self._folder / "base"), "tar", root)
        path = f"{Path(sys.executable).parent}:/usr/bin:/usr/sbin"
        self._run("import", "--change", f"ENV PATH={path}", tar, BASE)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._podman, *arguments], env=self._env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr
