"""What every slice stands on: clock, database, secrets, errors, the actor, translations and pages."""
