"""Which run of which producer a sensor waits for."""
