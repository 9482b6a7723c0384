"""A simulated Digisac account: its rules, and its wire."""
