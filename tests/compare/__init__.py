"""What a comparison finds, without nodes."""
