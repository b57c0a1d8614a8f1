"""Pages of the office and of the school's IT: today, import, devices."""
