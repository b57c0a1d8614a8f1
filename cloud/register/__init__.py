"""The class register: who was in class on a day, by the word of who teaches the class."""
