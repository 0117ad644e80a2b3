"""A Prometheus that lies, for the tests of what rests on one: on loopback, in threads.

The server answers Prometheus's HTTP API with what a test gives it, or with what a real Prometheus behind it
says, and damages the answer in one way. `exporter` serves the metrics of branch groups from a process of
its own, rightly or wrongly, and `scraping` runs a real Prometheus that reads them.
"""
