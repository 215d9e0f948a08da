"""The examples, run as Lambda would run them."""
