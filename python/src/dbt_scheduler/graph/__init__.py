"""The graph of all teams: assets, edges and waits of each DAG, and the resulting registry entries."""
