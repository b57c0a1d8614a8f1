"""Digital resources and textbooks of a school: what there is, for whom it is published, and who its members are."""
