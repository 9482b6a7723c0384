"""A simulated Movidesk account: tickets on the wire of its public API, with its limits and traps."""
