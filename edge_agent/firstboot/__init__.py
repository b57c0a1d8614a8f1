"""The page of an agent that has no bundle yet: it takes an enrolment code, and nothing else."""
