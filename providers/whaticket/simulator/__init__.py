"""A simulated Whaticket account: the part of its API that third-party clients use."""
