"""The cloud service: ingest, projections, and the pages people open."""
