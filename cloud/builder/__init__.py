"""The report builder: staff choose what is counted, and by what; nobody writes a query."""
