"""Has dbt take a request to stop as an interrupt, on which it cancels its queries: a cluster sends no other signal."""

import os
import signal

if "DBT_SCHEDULER_STOP" in os.environ:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
