"""The options of `Bridge`, checked once and made into what the flow needs."""
