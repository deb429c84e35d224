#!/bin/sh
# Installs Debian's Chromium for the browser tests, if there is none and the user is root; otherwise prints what to do.
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
    echo "the browser tests require Chromium: install it, set its path in CHROMIUM, or run playwright install chromium" >&2
