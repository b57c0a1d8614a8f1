"""What a microcontroller does at a door: decides, keeps, and speaks with the cloud."""
