"""Notices in chat channels and to receivers of one's own: Slack, Microsoft Teams, Google Chat, plain JSON."""
