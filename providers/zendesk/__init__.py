"""Zendesk: Support, Talk, Help Center and Chat, through their public APIs; people where there is none."""
