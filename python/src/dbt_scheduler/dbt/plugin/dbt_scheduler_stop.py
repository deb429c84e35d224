"""Makes dbt treat SIGTERM as an interrupt and cancel its queries: containers are stopped with SIGTERM."""

import os
import signal

if "DBT_SCHEDULER_STOP" in os.environ:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
