"""What an agent shows of itself: a page for people, metrics for Prometheus, health for a load balancer or a script."""
