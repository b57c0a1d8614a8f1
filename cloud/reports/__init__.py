"""Reports to the education authority: made of the records on the 1st, corrected, signed, sent by the 5th, kept."""
