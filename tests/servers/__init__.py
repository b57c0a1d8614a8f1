"""Real servers on free loopback ports, with temporary data, for tests, benchmarks and chaos runs."""
