"""Consents as families and the office give them: texts, answers, papers, and what became of them."""
