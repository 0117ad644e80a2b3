"""One script for each published number: `python -m benchmarks.NAME`, from the repository's root."""
