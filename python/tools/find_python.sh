#!/bin/sh
# Prints a Python that Airflow 3.3 and dbt 1.11 support and that can make an environment: the one named, else the
# first found. Says what is missing otherwise, in one line.
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
	# Asked, not only found: a name may be there that leads to no Python.
	found=$("$python" -c "$version" 2>/dev/null) || continue
	if "$python" -c "$fits"; then
		if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
			echo "$python"
			exit 0
		fi
		without_venv=${without_venv:-"$python (Python $found) has no venv module; on Debian and Ubuntu, apt install python$found-venv brings it"}
	elif [ -n "$named" ]; then
		cannot "$named is Python $found, but Python 3.11, 3.12 or 3.13 is needed: make PYTHON=/path/to/python"
	fi
done
[ -z "$without_venv" ] || cannot "$without_venv"
[ -z "$named" ] || cannot "$named is no Python that can be started: make PYTHON=/path/to/python"
cannot "no Python 3.11, 3.12 or 3.13 was found: install one, or name it with make PYTHON=/path/to/python"
