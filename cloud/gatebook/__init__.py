"""What guards did at the gates: visits, deliveries, openings, hand passes, handovers, fires and lockdowns."""
