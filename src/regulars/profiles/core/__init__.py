"""What is remembered of a customer. Values in, values out: no clock, no table."""
