#!/bin/sh
# Tests the dbt package with releases of dbt-core: `python/tools/compatibility.sh 1.10 1.11 1.12`. Needs uv.
set -eu
cd "$(dirname "$0")/.."
unset PYTHONDONTWRITEBYTECODE
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# From 1.12 on dbt-core asks for an optional parser whose build downloads from outside the package registry;
# dbt works without it, so it is overridden away.
echo 'dbt-core-experimental-parser ; python_version < "3.0"' > "$folder/overrides.txt"

failed=0
for release in "$@"; do
	environment="$folder/$release"
	uv venv --quiet --python "${PYTHON:->=3.11,<3.14}" "$environment"
	uv pip install --quiet --python "$environment/bin/python" --override "$folder/overrides.txt" \
		"dbt-core~=$release.0" dbt-duckdb jsonschema msgspec pyyaml pytest
	"$environment/bin/python" -c 'import importlib.metadata as m; print("dbt-core", m.version("dbt-core"))'
	PYTHONPATH=src "$environment/bin/python" -m pytest --quiet -W default -p no:cacheprovider \
		tests/dbt_package/test_interpreter.py tests/dbt_package/test_dbt_package.py || failed=1
done
exit "$failed"
