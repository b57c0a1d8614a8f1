"""How a student gets on over the years: marks as the journals have them, results of exams, physical fitness."""
