"""Help: whom to ask, questions to support with their answers, what is often asked, and the ministry's resources."""
