"""Access control systems that a school has already: their passages come in, ours go out."""
