"""What leaves the shop, in what shape, when it is tried again. Values in, values out: no clock, no socket, no table."""
