"""What the operators of Docker and Kubernetes need of the engine and the cluster."""
