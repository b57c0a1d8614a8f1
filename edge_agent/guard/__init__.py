"""The guard's desk: who passes, by hand, visitors, and what to do in a fire, all of it without the cloud."""
