"""The wire contract between devices and the cloud, and nothing else; it runs on MicroPython too."""
