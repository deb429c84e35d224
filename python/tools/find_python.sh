#!/bin/sh
# Prints a Python that Airflow 3.3 and dbt 1.11 support and that has venv: the argument, or else the first one on the
# PATH. If there is none, prints what is missing.
set -eu
fits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
version='import sys; print("%d.%d" % sys.version_info[:2])'

cannot() {
	echo "$1" >&2
	exit 1
}

named=${1:-}
[ -n "$named" ] || set -- python3 python3.13 python3.12 python3.11 python
without_venv=
for python in "$@"; do
	# Run it: a command may exist, but not start Python.
	found=$("$python" -c "$version" 2>/dev/null) || continue
	if "$python" -c "$fits"; then
		if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
			echo "$python"
			exit 0
		fi
		without_venv=${without_venv:-"$python (Python $found) has no venv module; on Debian and Ubuntu, install it with: apt install python$found-venv"}
	elif [ -n "$named" ]; then
		cannot "$named is Python $found, but Python 3.11, 3.12 or 3.13 is required: make PYTHON=/path/to/python"
	fi
done
[ -z "$without_venv" ] || cannot "$without_venv"
[ -z "$named" ] || cannot "$named cannot be run as Python: make PYTHON=/path/to/python"
cannot "no Python 3.11, 3.12 or 3.13 was found: install one, or set its path with make PYTHON=/path/to/python"
