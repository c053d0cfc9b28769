"""The parts of the clients, each against sockets that behave as a test wants."""
