"""Whether anything was changed that must not be: chains, anchors, sealed fields and files."""
