"""Money that comes in and goes back: banks, the office's drawer, leavers and siblings, fiscal receipts."""
