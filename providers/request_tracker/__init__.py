"""Request Tracker: tickets, snoozes and articles through REST 2; what has no API through people."""
