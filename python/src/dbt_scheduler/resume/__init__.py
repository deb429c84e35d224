"""Resuming: finds the runs that wait for data which has arrived, and lets them go on. Asks Airflow's REST API."""
