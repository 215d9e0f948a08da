"""What Bridge costs, beside the app alone and beside its peers: `python -m benchmarks`."""
