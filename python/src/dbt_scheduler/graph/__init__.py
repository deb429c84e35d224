"""Teams together: whose asset is whose, the edges and waits of each DAG, and the registry entries that follow."""
