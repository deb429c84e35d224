#!/bin/sh
# The tests of the pages need a Chromium: installs Debian's where there is none and it can, else says what to install.
for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$name" ] && command -v "$name" >/dev/null; then
        exit 0
    fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing chromium with apt-get, about half a minute"
    install() { DEBIAN_FRONTEND=noninteractive apt-get install -y chromium; }
    { install 2>/dev/null || { apt-get update && install; }; } >/dev/null || true
fi
command -v chromium >/dev/null ||
    echo "the tests of the pages need Chromium: install it, name it in CHROMIUM, or run playwright install chromium" >&2
