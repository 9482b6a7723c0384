"""What the simulators of vendors share: a WSGI app around handlers, scripted faults, and a server on loopback."""
