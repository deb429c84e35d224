#!/bin/sh
# Tests run containers: installs Podman where there is none and it can, else says in a line what to do.
installed() {
    command -v podman >/dev/null && { command -v runc || command -v crun; } >/dev/null
}
installed && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing podman and runc with apt-get, about half a minute"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y podman runc; } >/dev/null || true
fi
installed && exit 0
echo "Tests run containers, and this machine has no Podman: install podman and runc, for example with 'sudo apt-get install podman runc'. 'make check' does without." >&2
exit 1
