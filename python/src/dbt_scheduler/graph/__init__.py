"""The graph of all teams: assets, the edges and waits of each DAG, and registry entries."""
