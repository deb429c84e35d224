"""Adapters to the Docker engine and to Kubernetes, for the operators that run containers."""
