"""What is often asked of a school, with its answers: kept by the office and the heads, shown under Help."""
