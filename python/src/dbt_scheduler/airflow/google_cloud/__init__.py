"""What the operators and triggers of Cloud Run and Vertex AI share."""
