"""Video lessons: on the school's own server, Jitsi Meet or BigBlueButton; who comes, and where recordings lie."""
