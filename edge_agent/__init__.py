"""The program at the school: reads cards, decides, keeps a journal, acts, and syncs."""
