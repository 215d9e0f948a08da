"""Real frameworks behind Bridge, driven by the events of every source."""
