"""Whaticket: messages and transfers by API; snoozes, hours and texts through people, because its API has none."""
