"""The collectors: all of them against every recording, and each against what is its own."""
