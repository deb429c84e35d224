"""Makes dbt treat SIGTERM as an interrupt and cancel its queries: clusters send no other signal."""

import os
import signal

if "DBT_SCHEDULER_STOP" in os.environ:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
