"""The canary: its rules, and what it sees of embedded clusters that break."""
