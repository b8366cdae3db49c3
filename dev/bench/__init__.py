"""`make bench`: throughput, delay, drain, memory and start-up of the whole system, from outside.

Open loop where delay counts: each request has an intended time, and delay counts from there, so
that a stall is seen in full. Loads stay on loopback and end by themselves. One machine runs
everything, this included.
"""
