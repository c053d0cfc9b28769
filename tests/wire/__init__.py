"""What tests of several folders need to speak over sockets and with programs: both ends, ports, clocks, patience."""
