"""``python -m dbt_scheduler.dbt dbt build ...`` is ``dbt-sliced dbt build ...``."""

import sys

from dbt_scheduler.dbt.sliced import main

sys.exit(main())
