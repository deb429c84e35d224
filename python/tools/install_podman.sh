#!/bin/sh
# Installs Podman for tests that run containers, if there is none and the user is root; otherwise prints what to do.
installed() {
    command -v podman >/dev/null && { command -v runc || command -v crun; } >/dev/null
}
installed && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing podman and runc with apt-get, about half a minute"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y podman runc; } >/dev/null || true
fi
installed && exit 0
echo "Some tests run containers, but Podman is not installed: install podman and runc, for example with 'sudo apt-get install podman runc'. 'make check' does not require it." >&2
exit 1
