"""Finds the runs whose awaited data has arrived, and resumes them with Airflow's REST API."""
